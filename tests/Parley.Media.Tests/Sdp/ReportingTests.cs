using Parley.Core;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

/// <summary>What is agreed on of reports and header extensions: RFC 3611 5, RFC 5506 5, RFC 8285 5 and 6, RFC 6464 4.</summary>
public class ReportingTests
{
    private static readonly LocalAudioAddress Here = new(NetworkAddress.FromIPv4(0xC0000201, 4000));
    private static readonly LocalAudioAddress There = new(NetworkAddress.FromIPv4(0xC6336402, 5000));
    private static readonly AudioCapabilities Plain = new() { Formats = [new MediaFormat(0, "PCMU", 8000)] };
    private static readonly AudioCapabilities Reporting = Plain with { ExtendedReports = new RtcpXr { RoundTrip = RtcpXrRoundTrip.All, VoipMetrics = true }, AudioLevels = true };

    [Theory]
    [InlineData("", "")]
    [InlineData("pkt-loss-rle", "pkt-loss-rle")]
    [InlineData("pkt-loss-rle=100 pkt-dup-rle=40 pkt-rcpt-times=60", "pkt-loss-rle=100 pkt-dup-rle=40 pkt-rcpt-times=60")]
    [InlineData("rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics", "rcvr-rtt=all stat-summary=loss,dup,jitt voip-metrics")]
    [InlineData("voip-metrics rcvr-rtt=sender", "rcvr-rtt=sender voip-metrics")]
    [InlineData("stat-summary=dup", "stat-summary=dup")]
    [InlineData("stat-summary", "stat-summary=loss,dup,jitt")]
    [InlineData("rcvr-rtt rcvr-rtt=nobody unknown other=thing", "")]
    [InlineData("pkt-loss-rle=99999999999999999999 pkt-dup-rle=x", "pkt-loss-rle pkt-dup-rle")]
    public void Reports_are_asked_for_by_name(string value, string written)
    {
        RtcpXr read = RtcpXr.Parse(value);
        Assert.Equal(written, read.ToString());
        Assert.Equal(read, RtcpXr.Parse(read.ToString()));
    }

    [Theory]
    [InlineData("1 urn:x", "1 urn:x")]
    [InlineData("14/sendonly urn:x vad=on more", "14/sendonly urn:x vad=on more")]
    [InlineData("0 urn:x", null)]
    [InlineData("4096 urn:x", null)]
    [InlineData("1", null)]
    [InlineData("x urn:x", null)]
    [InlineData(null, null)]
    public void A_mapping_has_a_number_and_a_name(string? value, string? written) => Assert.Equal(written, HeaderExtensionMapping.TryParse(value)?.ToString());

    [Fact]
    public void Both_sides_agree_when_both_know_it()
    {
        (NegotiatedAudio alice, NegotiatedAudio bob, SessionDescription offer, SessionDescription answer) = Agree(Reporting, Reporting);
        Assert.Contains("a=rtcp-xr:rcvr-rtt=all voip-metrics\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n", offer.ToString(), StringComparison.Ordinal);
        Assert.Contains("a=rtcp-xr:rcvr-rtt=all voip-metrics\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal((Reporting.ExtendedReports, Reporting.ExtendedReports), (alice.ExtendedReports, bob.ExtendedReports));
        Assert.Equal((1, 1), (alice.AudioLevel!.Id, bob.AudioLevel!.Id));
        Assert.False(alice.ReducedSizeRtcp || bob.ReducedSizeRtcp);
    }

    [Fact]
    public void Who_does_not_know_it_hears_nothing_of_it()
    {
        (NegotiatedAudio alice, NegotiatedAudio bob, _, SessionDescription answer) = Agree(Reporting, Plain);
        Assert.Equal((null, null, null, null), (alice.ExtendedReports, bob.ExtendedReports, alice.AudioLevel, bob.AudioLevel));
        Assert.DoesNotContain("a=rtcp-xr", answer.ToString(), StringComparison.Ordinal);

        (alice, bob, _, answer) = Agree(Plain, Reporting);
        Assert.Equal((null, null, null, null), (alice.ExtendedReports, bob.ExtendedReports, alice.AudioLevel, bob.AudioLevel));
        Assert.DoesNotContain("a=extmap", answer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a=extmap:6 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on", "6 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on")]
    [InlineData("a=extmap:2 urn:x\r\na=extmap:3/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level", "3/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level")]
    [InlineData("a=extmap:6/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level", null)]
    [InlineData("a=extmap:6/inactive urn:ietf:params:rtp-hdrext:ssrc-audio-level", null)]
    [InlineData("a=extmap:77 urn:ietf:params:rtp-hdrext:ssrc-audio-level", null)]       // would need the two-byte form
    public void The_number_of_an_offer_is_the_answers_and_stays(string line, string? mapping)
    {
        OfferAnswer bob = new(Reporting, 2);
        Assert.Equal(NegotiationFailure.None, bob.Answer(Offer("RTP/AVP", line), There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));
        Assert.Equal(mapping, audio!.AudioLevel?.ToString());
        Assert.Equal(mapping is not null, answer!.ToString().Contains($"a=extmap:{mapping}\r\n", StringComparison.Ordinal));
        Assert.Contains($"a=extmap:{mapping ?? "1 "}", bob.CreateOffer(There, MediaDirection.SendReceive).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RTP/AVPF", true)]
    [InlineData("RTP/AVP", false)]          // RFC 5506 4.1
    public void Reduced_size_is_for_the_profiles_with_feedback(string profile, bool isAgreed)
    {
        OfferAnswer bob = new(Reporting, 2);
        bob.Answer(Offer(profile, "a=rtcp-rsize"), There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio);
        Assert.Equal((isAgreed, isAgreed), (audio!.ReducedSizeRtcp, answer!.Media[0].HasAttribute("rtcp-rsize")));
    }

    [Fact]
    public void What_the_session_says_holds_where_the_stream_says_nothing()
    {
        OfferAnswer bob = new(Reporting, 2);
        bob.Answer(Offer("RTP/AVP", "a=ptime:20", "a=rtcp-xr:pkt-loss-rle=88"), There, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio);
        Assert.Equal("pkt-loss-rle=88", audio!.ExtendedReports!.ToString());
        bob.Answer(Offer("RTP/AVP", "a=rtcp-xr:", "a=rtcp-xr:pkt-loss-rle=88"), There, MediaDirection.SendReceive, out SessionDescription? answer, out audio);
        Assert.Equal("", audio!.ExtendedReports!.ToString());
        Assert.Equal("rcvr-rtt=all voip-metrics", answer!.Media[0].AttributeValue("rtcp-xr"));
    }

    private static SessionDescription Offer(string profile, string mediaLines, string sessionLines = "a=x")
    {
        string text = $"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{sessionLines}\r\nm=audio 4000 {profile} 0\r\n{mediaLines}\r\n";
        Assert.True(SessionDescription.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out SessionDescription? offer, out _));
        return offer!;
    }

    private static (NegotiatedAudio Alice, NegotiatedAudio Bob, SessionDescription Offer, SessionDescription Answer) Agree(AudioCapabilities caller, AudioCapabilities callee)
    {
        (OfferAnswer alice, OfferAnswer bob) = (new(caller, 1), new(callee, 2));
        SessionDescription offer = alice.CreateOffer(Here, MediaDirection.SendReceive);
        Assert.Equal(NegotiationFailure.None, bob.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? ofBob));
        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer!, out NegotiatedAudio? ofAlice));
        return (ofAlice!, ofBob!, offer, answer!);
    }
}
