using Parley.Core;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

public class OfferAnswerTests
{
    private static readonly AudioCapabilities Both = new()
    {
        Formats =
        [
            new MediaFormat(0, "PCMU", 8000),
            new MediaFormat(8, "PCMA", 8000),
            new MediaFormat(101, MediaFormat.TelephoneEvent, 8000, 1, AudioCapabilities.DtmfEvents),
        ],
    };

    private static readonly LocalAudioAddress Here = new(Address("192.0.2.1", 4000));
    private static readonly LocalAudioAddress There = new(Address("198.51.100.2", 5000));

    [Fact]
    public void The_first_offer_has_all_that_this_side_can()
    {
        Assert.Equal(
            """
            v=0
            o=- 42 1 IN IP4 192.0.2.1
            s=-
            c=IN IP4 192.0.2.1
            t=0 0
            m=audio 4000 RTP/AVP 0 8 101
            a=rtpmap:0 PCMU/8000
            a=rtpmap:8 PCMA/8000
            a=rtpmap:101 telephone-event/8000
            a=fmtp:101 0-15
            a=ptime:20
            a=sendrecv

            """,
            new OfferAnswer(Both, 42).CreateOffer(Here, MediaDirection.SendReceive).ToString().Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Both_sides_agree()
    {
        (OfferAnswer alice, OfferAnswer bob) = (new(Both, 1), new(Both, 2));
        SessionDescription offer = alice.CreateOffer(Here, MediaDirection.SendReceive);

        Assert.Equal(NegotiationFailure.None, bob.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? heardByBob));
        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer!, out NegotiatedAudio? heardByAlice));

        Assert.Equal(There.Rtp, heardByAlice!.RemoteRtp);
        Assert.Equal(There.Rtcp, heardByAlice.RemoteRtcp);
        Assert.Equal(Here.Rtp, heardByBob!.RemoteRtp);
        foreach (NegotiatedAudio audio in new[] { heardByAlice, heardByBob })
        {
            Assert.Equal("PCMU", audio.Codec.Format.EncodingName);
            Assert.Equal(["0 0", "8 8"], ((IEnumerable<NegotiatedFormat>)audio.Codecs).Select(c => $"{c.SendPayloadType} {c.ReceivePayloadType}"));
            Assert.Equal((101, 101), (audio.TelephoneEvent!.SendPayloadType, audio.TelephoneEvent.ReceivePayloadType));
            Assert.Equal("0-15", audio.TelephoneEvent.Format.Parameters);
            Assert.Equal(MediaDirection.SendReceive, audio.Direction);
            Assert.Equal(TimeSpan.FromMilliseconds(20), audio.PacketTime);
            Assert.False(audio.RtcpMux);
            Assert.False(audio.IsHeldByRemote);
        }

        Assert.Same(heardByAlice, alice.Audio);
        Assert.False(alice.IsOfferPending);
    }

    [Fact]
    public void Redundancy_is_agreed_on_for_the_codecs_of_its_clock_rate()
    {
        AudioCapabilities capabilities = new()
        {
            Formats =
            [
                new MediaFormat(111, "opus", 48000, 2), new MediaFormat(8, "PCMA", 8000), new MediaFormat(0, "PCMU", 8000),
                new MediaFormat(121, MediaFormat.Redundancy, 48000, 2), new MediaFormat(122, MediaFormat.Redundancy, 8000), new MediaFormat(123, MediaFormat.Redundancy, 16000),
            ],
        };
        OfferAnswer alice = new(capabilities, 1);
        SessionDescription offer = alice.CreateOffer(Here, MediaDirection.SendReceive);
        string text = offer.ToString();
        foreach (string line in new[] { "m=audio 4000 RTP/AVP 111 8 0 121 122 123", "a=rtpmap:121 red/48000/2", "a=fmtp:121 111/111", "a=rtpmap:122 red/8000", "a=fmtp:122 8/8" })
            Assert.Contains(line + "\r\n", text, StringComparison.Ordinal);

        // The example of RFC 2198 5, for who knows PCMU alone: its number and its own parameters.
        AudioCapabilities other = new() { Formats = [new MediaFormat(0, "PCMU", 8000), new MediaFormat(99, "RED", 8000), new MediaFormat(98, "red", 48000, 2)] };
        Assert.Equal(NegotiationFailure.None, new OfferAnswer(other, 2).Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? forBob));
        Assert.Equal(["PCMU"], ((IEnumerable<NegotiatedFormat>)forBob!.Codecs).Select(c => c.Format.EncodingName));
        Assert.Equal([(122, 122)], ((IEnumerable<NegotiatedFormat>)forBob.Redundancy).Select(r => ((int)r.SendPayloadType, (int)r.ReceivePayloadType)));
        Assert.Contains("RTP/AVP 0 122\r\n", answer!.ToString(), StringComparison.Ordinal);
        Assert.Contains("a=fmtp:122 0/0\r\n", answer.ToString(), StringComparison.Ordinal);

        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer, out NegotiatedAudio? forAlice));
        Assert.Equal(8000, Assert.Single((IEnumerable<NegotiatedFormat>)forAlice!.Redundancy).Format.ClockRate);
    }

    [Fact]
    public void Redundancy_alone_is_no_codec()
    {
        Assert.Throws<ArgumentException>(() => new OfferAnswer(new AudioCapabilities { Formats = [new MediaFormat(122, MediaFormat.Redundancy, 8000)] }, 1));
        Assert.True(SessionDescription.TryParse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 122\r\na=rtpmap:122 red/8000\r\n", out SessionDescription? offer, out _));
        AudioCapabilities capabilities = Both with { Formats = Both.Formats.Add(new MediaFormat(122, MediaFormat.Redundancy, 8000)) };
        Assert.Equal(NegotiationFailure.NoCommonCodec, new OfferAnswer(capabilities, 1).Evaluate(offer!));
    }

    [Fact]
    public void The_example_of_RFC_3264_10_1_is_answered_stream_by_stream()
    {
        SessionDescription offer = SdpVectors.FromFile("rfc3264-10.1-offer.sdp") with { Connection = new SdpConnection("IP4", "192.0.2.9") };

        Assert.Equal(NegotiationFailure.None, new OfferAnswer(Both, 1).Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out _));

        Assert.Equal(["audio 5000 0", "video 0 31", "video 0 32"], ((IEnumerable<MediaDescription>)answer!.Media).Select(m => $"{m.Media} {m.Port} {string.Join(' ', (IEnumerable<string>)m.Formats)}"));
    }

    [Theory]
    [InlineData("8 0", "", "8 0", "PCMA")]                                                          // the offerer's order
    [InlineData("18 0 8", "rtpmap:18 G729/8000", "0 8", "PCMU")]
    [InlineData("3 0", "", "0", "PCMU")]
    [InlineData("96 0", "rtpmap:96 PCMA/8000", "96 0", "PCMA")]                                     // its numbers, even for a codec with a static one
    [InlineData("0 96", "rtpmap:96 telephone-event/8000", "0 96", "PCMU")]
    [InlineData("0 96", "rtpmap:96 telephone-event/48000", "0", "PCMU")]
    [InlineData("111 8", "rtpmap:111 opus/48000/2", "8", "PCMA")]
    [InlineData("0", "rtpmap:0 pcmu/8000", "0", "PCMU")]
    [InlineData("0", "rtpmap:0 PCMU/8000/1", "0", "PCMU")]
    public void An_answer_takes_what_both_know_in_the_order_and_with_the_numbers_of_the_offer(string formats, string attribute, string answered, string codec)
    {
        SessionDescription offer = Offer(formats, attribute);

        Assert.Equal(NegotiationFailure.None, new OfferAnswer(Both, 1).Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));

        Assert.Equal(answered, string.Join(' ', (IEnumerable<string>)answer!.Media[0].Formats));
        Assert.Equal(codec, audio!.Codec.Format.EncodingName);
        Assert.Equal(audio.Codec.SendPayloadType, audio.Codec.ReceivePayloadType);
    }

    [Theory]
    [InlineData("m=audio 4 RTP/AVP 3", NegotiationFailure.NoCommonCodec)]
    [InlineData("m=audio 4 RTP/AVP 101\na=rtpmap:101 telephone-event/8000", NegotiationFailure.NoCommonCodec)]
    [InlineData("m=audio 4 RTP/AVP 0\na=rtpmap:0 PCMU/16000", NegotiationFailure.NoCommonCodec)]
    [InlineData("m=audio 4 RTP/SAVP 0", NegotiationFailure.UnsupportedTransport)]
    [InlineData("m=audio 4 UDP/TLS/RTP/SAVPF 0", NegotiationFailure.UnsupportedTransport)]
    [InlineData("m=audio 0 RTP/AVP 0", NegotiationFailure.Rejected)]
    [InlineData("m=video 4 RTP/AVP 31", NegotiationFailure.NoAudio)]
    [InlineData("", NegotiationFailure.NoAudio)]
    [InlineData("m=audio 4 RTP/AVP 0\nc=IN IP4 host.example.com", NegotiationFailure.UnusableAddress)]
    [InlineData("m=audio 4 RTP/AVP 0\nc=IN IP4 224.2.1.1/127", NegotiationFailure.UnusableAddress)]
    [InlineData("m=audio 0 RTP/AVP 0\nm=audio 4 RTP/AVP 3", NegotiationFailure.NoCommonCodec)]
    [InlineData("m=audio 4 RTP/AVP 3\nm=audio 6 RTP/AVP 0", NegotiationFailure.None)]
    [InlineData("m=audio 4 RTP/AVPF 0", NegotiationFailure.None)]
    public void An_offer_is_refused_for_the_reason_that_tells_most(string media, NegotiationFailure expected)
    {
        SessionDescription offer = SdpVectors.Read($"v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\n{media}\n");
        OfferAnswer session = new(Both, 1);

        Assert.Equal(expected, session.Evaluate(offer));
        Assert.Equal(expected, session.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));
        Assert.Equal(expected == NegotiationFailure.None, answer is not null);
        Assert.Equal(expected == NegotiationFailure.None, audio is not null);
        Assert.Equal(expected == NegotiationFailure.None, session.Local is not null);
    }

    [Fact]
    public void Without_any_connection_line_nothing_can_be_sent()
    {
        SessionDescription offer = Offer("0") with { Connection = null };

        Assert.Equal(NegotiationFailure.UnusableAddress, new OfferAnswer(Both, 1).Evaluate(offer));
    }

    // RFC 3264 6.1, with what this side is willing to do.
    [Theory]
    [InlineData("sendrecv", MediaDirection.SendReceive, "sendrecv")]
    [InlineData("sendrecv", MediaDirection.SendOnly, "sendonly")]
    [InlineData("sendrecv", MediaDirection.ReceiveOnly, "recvonly")]
    [InlineData("sendrecv", MediaDirection.Inactive, "inactive")]
    [InlineData("sendonly", MediaDirection.SendReceive, "recvonly")]
    [InlineData("sendonly", MediaDirection.SendOnly, "inactive")]
    [InlineData("sendonly", MediaDirection.ReceiveOnly, "recvonly")]
    [InlineData("recvonly", MediaDirection.SendReceive, "sendonly")]
    [InlineData("recvonly", MediaDirection.ReceiveOnly, "inactive")]
    [InlineData("inactive", MediaDirection.SendReceive, "inactive")]
    public void The_direction_is_mirrored(string offered, MediaDirection willing, string answered)
    {
        new OfferAnswer(Both, 1).Answer(Offer("0", offered), There, willing, out SessionDescription? answer, out NegotiatedAudio? audio);

        Assert.Equal(answered, audio!.Direction.ToAttributeName());
        Assert.True(answer!.Media[0].HasAttribute(answered));
    }

    // What the offer says, what the answer says, and what this side, which offered, then does.
    [Theory]
    [InlineData(MediaDirection.SendReceive, "sendrecv", MediaDirection.SendReceive)]
    [InlineData(MediaDirection.SendReceive, "sendonly", MediaDirection.ReceiveOnly)]
    [InlineData(MediaDirection.SendReceive, "recvonly", MediaDirection.SendOnly)]
    [InlineData(MediaDirection.SendReceive, "inactive", MediaDirection.Inactive)]
    [InlineData(MediaDirection.SendOnly, "recvonly", MediaDirection.SendOnly)]
    [InlineData(MediaDirection.SendOnly, "sendrecv", MediaDirection.SendOnly)]
    [InlineData(MediaDirection.ReceiveOnly, "recvonly", MediaDirection.Inactive)]
    public void The_offerer_does_what_both_said(MediaDirection offered, string answered, MediaDirection does)
    {
        OfferAnswer session = new(Both, 1);
        session.CreateOffer(Here, offered);

        Assert.Equal(NegotiationFailure.None, session.ProcessAnswer(Offer("0", answered), out NegotiatedAudio? audio));
        Assert.Equal(does, audio!.Direction);
    }

    [Theory]
    [InlineData("sendonly", "10.0.0.1", MediaDirection.ReceiveOnly, true)]
    [InlineData("inactive", "10.0.0.1", MediaDirection.Inactive, true)]
    [InlineData("sendrecv", "0.0.0.0", MediaDirection.ReceiveOnly, true)]
    [InlineData("sendonly", "0.0.0.0", MediaDirection.ReceiveOnly, true)]
    [InlineData("inactive", "0.0.0.0", MediaDirection.Inactive, true)]
    [InlineData("sendrecv", "10.0.0.1", MediaDirection.SendReceive, false)]
    [InlineData("recvonly", "10.0.0.1", MediaDirection.SendOnly, false)]
    public void Hold_is_understood_in_the_old_and_the_new_way(string direction, string address, MediaDirection does, bool isHeld)
    {
        SessionDescription offer = Offer("0", direction) with { Connection = new SdpConnection("IP4", address) };

        Assert.Equal(NegotiationFailure.None, new OfferAnswer(Both, 1).Answer(offer, There, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio));

        Assert.Equal(does, audio!.Direction);
        Assert.Equal(isHeld, audio.IsHeldByRemote);
        Assert.Equal(address != "0.0.0.0", audio.RemoteRtp.IsSpecified);
        Assert.Equal(address != "0.0.0.0", audio.RemoteRtcp.IsSpecified);
    }

    [Fact]
    public void The_version_grows_by_one_with_each_change_and_with_nothing_else()
    {
        (OfferAnswer alice, OfferAnswer bob) = (new(Both, 1), new(Both, 2));

        Assert.Equal(("1 1", "2 1"), Exchange(alice, bob, Here, MediaDirection.SendReceive));
        Assert.Equal(("1 1", "2 1"), Exchange(alice, bob, Here, MediaDirection.SendReceive));
        Assert.Equal(("1 2", "2 2"), Exchange(alice, bob, Here, MediaDirection.SendOnly));          // hold
        Assert.Equal(("1 3", "2 3"), Exchange(alice, bob, Here, MediaDirection.SendReceive));       // and back
        Assert.Equal(("1 4", "2 3"), Exchange(alice, bob, new LocalAudioAddress(Address("192.0.2.7", 4100)), MediaDirection.SendReceive));
        Assert.Equal("192.0.2.1", alice.Local!.Origin.Address);                                    // the rest of the origin stays
        Assert.Equal("192.0.2.7", alice.Local.Connection!.Address);
        Assert.Equal(("2 3", "1 4"), Exchange(bob, alice, There, MediaDirection.SendReceive, new LocalAudioAddress(Address("192.0.2.7", 4100))));
    }

    [Fact]
    public void A_refused_offer_leaves_what_held_before_and_its_version_is_used_up()
    {
        (OfferAnswer alice, OfferAnswer bob) = (new(Both, 1), new(Both, 2));
        Exchange(alice, bob, Here, MediaDirection.SendReceive);
        SessionDescription before = alice.Local!;

        alice.CreateOffer(Here, MediaDirection.SendOnly);
        alice.Abandon();

        Assert.False(alice.IsOfferPending);
        Assert.Equal(before, alice.Local);
        Assert.Equal(MediaDirection.SendReceive, alice.Audio!.Direction);
        Assert.Equal(3ul, alice.CreateOffer(Here, MediaDirection.SendReceive).Origin.SessionVersion);
    }

    [Fact]
    public void An_offer_that_crosses_one_of_ours_is_refused()
    {
        OfferAnswer session = new(Both, 1);
        session.CreateOffer(Here, MediaDirection.SendReceive);

        Assert.Equal(NegotiationFailure.OfferPending, session.Evaluate(Offer("0")));
        Assert.Equal(NegotiationFailure.OfferPending, session.Answer(Offer("0"), Here, MediaDirection.SendReceive, out _, out _));
        Assert.True(session.IsOfferPending);
    }

    [Theory]
    [InlineData("m=audio 0 RTP/AVP 0", NegotiationFailure.Rejected)]
    [InlineData("m=audio 4 RTP/AVP 3", NegotiationFailure.NoCommonCodec)]
    [InlineData("m=audio 4 RTP/SAVP 0", NegotiationFailure.UnsupportedTransport)]
    [InlineData("m=audio 4 RTP/AVP 0\nc=IN IP4 host", NegotiationFailure.UnusableAddress)]
    [InlineData("m=video 4 RTP/AVP 0", NegotiationFailure.StreamsDiffer)]
    [InlineData("m=audio 4 RTP/AVP 0\nm=video 0 RTP/AVP 31", NegotiationFailure.StreamsDiffer)]
    [InlineData("", NegotiationFailure.StreamsDiffer)]
    public void An_answer_that_fits_not_is_refused(string media, NegotiationFailure expected)
    {
        OfferAnswer session = new(Both, 1);
        session.CreateOffer(Here, MediaDirection.SendReceive);

        Assert.Equal(expected, session.ProcessAnswer(SdpVectors.Read($"v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\n{media}\n"), out NegotiatedAudio? audio));
        Assert.Null(audio);
        Assert.False(session.IsOfferPending);
    }

    [Fact]
    public void The_answer_may_have_its_own_numbers_and_leave_formats_out()
    {
        OfferAnswer session = new(Both, 1);
        session.CreateOffer(Here, MediaDirection.SendReceive);

        Assert.Equal(NegotiationFailure.None, session.ProcessAnswer(Offer("97 98", "rtpmap:97 PCMA/8000", "rtpmap:98 telephone-event/8000"), out NegotiatedAudio? audio));

        Assert.Equal(("PCMA", 97, 8), (audio!.Codec.Format.EncodingName, audio.Codec.SendPayloadType, audio.Codec.ReceivePayloadType));
        Assert.Equal((98, 101), (audio.TelephoneEvent!.SendPayloadType, audio.TelephoneEvent.ReceivePayloadType));
        Assert.Single(audio.Codecs);
    }

    [Fact]
    public void A_number_keeps_its_meaning_for_the_whole_session()
    {
        AudioCapabilities capabilities = Both with { Formats = Both.Formats.Add(new MediaFormat(96, "L16", 16000)) };
        OfferAnswer session = new(capabilities, 1);

        // The other side uses 96 for events, and 101 for something that we do not know.
        session.Answer(Offer("8 96 101", "rtpmap:96 telephone-event/8000", "rtpmap:101 iLBC/8000"), Here, MediaDirection.SendReceive, out _, out _);
        SessionDescription offer = session.CreateOffer(Here, MediaDirection.SendReceive);

        Assert.Equal(["0 PCMU/8000", "8 PCMA/8000", "96 telephone-event/8000", "97 L16/16000"], ((IEnumerable<MediaFormat>)offer.Media[0].RtpFormats()).Select(f => f.ToRtpMap()));
    }

    [Fact]
    public void Rejected_streams_keep_their_places_in_later_offers()
    {
        OfferAnswer session = new(Both, 1);
        SessionDescription first = SdpVectors.Read("v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\nm=video 6 RTP/AVP 31\nm=audio 4 RTP/AVP 0\n");
        session.Answer(first, Here, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio);

        SessionDescription offer = session.CreateOffer(Here, MediaDirection.SendOnly);

        Assert.Equal(1, audio!.MediaIndex);
        Assert.Equal(["video 0", "audio 4000"], ((IEnumerable<MediaDescription>)offer.Media).Select(m => $"{m.Media} {m.Port}"));
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public void RTP_and_RTCP_share_a_port_when_both_say_so(bool offered, bool answered, bool shared)
    {
        OfferAnswer session = new(Both with { OfferRtcpMux = offered }, 1);
        SessionDescription offer = session.CreateOffer(Here, MediaDirection.SendReceive);
        Assert.Equal(offered, offer.Media[0].RtcpMux);

        session.ProcessAnswer(answered ? Offer("0", "rtcp-mux") : Offer("0"), out NegotiatedAudio? audio);

        Assert.Equal(shared, audio!.RtcpMux);
        Assert.Equal(shared ? audio.RemoteRtp : audio.RemoteRtp.WithPort(5), audio.RemoteRtcp);
    }

    [Fact]
    public void An_offer_to_share_a_port_is_taken_up()
    {
        new OfferAnswer(Both, 1).Answer(Offer("0", "rtcp-mux"), Here, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio);

        Assert.True(answer!.Media[0].RtcpMux);
        Assert.True(audio!.RtcpMux);
    }

    [Theory]
    [InlineData("192.0.2.1", 4001, null)]
    [InlineData("192.0.2.1", 4007, "4007")]
    [InlineData("192.0.2.2", 4001, "4001 IN IP4 192.0.2.2")]
    public void An_unusual_RTCP_port_is_said(string host, int port, string? expected)
    {
        SessionDescription offer = new OfferAnswer(Both, 1).CreateOffer(new LocalAudioAddress(Here.Rtp, Address(host, (ushort)port)), MediaDirection.SendReceive);

        Assert.Equal(expected, offer.Media[0].AttributeValue("rtcp"));
    }

    [Theory]
    [InlineData(new string[0], 20)]
    [InlineData(new[] { "ptime:30" }, 30)]
    [InlineData(new[] { "ptime:60", "maxptime:40" }, 40)]
    [InlineData(new[] { "maxptime:150" }, 20)]
    public void Packets_are_as_long_as_the_other_side_likes(string[] attributes, int expected)
    {
        new OfferAnswer(Both, 1).Answer(Offer("0", attributes), Here, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio);

        Assert.Equal(expected, audio!.PacketTime.TotalMilliseconds);
    }

    [Fact]
    public void Each_branch_of_a_forked_call_gets_its_own_answer()
    {
        OfferAnswer first = new(Both, 1);
        first.CreateOffer(Here, MediaDirection.SendReceive);
        OfferAnswer second = first.Fork();

        Assert.Equal(NegotiationFailure.None, first.ProcessAnswer(Offer("0"), out NegotiatedAudio? one));
        Assert.Equal(NegotiationFailure.None, second.ProcessAnswer(Offer("8"), out NegotiatedAudio? two));
        Assert.Equal(("PCMU", "PCMA"), (one!.Codec.Format.EncodingName, two!.Codec.Format.EncodingName));
    }

    [Fact]
    public void Capabilities_are_described_with_port_0()
    {
        SessionDescription description = OfferAnswer.DescribeCapabilities(Both, Here.Rtp, 7);

        Assert.Equal(0, description.Media[0].Port);
        Assert.Equal(3, description.Media[0].Formats.Count);
    }

    [Fact]
    public void Misuse_is_told_to_the_caller()
    {
        OfferAnswer session = new(Both, 1);
        Assert.Throws<InvalidOperationException>(() => session.ProcessAnswer(Offer("0"), out _));
        session.CreateOffer(Here, MediaDirection.SendReceive);
        Assert.Throws<InvalidOperationException>(() => session.CreateOffer(Here, MediaDirection.SendReceive));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OfferAnswer(Both, -1));
        Assert.Throws<ArgumentException>(() => new OfferAnswer(new AudioCapabilities { Formats = [new MediaFormat(101, MediaFormat.TelephoneEvent, 8000)] }, 1));
    }

    private static (string Offer, string Answer) Exchange(
        OfferAnswer offerer, OfferAnswer answerer, LocalAudioAddress address, MediaDirection direction, LocalAudioAddress? answererAddress = null)
    {
        SessionDescription offer = offerer.CreateOffer(address, direction);
        Assert.Equal(NegotiationFailure.None, answerer.Answer(offer, answererAddress ?? There, MediaDirection.SendReceive, out SessionDescription? answer, out _));
        Assert.Equal(NegotiationFailure.None, offerer.ProcessAnswer(answer!, out _));
        return ($"{offer.Origin.SessionId} {offer.Origin.SessionVersion}", $"{answer!.Origin.SessionId} {answer.Origin.SessionVersion}");
    }

    private static SessionDescription Offer(string formats, params string[] attributes) => SdpVectors.Read(
        $"v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\nm=audio 4 RTP/AVP {formats}\n" + string.Concat(attributes.Where(a => a.Length > 0).Select(a => $"a={a}\n")));

    private static NetworkAddress Address(string host, ushort port) =>
        NetworkAddress.TryParseHost(host, port, out NetworkAddress address) ? address : throw new ArgumentException(host);
}
