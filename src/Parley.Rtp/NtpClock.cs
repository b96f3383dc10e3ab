using Parley.Core;

namespace Parley.Rtp;

/// <summary>Tells the wall-clock time of an instant in RTCP's form: streams of one host that share it can be played in step.</summary>
/// <remarks>Source: RFC 3550 4.</remarks>
public sealed class NtpClock
{
    private static readonly DateTimeOffset Epoch = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly long _offsetTicks;

    /// <summary>A clock set once.</summary>
    /// <param name="now">An instant.</param>
    /// <param name="utc">The wall-clock time at it.</param>
    public NtpClock(Instant now, DateTimeOffset utc) => _offsetTicks = (utc - Epoch).Ticks - now.Ticks;

    /// <summary>Seconds since 1900 in the upper 32 bits, their fraction in the lower.</summary>
    public ulong At(Instant instant)
    {
        ulong ticks = (ulong)(instant.Ticks + _offsetTicks);
        ulong seconds = ticks / TimeSpan.TicksPerSecond, rest = ticks % TimeSpan.TicksPerSecond;
        return (seconds << 32) | ((rest << 32) / TimeSpan.TicksPerSecond);
    }

    /// <summary>The middle 32 bits, in 1/65536 s: what reports refer to.</summary>
    public uint CompactAt(Instant instant) => (uint)(At(instant) >> 16);
}
