using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Rtp.Srtp;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

public class ProtectedSessionTests
{
    private static readonly short[] Speech = TestSound.Speech(3);

    public static TheoryData<string> Suites => [.. SrtpSuite.All.ToArray().Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Suites))]
    public void What_is_said_is_heard_and_reported_on_and_nobody_else_can_read_it(string suite)
    {
        using SessionPair pair = new();
        MemorySink heard = Start(pair, suite);

        pair.RunFor(7);
        AudioStatistics alice = pair.Alice.Statistics, bob = pair.Bob.Statistics;
        pair.Alice.Stop(pair.Now);
        pair.Bob.Stop(pair.Now);
        pair.RunFor(1);

        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.Equal((suite, 0L, 0L), (bob.CryptoSuite, bob.NotAuthentic, bob.Replayed));
        Assert.NotNull(alice.Rtp.RemoteFractionLost);       // a report came through
        Assert.Single(pair.BobHeard, o => o.Kind == AudioOutputKind.RemoteLeft);
        byte[] coded = new byte[160];
        G711.EncodeMuLaw(Speech.AsSpan(0, 160), coded);
        Assert.NotEqual(coded, pair.AliceSent[0][12..172]);
        Assert.Equal(172 + SrtpSuite.Find(suite)!.TagLengthBytes, pair.AliceSent[0].Length);
    }

    [Fact]
    public void What_is_plain_forged_or_replayed_is_counted_and_not_heard()
    {
        using SessionPair pair = new();
        MemorySink heard = Start(pair, "AES_CM_128_HMAC_SHA1_80");
        pair.RunFor(1);
        byte[] sent = pair.AliceSent[^10], forged = [.. sent], plain = sent[..172];
        forged[20] ^= 1;
        forged[3] += 100;       // a number that was not there
        plain[3] += 101;
        for (int i = 0; i < 3; i++) pair.Bob.OnRtp(pair.Now, forged, Negotiated.Alice);
        pair.Bob.OnRtp(pair.Now, plain, Negotiated.Alice);
        pair.Bob.OnRtp(pair.Now, sent, Negotiated.Alice);
        pair.Bob.OnRtp(pair.Now, [0x80], Negotiated.Alice);
        pair.Bob.OnRtcp(pair.Now, Convert.FromHexString("80cb00010000000180cb0001000000010000000000000000"), Negotiated.Alice);
        pair.RunFor(3);

        Assert.Equal((6L, 1L), (pair.Bob.Statistics.NotAuthentic, pair.Bob.Statistics.Replayed));
        Assert.DoesNotContain(pair.BobHeard, o => o.Kind == AudioOutputKind.RemoteLeft);
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
    }

    [Fact]
    public void A_session_goes_on_with_the_same_keys_and_with_new_ones()
    {
        using SessionPair pair = new();
        (NegotiatedAudio alice, NegotiatedAudio bob) = Agree("AEAD_AES_128_GCM", 1);
        MemorySink heard = Start(pair, alice, bob);
        pair.RunFor(0.7);
        pair.Alice.Update(alice);       // a refresh: counters go on
        pair.Bob.Update(bob);
        pair.RunFor(0.7);
        (alice, bob) = Agree("AES_CM_128_HMAC_SHA1_80", 2);
        pair.Wire = (_, _) => TimeSpan.Zero;
        pair.RunFor(0.1);
        pair.Alice.Update(alice);
        pair.Bob.Update(bob);
        pair.RunFor(3);

        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.Equal(("AES_CM_128_HMAC_SHA1_80", 0L, 0L), (pair.Bob.Statistics.CryptoSuite, pair.Bob.Statistics.NotAuthentic, pair.Bob.Statistics.Replayed));
    }

    private static MemorySink Start(SessionPair pair, string suite)
    {
        (NegotiatedAudio alice, NegotiatedAudio bob) = Agree(suite, 1);
        return Start(pair, alice, bob);
    }

    private static MemorySink Start(SessionPair pair, NegotiatedAudio alice, NegotiatedAudio bob)
    {
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, alice, AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.Bob.Start(pair.Now, bob, AudioCodecs.All, new SilenceSource(), heard);
        return heard;
    }

    private static (NegotiatedAudio Alice, NegotiatedAudio Bob) Agree(string suite, byte seed)
    {
        SrtpSuite found = SrtpSuite.Find(suite)!;
        byte[] secret = new byte[found.MasterKeyLengthBytes + found.MasterSaltLengthBytes];
        Array.Fill(secret, seed);
        CryptoKey alice = new(secret);
        secret[0]++;
        CryptoKey bob = new(secret);
        return (Negotiated.With(Negotiated.Bob) with { Crypto = new NegotiatedCrypto(1, suite, alice, bob) },
            Negotiated.With(Negotiated.Alice) with { Crypto = new NegotiatedCrypto(1, suite, bob, alice) });
    }
}
