using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Tests.Endpoint;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

/// <summary>Comfort noise in offers and answers: RFC 3389 5.1.</summary>
public sealed class ComfortNoiseNegotiationTests
{
    private static readonly LocalAudioAddress Here = new(Negotiated.Alice), There = new(Negotiated.Bob);
    private static readonly AudioCodecs Codecs = AudioCodecs.All.Select("pcmu,l16/16000,l16/48000", out _)!;

    [Fact]
    public void It_is_offered_for_each_clock_rate_when_silence_is_to_be_suppressed()
    {
        string offer = OfferOf(SilenceSuppression.Always).ToString();
        foreach (string line in new[] { "a=rtpmap:13 CN/8000", "a=rtpmap:96 CN/16000", "a=rtpmap:97 CN/48000" }) Assert.Contains(line + "\r\n", offer, StringComparison.Ordinal);

        foreach (SilenceSuppression silence in new[] { SilenceSuppression.WhenAsked, SilenceSuppression.Never })
            Assert.DoesNotContain("CN", OfferOf(silence).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SilenceSuppression.WhenAsked, true)]
    [InlineData(SilenceSuppression.Always, true)]
    [InlineData(SilenceSuppression.Never, false)]
    public void Who_asks_for_it_gets_it_but_from_who_sends_silence(SilenceSuppression silence, bool isAgreed)
    {
        SessionDescription offer = Parse("m=audio 4000 RTP/AVP 0 13 101\r\na=rtpmap:101 CN/16000\r\n");
        OfferAnswer bob = new(Codecs.ToCapabilities(silence: silence), 2);

        Assert.Equal(NegotiationFailure.None, bob.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));

        // Only PCMU was offered: noise of 16 kHz has no codec to go with.
        Assert.Equal(isAgreed ? "RTP/AVP 0 13" : "RTP/AVP 0", Line(answer!, "m=audio")[(Line(answer!, "m=audio").IndexOf(' ', 8) + 1)..]);
        Assert.Equal(isAgreed ? [13] : Array.Empty<int>(), ((IEnumerable<NegotiatedFormat>)audio!.ComfortNoise).Select(cn => (int)cn.SendPayloadType));
        Assert.Equal(["PCMU"], ((IEnumerable<NegotiatedFormat>)audio.Codecs).Select(codec => codec.Format.EncodingName));

        // What was agreed on stays in this side's later offers.
        Assert.Equal(isAgreed, bob.CreateOffer(There, MediaDirection.SendReceive).ToString().Contains("CN/8000", StringComparison.Ordinal));
    }

    [Fact]
    public void The_numbers_of_the_offer_are_taken_over()
    {
        SessionDescription offer = Parse("m=audio 4000 RTP/AVP 105 106\r\na=rtpmap:105 L16/16000\r\na=rtpmap:106 cn/16000\r\n");
        OfferAnswer bob = new(Codecs.ToCapabilities(), 2);

        Assert.Equal(NegotiationFailure.None, bob.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));

        NegotiatedFormat noise = Assert.Single((IEnumerable<NegotiatedFormat>)audio!.ComfortNoise);
        Assert.Equal((106, 106), (noise.SendPayloadType, noise.ReceivePayloadType));
        Assert.Contains("a=rtpmap:106 CN/16000\r\n", answer!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_no_codec()
    {
        Assert.Throws<ArgumentException>(() => new OfferAnswer(new AudioCapabilities { Formats = [new MediaFormat(13, MediaFormat.ComfortNoise, 8000)] }, 1));
        Assert.Equal(NegotiationFailure.NoCommonCodec, new OfferAnswer(Codecs.ToCapabilities(), 1).Evaluate(Parse("m=audio 4000 RTP/AVP 13\r\n")));
    }

    private static SessionDescription OfferOf(SilenceSuppression silence) => new OfferAnswer(Codecs.ToCapabilities(silence: silence), 1).CreateOffer(Here, MediaDirection.SendReceive);

    private static SessionDescription Parse(string media)
    {
        Assert.True(SessionDescription.TryParse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" + media, out SessionDescription? parsed, out _));
        return parsed!;
    }

    private static string Line(SessionDescription description, string start) => description.ToString().Split("\r\n").First(line => line.StartsWith(start, StringComparison.Ordinal));
}
