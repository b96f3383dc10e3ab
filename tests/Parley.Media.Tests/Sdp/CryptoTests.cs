using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

public class CryptoTests
{
    private const string Key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";      // of RFC 4568 6.1

    private static readonly LocalAudioAddress Here = new(Address("192.0.2.1", 4000));
    private static readonly LocalAudioAddress There = new(Address("198.51.100.2", 5000));

    [Theory]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|2^20|1:4", 1L << 20, "00000001")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key, null, "")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1066:4", null, "0000042A")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1000", 1000L, "")]
    [InlineData("999999999 AES_CM_128_HMAC_SHA1_80  inline:" + Key + "|2^48|255:1 WSH=128 FEC_ORDER=FEC_SRTP -EXTRA=1", 1L << 48, "FF")]
    public void A_line_is_read(string value, long? lifetime, string mki)
    {
        Assert.True(CryptoAttribute.TryParse(value, out CryptoAttribute? line));
        Assert.Equal("AES_CM_128_HMAC_SHA1_80", line.Suite);
        Assert.Equal(Convert.FromBase64String(Key), line.Key.KeyAndSalt);
        Assert.Equal((lifetime, mki), (line.Key.Lifetime, Convert.ToHexString(line.Key.Mki)));
        Assert.True(CryptoAttribute.TryParse(CryptoAttribute.Write(line.Tag, line.Suite, line.Key), out CryptoAttribute? again));
        Assert.Equal((line.Tag, line.Suite, true), (again.Tag, again.Suite, again.Key.IsSame(line.Key)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80")]
    [InlineData("x AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("01 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 uri:" + Key)]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:!!!")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|2^49")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|0")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|020")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|-1")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|99999999999999999999")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1:0")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1:129")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|256:1")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1:4|2^20")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + "|1:4;inline:" + Key + "|2:4")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " KDR=4")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNENCRYPTED_SRTP")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNAUTHENTICATED_SRTP")]
    [InlineData("1 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " NEW_AND_MANDATORY")]
    public void A_line_that_is_not_valid_or_asks_for_too_much_is_not_used(string value) => Assert.False(CryptoAttribute.TryParse(value, out _));

    [Fact]
    public void Tags_lifetimes_and_identifiers_of_any_length_do_not_throw()
    {
        var random = new Random(5);
        const string Characters = "0129^:|;= -_/+inlineAEScrypto";
        for (int i = 0; i < 20_000; i++)
        {
            if (CryptoAttribute.TryParse("1 A inline:" + new string(random.GetItems<char>(Characters, random.Next(1, 60))), out CryptoAttribute? line))
                Assert.InRange(line.Key.Mki.Length, 0, 128);
        }
    }

    /// <summary>Offerer, answerer, profile of the offer, and whether both then have SRTP; null where there is no audio.</summary>
    [Theory]
    [InlineData(SrtpUse.Off, SrtpUse.Off, "RTP/AVP", false)]
    [InlineData(SrtpUse.Off, SrtpUse.Offer, "RTP/AVP", false)]
    [InlineData(SrtpUse.Off, SrtpUse.Require, "RTP/AVP", null)]
    [InlineData(SrtpUse.Offer, SrtpUse.Off, "RTP/AVP", false)]
    [InlineData(SrtpUse.Offer, SrtpUse.Offer, "RTP/AVP", true)]
    [InlineData(SrtpUse.Offer, SrtpUse.Require, "RTP/AVP", true)]
    [InlineData(SrtpUse.Require, SrtpUse.Off, "RTP/SAVP", null)]
    [InlineData(SrtpUse.Require, SrtpUse.Offer, "RTP/SAVP", true)]
    [InlineData(SrtpUse.Require, SrtpUse.Require, "RTP/SAVP", true)]
    public void Both_sides_agree_or_there_is_no_audio(SrtpUse offers, SrtpUse answers, string profile, bool? isProtected)
    {
        (OfferAnswer alice, OfferAnswer bob) = (Session(offers, 1), Session(answers, 2));
        SessionDescription offer = alice.CreateOffer(Here, MediaDirection.SendReceive);
        Assert.Equal(profile, offer.Media[0].Protocol);
        Assert.Equal(offers != SrtpUse.Off, offer.Media[0].HasAttribute("crypto"));
        Assert.Equal(isProtected is not null, bob.Evaluate(offer) == NegotiationFailure.None);

        NegotiationFailure failure = bob.Answer(offer, There, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? byBob);
        Assert.Equal(isProtected is not null, failure == NegotiationFailure.None);
        if (failure != NegotiationFailure.None)
        {
            Assert.Null(byBob);
            return;
        }

        Assert.Equal(profile, answer!.Media[0].Protocol);
        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer, out NegotiatedAudio? byAlice));
        Assert.Equal((isProtected, isProtected), (byAlice!.Crypto is not null, byBob!.Crypto is not null));
        if (isProtected != true) return;
        Assert.Equal("AEAD_AES_256_GCM", byAlice.Crypto!.Suite);
        Assert.True(byAlice.Crypto.LocalKey.IsSame(byBob.Crypto!.RemoteKey));
        Assert.True(byAlice.Crypto.RemoteKey.IsSame(byBob.Crypto.LocalKey));
        Assert.False(byAlice.Crypto.RemoteKey.IsSame(byAlice.Crypto.LocalKey));
        Assert.Equal(1, ((IEnumerable<SdpAttribute>)answer.Media[0].Attributes).Count(a => a.Name == "crypto"));
    }

    [Theory]
    [InlineData("AES_256_CM_HMAC_SHA1_32", 46, true)]
    [InlineData("AES_192_CM_HMAC_SHA1_80", 38, true)]
    [InlineData("AES_CM_128_HMAC_SHA1_32", 30, true)]
    [InlineData("AES_CM_128_HMAC_SHA1_32", 29, false)]
    [InlineData("F8_128_HMAC_SHA1_32", 30, false)]
    public void A_suite_is_taken_with_a_key_of_its_length_alone(string suite, int length, bool isTaken)
    {
        string line = $"7 {suite} inline:{Convert.ToBase64String(new byte[length])}";
        Assert.Equal(isTaken ? NegotiationFailure.None : NegotiationFailure.NoCommonCrypto,
            Session(SrtpUse.Offer, 1).Answer(Offer("RTP/SAVP", line), There, MediaDirection.SendReceive, out SessionDescription? answer, out _));
        if (isTaken) Assert.StartsWith($"7 {suite} inline:", answer!.Media[0].AttributeValue("crypto"), StringComparison.Ordinal);
        // Opportunistic: what cannot be used is declined, and the call goes on (RFC 8643 3.2).
        Assert.Equal(NegotiationFailure.None, Session(SrtpUse.Offer, 1).Answer(Offer("RTP/AVP", line), There, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio));
        Assert.Equal(isTaken, audio!.Crypto is not null);
    }

    [Fact]
    public void The_first_line_that_can_be_used_is_taken()
    {
        string key = $"inline:{Convert.ToBase64String(new byte[30])}";
        SessionDescription offer = Offer("RTP/SAVP", $"1 AES_CM_128_HMAC_SHA1_80 {key} KDR=1", $"2 AES_CM_128_HMAC_SHA1_32 {key}", $"3 AES_CM_128_HMAC_SHA1_80 {key}");
        Assert.Equal(NegotiationFailure.None, Session(SrtpUse.Require, 1).Answer(offer, There, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio));
        Assert.Equal((2, "AES_CM_128_HMAC_SHA1_32"), (audio!.Crypto!.Tag, audio.Crypto.Suite));
    }

    /// <summary>What an answer to an offer of AVP or SAVP with the lines 1 to 3 must not be.</summary>
    [Theory]
    [InlineData(SrtpUse.Require, "RTP/SAVP", null)]                                             // taken without a key
    [InlineData(SrtpUse.Require, "RTP/AVP", null)]
    [InlineData(SrtpUse.Offer, "RTP/SAVP", null)]
    [InlineData(SrtpUse.Offer, "RTP/AVP", "9 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]           // a tag that was not offered
    [InlineData(SrtpUse.Offer, "RTP/AVP", "1 AES_CM_128_HMAC_SHA1_80 inline:" + Key)]           // another suite than that of the tag
    [InlineData(SrtpUse.Offer, "RTP/AVP", "3 AES_CM_128_HMAC_SHA1_80 inline:AAAA")]
    [InlineData(SrtpUse.Offer, "RTP/AVP", "3 AES_CM_128_HMAC_SHA1_80 inline:" + Key + " UNENCRYPTED_SRTP")]
    [InlineData(SrtpUse.Offer, "RTP/AVP", "mirror")]                                            // this side's own key
    public void An_answer_that_does_not_fit_fails(SrtpUse use, string profile, string? line)
    {
        OfferAnswer alice = Session(use, 1);
        SessionDescription offer = alice.CreateOffer(Here, MediaDirection.SendReceive);
        if (line == "mirror") line = offer.Media[0].AttributeValue("crypto");
        Assert.Equal(NegotiationFailure.NoCommonCrypto, alice.ProcessAnswer(line is null ? Offer(profile) : Offer(profile, line), out NegotiatedAudio? audio));
        Assert.Null(audio);
    }

    [Fact]
    public void A_key_stays_with_its_address()
    {
        (OfferAnswer alice, OfferAnswer bob) = (Session(SrtpUse.Require, 1), Session(SrtpUse.Require, 2));
        NegotiatedCrypto first = Agree(Here), held = Agree(Here), moved = Agree(new LocalAudioAddress(Address("192.0.2.9", 4000)));
        Assert.Same(first.LocalKey, held.LocalKey);
        Assert.True(first.RemoteKey.IsSame(held.RemoteKey));
        Assert.False(first.LocalKey.IsSame(moved.LocalKey));
        Assert.True(first.RemoteKey.IsSame(moved.RemoteKey));

        NegotiatedCrypto Agree(LocalAudioAddress address)
        {
            bob.Answer(alice.CreateOffer(address, MediaDirection.SendReceive), There, MediaDirection.SendReceive, out SessionDescription? answer, out _);
            Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer!, out NegotiatedAudio? audio));
            return audio!.Crypto!;
        }
    }

    [Fact]
    public void An_answer_to_what_is_asked_of_capabilities_has_no_key() =>
        Assert.DoesNotContain("crypto", OfferAnswer.DescribeCapabilities(AudioCodecs.All.ToCapabilities(SrtpUse.Require), Here.Rtp, 1).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Keys_are_not_in_the_text_of_what_was_negotiated()
    {
        Session(SrtpUse.Offer, 1).Answer(Offer("RTP/SAVP", $"1 AES_CM_128_HMAC_SHA1_80 inline:{Key}"), There, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio);
        Assert.DoesNotContain(Key, audio!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(audio.Crypto!.LocalKey.KeyAndSalt), audio.ToString(), StringComparison.Ordinal);
    }

    private static OfferAnswer Session(SrtpUse use, long id) => new(AudioCodecs.All.ToCapabilities(use), id);

    private static SessionDescription Offer(string profile, params string[] lines)
    {
        string text = $"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 {profile} 0\r\n" + string.Concat(lines.Select(l => $"a=crypto:{l}\r\n"));
        Assert.True(SessionDescription.TryParse(text, out SessionDescription? description, out _));
        return description;
    }

    private static NetworkAddress Address(string host, ushort port)
    {
        Assert.True(NetworkAddress.TryParseHost(host, port, out NetworkAddress address));
        return address;
    }
}
