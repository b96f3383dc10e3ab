namespace Parley.Media.Codecs;

/// <summary>What can be told of an Opus packet without decoding it.</summary>
/// <remarks>
/// <code>
///  0 1 2 3 4 5 6 7
/// +-+-+-+-+-+-+-+-+
/// | config  |s| c |   config: mode, bandwidth and length of a frame; s: stereo
/// +-+-+-+-+-+-+-+-+
/// c = 0: one frame     1: two of equal length     2: two, the first's length ahead     3: a count byte |v|p|  M  |
/// </code>
/// Source: RFC 6716 3.1 and 3.2.
/// </remarks>
internal static class OpusPacket
{
    /// <summary>Samples per second of Opus on the wire.</summary>
    public const int SampleRate = 48000;

    /// <summary>The most that a packet holds: 120 ms.</summary>
    public const int MaxSamples = SampleRate / 1000 * 120;

    private const int MaxFrameBytes = 1275;
    private const int CeltConfigurations = 16;      // from here on a frame has no SILK layer
    private const int HybridConfigurations = 12;

    /// <summary>How much sound a packet holds.</summary>
    /// <returns>Samples at 48 kHz: 120 to 5760; 0 when it is malformed.</returns>
    public static int SampleCount(ReadOnlySpan<byte> packet) => TryRead(packet, out int frames, out _) ? frames * FrameSamples(packet[0]) : 0;

    /// <summary>Whether the first frame has LBRR frames: the sound before it once more, coarser.</summary>
    /// <remarks>
    /// The SILK layer begins with a bit of voice activity for each of its frames and then the LBRR flag, and so again for the side
    /// channel. They are coded with even odds, so that they are the first bits as they stand. Source: RFC 6716 4.2.3 to 4.2.5.
    /// </remarks>
    public static bool HasRedundancy(ReadOnlySpan<byte> packet)
    {
        if (!TryRead(packet, out _, out ReadOnlySpan<byte> frame) || frame.IsEmpty || packet[0] >> 3 >= CeltConfigurations) return false;
        int silkFrames = Math.Max(1, FrameSamples(packet[0]) / (SampleRate / 50));
        int flags = 0x80 >> silkFrames;
        if ((packet[0] & 4) != 0) flags |= flags >> (silkFrames + 1);
        return (frame[0] & flags) != 0;
    }

    /// <summary>Checks all that RFC 6716 3.4 asks of a packet.</summary>
    /// <param name="packet">The payload.</param>
    /// <param name="frames">How many there are.</param>
    /// <param name="first">The first of them.</param>
    private static bool TryRead(ReadOnlySpan<byte> packet, out int frames, out ReadOnlySpan<byte> first)
    {
        frames = 0;
        first = default;
        if (packet.IsEmpty) return false;                                                   // R1
        ReadOnlySpan<byte> rest = packet[1..];
        switch (packet[0] & 3)
        {
            case 0:
                frames = 1;
                first = rest;
                break;
            case 1:
                if (rest.Length % 2 != 0) return false;                                     // R3
                frames = 2;
                first = rest[..(rest.Length / 2)];
                break;
            case 2:
                if (!TryReadLength(ref rest, out int length) || length > rest.Length || rest.Length - length > MaxFrameBytes) return false;     // R2, R4
                frames = 2;
                first = rest[..length];
                break;
            default:
                return TryReadCounted(rest, FrameSamples(packet[0]), out frames, out first);
        }

        return first.Length <= MaxFrameBytes;                                               // R2
    }

    private static bool TryReadCounted(ReadOnlySpan<byte> rest, int frameSamples, out int frames, out ReadOnlySpan<byte> first)
    {
        first = default;
        frames = 0;
        if (rest.IsEmpty) return false;
        int header = rest[0];
        rest = rest[1..];
        frames = header & 0x3F;
        if (frames == 0 || frames * frameSamples > MaxSamples) return false;                // R5
        if ((header & 0x40) != 0 && !TryTakePadding(ref rest)) return false;
        if ((header & 0x80) == 0)
        {
            if (rest.Length % frames != 0) return false;                                    // R6
            first = rest[..(rest.Length / frames)];
            return first.Length <= MaxFrameBytes;
        }

        int total = 0, firstLength = -1;
        for (int i = 1; i < frames; i++)
        {
            if (!TryReadLength(ref rest, out int length)) return false;                     // R7
            total += length;
            if (i == 1) firstLength = length;
        }

        int last = rest.Length - total;
        if (last is < 0 or > MaxFrameBytes) return false;                                   // R7, R2
        first = rest[..(firstLength < 0 ? last : firstLength)];
        return true;
    }

    private static bool TryTakePadding(ref ReadOnlySpan<byte> rest)
    {
        int padding = 0;
        while (true)
        {
            if (rest.IsEmpty) return false;
            int more = rest[0];
            rest = rest[1..];
            padding += more == 255 ? 254 : more;
            if (more != 255) break;
        }

        if (padding > rest.Length) return false;
        rest = rest[..^padding];
        return true;
    }

    /// <summary>Reads a frame's length of one or two bytes: RFC 6716 3.2.1.</summary>
    private static bool TryReadLength(ref ReadOnlySpan<byte> rest, out int length)
    {
        length = 0;
        if (rest.IsEmpty) return false;
        length = rest[0];
        if (length < 252)
        {
            rest = rest[1..];
            return true;
        }

        if (rest.Length < 2) return false;
        length += rest[1] * 4;
        rest = rest[2..];
        return true;
    }

    /// <summary>The length of each frame: RFC 6716 table 2.</summary>
    private static int FrameSamples(byte toc)
    {
        int configuration = toc >> 3, shift = configuration & 3;
        if (configuration >= CeltConfigurations) return 120 << shift;                       // 2.5, 5, 10, 20 ms
        if (configuration >= HybridConfigurations) return 480 << (shift & 1);               // 10, 20 ms
        return shift == 3 ? 2880 : 480 << shift;                                            // 10, 20, 40, 60 ms
    }
}
