using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Sdp;

namespace Parley.Voice;

/// <summary>How a call went.</summary>
/// <param name="Heard">What the listener heard, from the moment on at which the speaker began.</param>
/// <param name="SampleRate">Of it.</param>
/// <param name="Statistics">The listener's.</param>
/// <param name="Packets">How many were sent.</param>
/// <param name="Lost">How many the network lost.</param>
/// <param name="Bytes">RTP that was sent, headers of IP and UDP not counted.</param>
internal sealed record VoiceResult(short[] Heard, int SampleRate, AudioStatistics Statistics, int Packets, int Lost, long Bytes);

/// <summary>One speaks, one listens, over a lossy wire, in virtual time: a minute of speech takes a moment, and the same seed does the same again.</summary>
internal static class VoiceCall
{
    private static readonly NetworkAddress Speaker = NetworkAddress.FromIPv4(0x0A000001, 4000), Listener = NetworkAddress.FromIPv4(0x0A000002, 5000);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <summary>Makes a call.</summary>
    /// <param name="speech">What is said.</param>
    /// <param name="codec">In what.</param>
    /// <param name="redundancy">Whether both sides know RED (RFC 2198).</param>
    /// <param name="conditions">What the network does.</param>
    /// <param name="seed">Of the network's chances.</param>
    public static VoiceResult Run(PcmAudio speech, IAudioCodec codec, bool redundancy, NetworkConditions conditions, int seed)
    {
        var buffers = new BufferPool();
        Instant start = Instant.Zero + TimeSpan.FromSeconds(100);
        var clock = new NtpClock(start, DateTimeOffset.UnixEpoch.AddYears(50));
        var options = new AudioOptions { CanonicalName = "voice" };
        using var speaker = new AudioSession(options, buffers, clock, new Random(seed));
        using var listener = new AudioSession(options, buffers, clock, new Random(seed + 1));
        var codecs = new AudioCodecs([codec]);
        var heard = new Recording();
        var wire = new PriorityQueue<(bool ToListener, bool IsRtcp, byte[] Bytes), (long At, long Order)>();
        LossyWire forth = new(conditions, seed);
        (int packets, long bytes, long order) = (0, 0, 0);

        speaker.Start(start, Negotiate(Listener, codecs, redundancy), codecs, new PcmSource(speech), new Recording());
        listener.Start(start, Negotiate(Speaker, codecs, redundancy), codecs, new SilenceSource(), heard);
        Instant now = start, end = start + speech.Duration + Rest;
        while (true)
        {
            Drain(speaker, toListener: true);
            Drain(listener, toListener: false);
            Instant next = Instant.Min(speaker.NextDeadline, listener.NextDeadline);
            if (wire.TryPeek(out _, out (long At, long) first)) next = Instant.Min(next, Instant.FromTicks(first.At));
            if (next > end) break;
            now = Instant.Max(now, next);
            while (wire.TryPeek(out _, out (long At, long) due) && due.At <= now.Ticks)
            {
                (bool toListener, bool isRtcp, byte[] datagram) = wire.Dequeue();
                AudioSession to = toListener ? listener : speaker;
                NetworkAddress from = toListener ? Speaker : Listener;
                if (isRtcp) to.OnRtcp(now, datagram, from.WithPort((ushort)(from.Port + 1)));
                else to.OnRtp(now, datagram, from);
            }

            speaker.OnDeadline(now);
            listener.OnDeadline(now);
        }

        return new VoiceResult([.. heard.Samples], codec.Format.SampleRate, listener.Statistics, packets, forth.Lost, bytes);

        void Drain(AudioSession from, bool toListener)
        {
            while (from.TryTake(out AudioOutput output))
            {
                if (output.Datagram is not { } datagram) continue;
                bool isRtp = output.Kind == AudioOutputKind.SendRtp;
                if (isRtp && toListener) (packets, bytes) = (packets + 1, bytes + datagram.Length);
                TimeSpan? arrival = isRtp && toListener ? forth.Pass(now - start) : now - start + NetworkConditions.Transit;
                if (arrival is { } at) wire.Enqueue((toListener, !isRtp, datagram.Span.ToArray()), ((start + at).Ticks, order++));
                datagram.Release();
            }
        }
    }

    private static NegotiatedAudio Negotiate(NetworkAddress remote, AudioCodecs codecs, bool redundancy)
    {
        AudioCapabilities capabilities = codecs.ToCapabilities(redundancy: redundancy);
        SdpList<MediaFormat> formats = capabilities.Formats;
        return new NegotiatedAudio
        {
            MediaIndex = 0,
            RemoteRtp = remote,
            RemoteRtcp = remote.WithPort((ushort)(remote.Port + 1)),
            RtcpMux = false,
            Direction = MediaDirection.SendReceive,
            RemoteDirection = MediaDirection.SendReceive,
            Codecs = [.. formats.Where(f => f.IsCodec).Select(Agreed)],
            Redundancy = [.. formats.Where(f => f.IsRedundancy).Select(Agreed)],
            TelephoneEvent = null,
            ExtendedReports = capabilities.ExtendedReports,
            PacketTime = TimeSpan.FromMilliseconds(20),
        };

        static NegotiatedFormat Agreed(MediaFormat format) => new(format, format.PayloadType, format.PayloadType);
    }

    private sealed class Recording : IAudioSink
    {
        public List<short> Samples { get; } = [];

        public void Start(int sampleRate)
        {
        }

        public void Write(ReadOnlySpan<short> samples) => Samples.AddRange(samples);

        public void End()
        {
        }
    }
}
