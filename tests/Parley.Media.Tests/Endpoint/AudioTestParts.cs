using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.Jitter;
using Parley.Sdp;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Keeps what it hears.</summary>
internal sealed class MemorySink : IAudioSink
{
    public List<short> Samples { get; } = [];

    public List<int> Rates { get; } = [];

    public bool HasEnded { get; private set; }

    public void Start(int sampleRate) => Rates.Add(sampleRate);

    public void Write(ReadOnlySpan<short> samples)
    {
        Assert.False(HasEnded, "Samples came after the end.");
        foreach (short sample in samples) Samples.Add(sample);
    }

    public void End()
    {
        Assert.False(HasEnded, "It ended twice.");
        HasEnded = true;
    }
}

/// <summary>Negotiations without descriptions.</summary>
internal static class Negotiated
{
    public static readonly NetworkAddress Alice = NetworkAddress.FromIPv4(0x0A000001, 4000);
    public static readonly NetworkAddress Bob = NetworkAddress.FromIPv4(0x0A000002, 5000);

    /// <summary>What one side knows of the other after an offer and an answer.</summary>
    public static NegotiatedAudio With(NetworkAddress remote, string codec = "PCMU", int packetMilliseconds = 20, MediaDirection direction = MediaDirection.SendReceive)
    {
        MediaFormat pcmu = new(0, "PCMU", 8000), pcma = new(8, "PCMA", 8000), events = new(101, MediaFormat.TelephoneEvent, 8000);
        MediaFormat[] order = codec == "PCMU" ? [pcmu, pcma] : [pcma, pcmu];
        return new NegotiatedAudio
        {
            MediaIndex = 0,
            RemoteRtp = remote,
            RemoteRtcp = remote.IsSpecified ? remote.WithPort((ushort)(remote.Port + 1)) : default,
            RtcpMux = false,
            Direction = direction,
            RemoteDirection = MediaDirection.SendReceive,
            Codecs = [.. order.Select(f => new NegotiatedFormat(f, f.PayloadType, f.PayloadType))],
            TelephoneEvent = new NegotiatedFormat(events, 101, 101),
            PacketTime = TimeSpan.FromMilliseconds(packetMilliseconds),
        };
    }

    public static PcmSource Source(short[] samples, int rate = 8000) => new(new PcmAudio(samples, rate, 1));

    /// <summary>What is left of sound after G.711: what the other side can hear at best.</summary>
    public static short[] Coded(ReadOnlySpan<short> samples, string codec = "PCMU")
    {
        byte[] codes = new byte[samples.Length];
        short[] heard = new short[samples.Length];
        if (codec == "PCMU")
        {
            G711.EncodeMuLaw(samples, codes);
            G711.DecodeMuLaw(codes, heard);
        }
        else
        {
            G711.EncodeALaw(samples, codes);
            G711.DecodeALaw(codes, heard);
        }

        return heard;
    }
}

/// <summary>Two sessions and the wire between them, in virtual time.</summary>
internal sealed class SessionPair : IDisposable
{
    /// <summary>Playout waits as long as it does to begin with, in any case: nothing is left out when the network turns out to be a good one, so that all can be compared.</summary>
    public static readonly AudioOptions Patient = new() { CanonicalName = "x", Jitter = new JitterBufferOptions { MinDelay = new JitterBufferOptions().Delay } };

    private readonly PriorityQueue<(bool ToAlice, bool IsRtcp, byte[] Bytes, NetworkAddress From), (long At, int Order)> _wire = new();
    private int _order;

    public SessionPair(int seed = 1, AudioOptions? options = null)
    {
        NtpClock clock = new(Now, new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
        options ??= Patient;
        Alice = new AudioSession(options, Pool, clock, new Random(seed));
        Bob = new AudioSession(options, Pool, clock, new Random(seed + 1000));
    }

    public BufferPool Pool { get; } = new();

    public Instant Now { get; private set; } = Instant.FromTicks(777_777_777);

    public AudioSession Alice { get; }

    public AudioSession Bob { get; }

    public List<AudioOutput> AliceHeard { get; } = [];

    public List<AudioOutput> BobHeard { get; } = [];

    /// <summary>Every RTP datagram that Alice sent.</summary>
    public List<byte[]> AliceSent { get; } = [];

    /// <summary>How long a datagram takes; null loses it. Its argument is its number among all of its direction.</summary>
    public Func<bool, int, TimeSpan?> Wire { get; set; } = (_, _) => TimeSpan.FromMilliseconds(15);

    /// <summary>Where Alice's datagrams seem to come from.</summary>
    public NetworkAddress AliceSource { get; set; } = Negotiated.Alice;

    private int[] Counts { get; } = new int[2];

    public void RunFor(double seconds) => RunUntil(Now + TimeSpan.FromSeconds(seconds));

    public void RunUntil(Instant end)
    {
        Drain();
        while (true)
        {
            Instant next = Instant.Min(Alice.NextDeadline, Bob.NextDeadline);
            if (_wire.TryPeek(out _, out (long At, int) first)) next = Instant.Min(next, Instant.FromTicks(first.At));
            if (next > end) break;
            Now = Instant.Max(Now, next);
            while (_wire.TryPeek(out _, out (long At, int) due) && due.At <= Now.Ticks)
            {
                (bool toAlice, bool isRtcp, byte[] bytes, NetworkAddress from) = _wire.Dequeue();
                AudioSession to = toAlice ? Alice : Bob;
                if (isRtcp) to.OnRtcp(Now, bytes, from);
                else to.OnRtp(Now, bytes, from);
                Drain();
            }

            Alice.OnDeadline(Now);
            Bob.OnDeadline(Now);
            Drain();
        }

        Now = end;
    }

    /// <summary>Takes what the sessions want done since it was last taken.</summary>
    public void Drain()
    {
        Drain(Alice, AliceHeard, isAlice: true);
        Drain(Bob, BobHeard, isAlice: false);
    }

    public void Dispose()
    {
        Drain();
        Alice.Dispose();
        Bob.Dispose();
        Assert.Equal(0, Pool.Outstanding);
    }

    private void Drain(AudioSession session, List<AudioOutput> heard, bool isAlice)
    {
        while (session.TryTake(out AudioOutput output))
        {
            if (output.Datagram is not { } datagram)
            {
                heard.Add(output);
                continue;
            }

            byte[] bytes = datagram.Span.ToArray();
            datagram.Release();
            bool isRtcp = output.Kind == AudioOutputKind.SendRtcp;
            if (isAlice && !isRtcp) AliceSent.Add(bytes);
            if (!output.Remote.IsSpecified) continue;
            if (Wire(isAlice, isRtcp ? -1 : Counts[isAlice ? 0 : 1]++) is not { } delay) continue;
            NetworkAddress from = isAlice ? AliceSource : Negotiated.Bob;
            if (isRtcp) from = from.WithPort((ushort)(from.Port + 1));
            _wire.Enqueue((!isAlice, isRtcp, bytes, from), ((Now + delay).Ticks, _order++));
        }
    }
}
