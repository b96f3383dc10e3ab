namespace Parley.Net.Dns;

/// <summary>What came of a question.</summary>
public enum DnsStatus
{
    /// <summary>There are records.</summary>
    Found,

    /// <summary>The name exists, but has no record of this type (NODATA, RFC 2308 2.2).</summary>
    NoData,

    /// <summary>There is no such name (NXDOMAIN, RFC 2308 2.1).</summary>
    NoSuchName,

    /// <summary>A server answered that it cannot or will not answer.</summary>
    Refused,

    /// <summary>No server answered in time, or none can be reached.</summary>
    Unreachable,
}

/// <summary>The answer to a question.</summary>
/// <param name="Status">What came of it.</param>
/// <param name="Records">The records of the type that was asked for, behind all aliases; none unless found.</param>
/// <param name="TimeToLive">How long it may be kept; zero for this once only.</param>
public sealed record DnsAnswer(DnsStatus Status, IReadOnlyList<DnsRecord> Records, TimeSpan TimeToLive)
{
    /// <summary>True when it was kept from an earlier question.</summary>
    public bool IsFromCache { get; init; }

    internal static DnsAnswer Of(DnsStatus status, TimeSpan timeToLive = default) => new(status, [], timeToLive);
}
