namespace Parley.Rtp.Srtp;

/// <summary>What a context keeps of one SSRC, for RTP or for RTCP: its highest index and the packets that were there.</summary>
internal sealed class SrtpSource(uint ssrc)
{
    private const int HalfOfSequences = 1 << 15;

    private ReplayWindow _window;

    public uint Ssrc => ssrc;

    public long HighestIndex => _window.Highest;

    public SrtpError Check(long index) => _window.Check(index);

    public void Accept(long index) => _window.Accept(index);

    /// <summary>The index of an RTP packet: its sequence number with the roll-over counter above it, as near to the highest as can be.</summary>
    /// <remarks>
    /// Before the first roll-over there is no lower counter: a number far ahead is then one ahead, after a loss.
    /// Source: RFC 3711 3.3.1 and appendix A.
    /// </remarks>
    public static long EstimateIndex(ushort sequenceNumber, long highest)
    {
        if (highest < 0) return sequenceNumber;
        long rollOver = highest >> 16;
        int last = (ushort)highest;
        if (last < HalfOfSequences)
        {
            if (sequenceNumber - last > HalfOfSequences && rollOver > 0) rollOver--;
        }
        else if (last - HalfOfSequences > sequenceNumber)
        {
            rollOver++;
        }

        return (rollOver << 16) | sequenceNumber;
    }
}

/// <summary>The SSRCs of one context: few, so that they are searched one by one.</summary>
internal sealed class SrtpSources
{
    public const int Max = 64;

    private readonly List<SrtpSource> _sources = [];
    private SrtpSource? _last;

    public bool IsFull => _sources.Count == Max;

    public SrtpSource? Find(uint ssrc)
    {
        if (_last is { } last && last.Ssrc == ssrc) return last;
        foreach (SrtpSource source in _sources)
        {
            if (source.Ssrc == ssrc) return _last = source;
        }

        return null;
    }

    public SrtpSource Add(uint ssrc)
    {
        _last = new SrtpSource(ssrc);
        _sources.Add(_last);
        return _last;
    }
}
