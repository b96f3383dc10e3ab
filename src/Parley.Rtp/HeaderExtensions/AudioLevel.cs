using System.Numerics;

namespace Parley.Rtp.HeaderExtensions;

/// <summary>How loud the sound of a packet is, said in its header: who mixes or watches need not decode it.</summary>
/// <param name="Decibels">Below the loudest that there is, in dB: 0 to 127, which is silence.</param>
/// <param name="IsVoice">Whether the sender thinks that somebody speaks; of no meaning when it was agreed on that it is not said.</param>
/// <remarks>
/// <code>
/// |V|   level     |
/// </code>
/// Source: RFC 6464 3.
/// </remarks>
public readonly record struct AudioLevel(byte Decibels, bool IsVoice)
{
    /// <summary>No sound.</summary>
    public const byte Silence = 127;

    private const byte Quiet = 50;

    /// <summary>The level of samples: their root mean square beside the loudest square wave.</summary>
    /// <param name="samples">All of the packet. What is louder than background noise is taken for a voice.</param>
    public static AudioLevel Of(ReadOnlySpan<short> samples)
    {
        long squares = 0;
        int at = 0;
        for (; at <= samples.Length - Vector<short>.Count; at += Vector<short>.Count)
        {
            Vector.Widen(new Vector<short>(samples[at..]), out Vector<int> low, out Vector<int> high);
            // A square has up to 30 bits and one; a lane takes two of them as unsigned.
            Vector<uint> sums = Vector.AsVectorUInt32(low * low) + Vector.AsVectorUInt32(high * high);
            Vector.Widen(sums, out Vector<ulong> first, out Vector<ulong> second);
            squares += (long)Vector.Sum(first + second);
        }

        for (; at < samples.Length; at++) squares += samples[at] * samples[at];
        if (squares == 0) return new AudioLevel(Silence, IsVoice: false);
        double level = -10 * Math.Log10((double)squares / samples.Length / ((double)short.MaxValue * short.MaxValue));
        byte decibels = (byte)Math.Clamp(Math.Round(level), 0, Silence);
        return new AudioLevel(decibels, decibels < Quiet);
    }

    /// <summary>Reads it from a packet.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="id">What was agreed on: 1 to 255.</param>
    /// <param name="level">What it says.</param>
    /// <returns>False when it does not say.</returns>
    public static bool TryRead(in RtpPacket packet, byte id, out AudioLevel level)
    {
        level = default;
        if (!packet.HasExtension || !RtpHeaderExtensions.TryFind(packet, id, out ReadOnlySpan<byte> data) || data.Length != 1) return false;
        level = new AudioLevel((byte)(data[0] & 0x7F), (data[0] & 0x80) != 0);
        return true;
    }

    /// <summary>The byte that says it.</summary>
    public byte ToByte() => (byte)((IsVoice ? 0x80 : 0) | (Decibels & 0x7F));
}
