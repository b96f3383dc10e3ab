using Parley.Core;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Makes a call in memory, so that what calls need is compiled before the first of them needs it.</summary>
/// <remarks>
/// The runtime compiles a method when it is first called. On a busy machine the first report of a call, or its first lost packet, would hold up the media loop for so long that
/// packets come late. While the first call is set up another thread does all of that instead.
/// </remarks>
internal static class AudioWarmUp
{
    private const int Seconds = 6;          // as long as an interval of quality, and the first reports
    private const int LosesEach = 10;       // packets, of which one is lost
    private static int _begun;

    /// <summary>Begins on another thread; only the first time in a process.</summary>
    public static void Begin()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(static _ => Run(), null);
    }

    /// <summary>Makes the call.</summary>
    /// <returns>How it went for one side.</returns>
    internal static AudioStatistics Run()
    {
        var buffers = new BufferPool();
        Instant start = Instant.Zero + TimeSpan.FromSeconds(10), now = start;
        var clock = new NtpClock(start, DateTimeOffset.UnixEpoch.AddYears(50));
        NetworkAddress[] addresses = [NetworkAddress.FromIPv4(0x0A000001, 4000), NetworkAddress.FromIPv4(0x0A000002, 4000)];
        var codecs = new AudioCodecs([new MuLawCodec()]);
        var options = new AudioOptions { CanonicalName = "warm-up" };
        using AudioSession one = new(options, buffers, clock, new Random(1)), other = new(options, buffers, clock, new Random(2));
        var tone = new EchoAudio();
        one.Start(now, Agree(codecs, addresses[1]), codecs, new ToneSource(440, 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)), new NoSink());
        other.Start(now, Agree(codecs, addresses[0]), codecs, tone, tone);
        int packets = 0;
        while (now < start + TimeSpan.FromSeconds(Seconds))
        {
            Carry(one, other, addresses[0]);
            Carry(other, one, addresses[1]);
            now = Instant.Max(now, Instant.Min(one.NextDeadline, other.NextDeadline));
            one.OnDeadline(now);
            other.OnDeadline(now);
        }

        return one.Statistics;

        void Carry(AudioSession from, AudioSession to, NetworkAddress address)
        {
            while (from.TryTake(out AudioOutput output))
            {
                if (output.Datagram is not { } datagram) continue;
                if (output.Kind == AudioOutputKind.SendRtcp) to.OnRtcp(now, datagram.Span, address.WithPort((ushort)(address.Port + 1)));
                else if (++packets % LosesEach != 0) to.OnRtp(now, datagram.Span, address);
                datagram.Release();
            }
        }
    }

    private static NegotiatedAudio Agree(AudioCodecs codecs, NetworkAddress remote)
    {
        AudioCapabilities capabilities = codecs.ToCapabilities();
        return new NegotiatedAudio
        {
            MediaIndex = 0,
            RemoteRtp = remote,
            RemoteRtcp = remote.WithPort((ushort)(remote.Port + 1)),
            RtcpMux = false,
            Direction = MediaDirection.SendReceive,
            RemoteDirection = MediaDirection.SendReceive,
            Codecs = [.. capabilities.Formats.Where(f => f.IsCodec).Select(Same)],
            Redundancy = [.. capabilities.Formats.Where(f => f.IsRedundancy).Select(Same)],
            TelephoneEvent = null,
            PacketTime = TimeSpan.FromMilliseconds(20),
            ExtendedReports = capabilities.ExtendedReports,
        };

        static NegotiatedFormat Same(MediaFormat format) => new(format, format.PayloadType, format.PayloadType);
    }

    private sealed class NoSink : IAudioSink
    {
        public void Start(int sampleRate)
        {
        }

        public void Write(ReadOnlySpan<short> samples)
        {
        }

        public void End()
        {
        }
    }
}
