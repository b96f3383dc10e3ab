namespace Parley.Rtp.Srtp;

/// <summary>Knows which of the last packets were there: no packet is let in twice.</summary>
/// <remarks>
/// <code>
///  too old      | 127 ............ window ............ 0 |   new
/// --------------+----------------------------------------+-------> index
///                                            highest index
/// </code>
/// Source: RFC 3711 3.3.2; the window has 128 packets, twice the least.
/// </remarks>
internal struct ReplayWindow
{
    public const int Size = 128;

    private UInt128 _seen;      // bit n: the packet n before the highest
    private long _next;         // the highest index and one, so that the default value is an empty window

    /// <summary>The highest index that was let in; -1 before the first.</summary>
    public readonly long Highest => _next - 1;

    /// <summary>Says whether a packet may be let in.</summary>
    public readonly SrtpError Check(long index)
    {
        long behind = Highest - index;
        if (behind < 0) return SrtpError.None;
        if (behind >= Size) return SrtpError.TooOld;
        return (_seen >> (int)behind & UInt128.One) != UInt128.Zero ? SrtpError.Replayed : SrtpError.None;
    }

    /// <summary>A packet was let in, after a check and its authentication.</summary>
    public void Accept(long index)
    {
        long ahead = index - Highest;
        if (ahead <= 0)
        {
            _seen |= UInt128.One << (int)-ahead;
            return;
        }

        _seen = ahead >= Size ? UInt128.One : (_seen << (int)ahead) | UInt128.One;
        _next = index + 1;
    }
}
