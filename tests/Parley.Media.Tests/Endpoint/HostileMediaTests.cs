using System.Buffers.Binary;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.Rtcp;
using Parley.Rtp.Srtp;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

/// <summary>What others can send into a call, from where its sound comes from and from elsewhere: it is counted and not heard, and the call goes on.</summary>
public class HostileMediaTests
{
    private const int AttackSeconds = 2;
    private static readonly short[] Speech = TestSound.Speech(8);            // before the delay of a quiet network is learnt, so that each sample can be compared
    private static readonly short[] LongSpeech = TestSound.Speech(20);
    private static readonly NetworkAddress Stranger = NetworkAddress.FromIPv4(0x0A000009, 6666);
    private static readonly NetworkAddress AliceControl = Negotiated.Alice.WithPort((ushort)(Negotiated.Alice.Port + 1));

    public delegate void Attack(SessionAttack bob, Random random);

    /// <summary>What can be told from the true stream: not a sample of it changes.</summary>
    public static TheoryData<string> Refused =>
    [
        "unknown payload types", "another source in each packet", "another source's packets in sequence from elsewhere", "jumps of 30,000 numbers", "lengths that lie",
        "random bytes", "random RTCP", "reports that lie", "goodbyes of others", "replays", "nothing at all",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_of_the_stream_is_counted_and_not_heard(string name)
    {
        (MemorySink heard, AudioStatistics before, AudioStatistics after, int sent) = Run(AttackOf(name), Speech);
        long counted = after.Discarded - before.Discarded + after.Foreign - before.Foreign + after.Playout.Duplicates - before.Playout.Duplicates;
        if (name is not ("reports that lie" or "goodbyes of others")) Assert.InRange(counted, sent - 1, sent);      // one random datagram in many is RTCP
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
    }

    /// <summary>What has all that the stream has: without SRTP nobody can tell. It may be heard while it lasts, and then the stream is.</summary>
    public static TheoryData<string> Believed =>
        ["wild timestamps", "timestamps 2^31 ahead", "a pause of 65,536 packets", "the stream's numbers taken first", "mutated packets", "another source that goes on", "goodbyes of the stream"];

    [Theory]
    [MemberData(nameof(Believed))]
    public void After_what_nobody_can_tell_from_the_stream_the_stream_is_heard_again(string name)
    {
        (MemorySink heard, _, AudioStatistics after, _) = Run(AttackOf(name), LongSpeech);
        AssertHeardAtTheEnd(heard, after);
        Assert.InRange(after.PlayoutDelay.TotalMilliseconds, 0, 1000);
    }

    [Theory]
    [InlineData("AEAD_AES_128_GCM")]
    [InlineData("AES_CM_128_HMAC_SHA1_80")]
    public void With_srtp_all_of_it_is_told_from_the_stream(string suite)
    {
        foreach (string name in (string[])[.. Believed, "replays", "random bytes", "random RTCP", "reports that lie"])
        {
            (MemorySink heard, _, AudioStatistics after, int sent) = Run(AttackOf(name), Speech, suite);
            Assert.InRange(after.NotAuthentic + after.Replayed + after.Foreign, sent, sent);
            Assert.True(AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples == 0, name);
        }
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(null, 2)]
    [InlineData(null, 4)]
    [InlineData(null, 5)]
    [InlineData(null, 6)]
    [InlineData("AES_CM_128_HMAC_SHA1_80", 3)]
    public void A_hundred_thousand_datagrams_of_any_kind_do_no_harm(string? suite, int seed)
    {
        const int PerBeat = 1000;       // in each of a hundred beats
        using ThrownExceptions thrown = new();
        Mutator mutator = new(new Random(seed));
        List<byte[]> reports = [Lie(1), Lie(2)];
        (MemorySink heard, _, AudioStatistics after, int sent) = Run(
            (bob, random) =>
            {
                for (int i = 0; i < PerBeat; i++)
                {
                    byte[] original = random.Next(4) switch
                    {
                        0 => reports[random.Next(reports.Count)],
                        1 => Bytes(random, random.Next(0, 400)),
                        _ => bob.Seen[random.Next(bob.Seen.Count)],
                    };
                    byte[] datagram = mutator.Mutate(original, bob.Seen[^1]);
                    NetworkAddress from = random.Next(3) == 0 ? Stranger : Negotiated.Alice;
                    if (random.Next(4) == 0) bob.SendRtcp(datagram, from == Stranger ? from : AliceControl);
                    else bob.Send(datagram, from);
                }
            },
            suite is null ? LongSpeech : Speech,
            suite,
            seed);

        Assert.Equal(PerBeat * 50 * AttackSeconds, sent);
        Assert.True(thrown.Count == 0, thrown.First);
        if (suite is null) AssertHeardAtTheEnd(heard, after);
        else Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
    }

    /// <summary>What the attack left behind is played faster until the delay is what it should be, for up to ten seconds: the fastest packets are remembered so long.</summary>
    private static void AssertHeardAtTheEnd(MemorySink heard, AudioStatistics after)
    {
        short[] end = Negotiated.Coded(LongSpeech)[^(8000 * 2)..];
        AudioComparison comparison = AudioComparison.Compare(end, heard.Samples.ToArray(), 8000);
        Assert.True(comparison.DifferentSamples < end.Length / 4, $"{comparison} {after}");
    }

    private static Attack AttackOf(string name) => name switch
    {
        "unknown payload types" => (bob, random) => bob.Send(bob.Next(header => header with { PayloadType = (byte)random.Next(20, 60) })),
        "another source in each packet" => (bob, random) => bob.Send(bob.Next(header => header with { Ssrc = (uint)random.Next() })),
        "another source's packets in sequence from elsewhere" => (bob, _) => bob.Send(bob.Next(header => header with { Ssrc = 99 }), Stranger),
        "jumps of 30,000 numbers" => (bob, random) => bob.Send(bob.Next(header => header with { SequenceNumber = (ushort)(header.SequenceNumber + 30_000 + random.Next(1000) * 2) })),
        "lengths that lie" => (bob, random) =>
        {
            byte[] datagram = bob.Next(header => header with { SequenceNumber = (ushort)(header.SequenceNumber + 5) });
            switch (random.Next(4))
            {
                case 0: (datagram[0], datagram[^1]) = ((byte)(datagram[0] | 0x20), (byte)(random.Next(2) * 255)); break;
                case 1: (datagram[0], datagram[14]) = ((byte)(datagram[0] | 0x10), 255); break;
                case 2: datagram = [(byte)(datagram[0] | 0x0F), .. datagram[1..40]]; break;
                default: datagram = datagram[..random.Next(0, 13)]; break;
            }

            if (datagram.Length == 12) datagram = datagram[..11];
            bob.Send(datagram);
        },
        "random bytes" => (bob, random) => bob.Send(Bytes(random, random.Next(0, 300)), random.Next(2) == 0 ? Negotiated.Alice : Stranger),
        "random RTCP" => (bob, random) => bob.SendRtcp([0x81, (byte)random.Next(200, 208), .. Bytes(random, random.Next(0, 300))], AliceControl),
        "reports that lie" => (bob, random) => bob.SendRtcp(Lie(bob.Ssrc), AliceControl),
        "goodbyes of others" => (bob, random) => bob.SendRtcp(Goodbye((uint)random.Next()), AliceControl),
        "replays" => (bob, random) => bob.Send(bob.Seen[^random.Next(1, 20)]),
        "nothing at all" => (bob, _) => bob.Send([]),
        "wild timestamps" => (bob, random) => bob.Send(bob.Next(header => header with { SequenceNumber = (ushort)(header.SequenceNumber + 1), Timestamp = (uint)random.Next() })),
        "timestamps 2^31 ahead" => (bob, _) => bob.Send(bob.Next(header => header with { SequenceNumber = (ushort)(header.SequenceNumber + 1), Timestamp = header.Timestamp + 0x8000_0000 })),
        "a pause of 65,536 packets" => (bob, _) => bob.Send(bob.Next(header => header with { Timestamp = header.Timestamp + (65_536u * 160) })),
        "the stream's numbers taken first" => (bob, random) =>
        {
            for (int ahead = 1; ahead < 20; ahead++)
                bob.Send(bob.Next(header => header with { SequenceNumber = (ushort)(header.SequenceNumber + ahead), Timestamp = header.Timestamp + (uint)(ahead * 160) }, Bytes(random, 160)));
        },
        "mutated packets" => (bob, random) => bob.Send(new Mutator(random).Mutate(bob.Seen[^1], bob.Seen[^2])),
        "another source that goes on" => (bob, random) => bob.Send(bob.Next(header => header with { Ssrc = 99 }, Bytes(random, 160))),
        "goodbyes of the stream" => (bob, _) => bob.SendRtcp(Goodbye(bob.Ssrc), AliceControl),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    /// <summary>A call in which Alice speaks; after a second Bob is attacked on every beat for a while.</summary>
    private static (MemorySink Heard, AudioStatistics Before, AudioStatistics After, int Sent) Run(Attack attack, short[] speech, string? suite = null, int seed = 1)
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        (NegotiatedAudio alice, NegotiatedAudio bob) = (Negotiated.With(Negotiated.Bob), Negotiated.With(Negotiated.Alice));
        if (suite is not null) (alice, bob) = Protect(alice, bob, suite);
        pair.Alice.Start(pair.Now, alice, AudioCodecs.All, Negotiated.Source(speech), new NullSink());
        pair.Bob.Start(pair.Now, bob, AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(1.01);
        AudioStatistics before = pair.Bob.Statistics;
        SessionAttack target = new(pair);
        Random random = new(seed);
        for (int beat = 0; beat < AttackSeconds * 50; beat++)
        {
            attack(target, random);
            pair.RunFor(0.02);
            Assert.InRange(pair.Pool.Outstanding, 0, 300);
        }

        AudioStatistics after = pair.Bob.Statistics;
        pair.RunFor((speech.Length / 8000) + 1 - AttackSeconds);
        Assert.Equal(AudioSessionState.Running, pair.Bob.State);
        return (heard, before, after, target.Sent);
    }

    private static (NegotiatedAudio Alice, NegotiatedAudio Bob) Protect(NegotiatedAudio alice, NegotiatedAudio bob, string suite)
    {
        SrtpSuite found = SrtpSuite.Find(suite)!;
        byte[] secret = new byte[found.MasterKeyLengthBytes + found.MasterSaltLengthBytes];
        CryptoKey one = new(secret);
        secret[0]++;
        CryptoKey other = new(secret);
        return (alice with { Crypto = new NegotiatedCrypto(1, suite, one, other) }, bob with { Crypto = new NegotiatedCrypto(1, suite, other, one) });
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Goodbye(uint ssrc)
    {
        byte[] datagram = new byte[64];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(ssrc);
        writer.WriteGoodbye(ssrc);
        return datagram[..writer.Length];
    }

    /// <summary>All that can be wrong in a report that is one.</summary>
    private static byte[] Lie(uint ssrc)
    {
        byte[] datagram = new byte[256];
        RtcpWriter writer = new(datagram);
        writer.WriteSenderReport(
            ssrc,
            new RtcpSenderInfo(ulong.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue),
            new RtcpReportBlock(ssrc, 255, -0x800000, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue),
            new RtcpReportBlock(uint.MaxValue, 255, 0x7FFFFF, 0, uint.MaxValue, 1, uint.MaxValue));
        writer.WriteSourceDescription(ssrc, RtcpSdesItem.CanonicalName, Bytes(new Random(1), 100));
        writer.WriteApplicationDefined(ssrc, 31, "\0\0\0\0"u8, new byte[40]);
        return datagram[..writer.Length];
    }

    /// <summary>Bob, as one sees him who can read the wire and write to it.</summary>
    public sealed class SessionAttack
    {
        private readonly SessionPair _pair;

        internal SessionAttack(SessionPair pair) => _pair = pair;

        /// <summary>What Alice sent.</summary>
        public IReadOnlyList<byte[]> Seen => _pair.AliceSent;

        public uint Ssrc => BinaryPrimitives.ReadUInt32BigEndian(Seen[0].AsSpan(8));

        public int Sent { get; private set; }

        /// <summary>Alice's last packet, made into another.</summary>
        public byte[] Next(Func<RtpHeader, RtpHeader> change, byte[]? payload = null)
        {
            byte[] datagram = [.. Seen[^1]];
            Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
            RtpPacket.Write(datagram, change(packet.Header), (payload ?? datagram[12..]).AsSpan(0, Math.Min(160, datagram.Length - 12)));
            return datagram;
        }

        public void Send(byte[] datagram) => Send(datagram, Negotiated.Alice);

        public void Send(byte[] datagram, NetworkAddress from)
        {
            Sent++;
            _pair.Bob.OnRtp(_pair.Now, datagram, from);
            _pair.Drain();
        }

        public void SendRtcp(byte[] datagram, NetworkAddress from)
        {
            Sent++;
            _pair.Bob.OnRtcp(_pair.Now, datagram, from);
            _pair.Drain();
        }
    }
}
