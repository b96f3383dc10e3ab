namespace Parley.Rtp;

/// <summary>Arithmetic of sequence numbers and timestamps, which wrap around.</summary>
/// <remarks>Of two values the later is the one reached by going up at most half of the range. Source: RFC 3550 5.1, RFC 1982.</remarks>
public static class RtpSequence
{
    /// <summary>How far a sequence number lies ahead of another.</summary>
    /// <returns>-32768 to 32767; negative when it lies behind.</returns>
    public static int Difference(ushort value, ushort from) => (short)(value - from);

    /// <summary>How far a timestamp lies ahead of another.</summary>
    /// <returns>-2^31 to 2^31 - 1; negative when it lies behind.</returns>
    public static int Difference(uint value, uint from) => (int)(value - from);

    /// <summary>The sequence number without wrapping that is nearest to one known before.</summary>
    /// <param name="value">As a packet has it.</param>
    /// <param name="near">A number without wrapping.</param>
    public static long Extend(ushort value, long near) => near + (short)(value - (ushort)near);

    /// <summary>The timestamp without wrapping that is nearest to one known before.</summary>
    /// <param name="value">As a packet has it.</param>
    /// <param name="near">A timestamp without wrapping.</param>
    public static long Extend(uint value, long near) => near + (int)(value - (uint)near);
}
