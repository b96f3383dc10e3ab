using Parley.Core;

namespace Parley.Load.Traffic;

/// <summary>A message that is sent again until its answer comes.</summary>
/// <remarks>Source: RFC 3261 17.1.1.2 (Timer A), 17.1.2.2 (Timer E), 13.3.1.4: after T1, then doubling.</remarks>
internal sealed class Repeated
{
    /// <summary>T1 of RFC 3261.</summary>
    public static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(500);

    private readonly byte[] _bytes = new byte[Network.BatchSocket.MaxDatagramBytes];
    private int _length;
    private TimeSpan _interval;

    /// <summary>Memory for the next message.</summary>
    public Span<byte> Room => _bytes;

    /// <summary>The message.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>When it is to be sent again; <see cref="Instant.Never"/> when it is not.</summary>
    public Instant Next { get; private set; } = Instant.Never;

    /// <summary>It was written into <see cref="Room"/> and is sent for the first time.</summary>
    public void Begin(int length, Instant now)
    {
        _length = length;
        _interval = FirstInterval;
        Next = now + _interval;
    }

    /// <summary>It is sent again.</summary>
    public void Repeat(Instant now)
    {
        _interval *= 2;
        Next = now + _interval;
    }

    /// <summary>It need not be sent again.</summary>
    public void End() => Next = Instant.Never;

    /// <summary>Touches its memory, so that the system need not do it while something is measured.</summary>
    public void Touch() => _bytes.AsSpan().Fill(1);
}
