namespace Parley.Rtp.Srtp;

/// <summary>What the contexts of both directions have in common: the session keys of a master key, and which RTP packets of each SSRC there were.</summary>
/// <remarks>Source: RFC 3711 3.2.</remarks>
internal sealed class SrtpContext : IDisposable
{
    private const long MaxIndex = (1L << 48) - 1;

    private readonly SrtpSources _sources = new();
    private long _packets;

    public SrtpContext(SrtpMasterKey master)
    {
        ArgumentNullException.ThrowIfNull(master);
        MasterKey = master;
        Rtp = SrtpTransform.Create(master, isRtcp: false);
        Rtcp = SrtpTransform.Create(master, isRtcp: true);
    }

    public SrtpMasterKey MasterKey { get; }

    public SrtpTransform Rtp { get; }

    public SrtpTransform Rtcp { get; }

    /// <summary>The most RTCP packets that the key may protect.</summary>
    public long RtcpLifetime => Math.Min(MasterKey.Lifetime, SrtpMasterKey.MaxRtcpLifetime);

    /// <summary>Says whether an RTP packet may be sent or let in; nothing of it is remembered yet.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="source">Its SSRC's; null when it is the first of it.</param>
    /// <param name="index">Its index: roll-over counter and sequence number.</param>
    public SrtpError Check(in SrtpHeader header, out SrtpSource? source, out long index)
    {
        index = 0;
        source = _sources.Find(header.Ssrc);
        if (source is null && _sources.IsFull) return SrtpError.TooManySources;
        index = SrtpSource.EstimateIndex(header.SequenceNumber, source?.HighestIndex ?? -1);
        if (index > MaxIndex || _packets >= MasterKey.Lifetime) return SrtpError.KeyExhausted;
        return source?.Check(index) ?? SrtpError.None;
    }

    /// <summary>An RTP packet that was checked is sent, or is let in.</summary>
    public void Accept(in SrtpHeader header, SrtpSource? source, long index)
    {
        (source ?? _sources.Add(header.Ssrc)).Accept(index);
        _packets++;
    }

    public void Dispose()
    {
        Rtp.Dispose();
        Rtcp.Dispose();
    }
}
