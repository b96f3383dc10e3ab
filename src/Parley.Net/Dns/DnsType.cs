namespace Parley.Net.Dns;

/// <summary>A type of record.</summary>
/// <remarks>Source: RFC 1035 3.2.2, RFC 3596 (AAAA), RFC 2782 (SRV), RFC 3403 (NAPTR), RFC 6891 (OPT).</remarks>
public enum DnsType : ushort
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>Another name for the same thing.</summary>
    Cname = 5,

    /// <summary>The start of a zone: how long what does not exist may be taken for absent.</summary>
    Soa = 6,

    /// <summary>An IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>A server of a service.</summary>
    Srv = 33,

    /// <summary>A naming authority pointer: which services a domain has.</summary>
    Naptr = 35,

    /// <summary>The extension of a message, not a record.</summary>
    Opt = 41,
}
