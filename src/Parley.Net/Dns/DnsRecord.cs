using Parley.Core;

namespace Parley.Net.Dns;

/// <summary>A record of an answer.</summary>
/// <param name="Name">Whose it is: in lower case, without the last dot.</param>
/// <param name="TimeToLive">How long it may be kept (RFC 1035 3.2.1).</param>
public abstract record DnsRecord(string Name, TimeSpan TimeToLive);

/// <summary>A or AAAA.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="TimeToLive">How long it may be kept.</param>
/// <param name="Address">The address, with port 0.</param>
public sealed record DnsAddressRecord(string Name, TimeSpan TimeToLive, NetworkAddress Address) : DnsRecord(Name, TimeToLive)
{
    /// <summary>For example <c>192.0.2.1</c>.</summary>
    public override string ToString() => Address.HostToString();
}

/// <summary>CNAME: the name that this one stands for.</summary>
/// <param name="Name">The alias.</param>
/// <param name="TimeToLive">How long it may be kept.</param>
/// <param name="Target">What it stands for.</param>
public sealed record DnsAliasRecord(string Name, TimeSpan TimeToLive, string Target) : DnsRecord(Name, TimeToLive)
{
    /// <summary>For example <c>CNAME pbx.example.com</c>.</summary>
    public override string ToString() => $"CNAME {Target}";
}

/// <summary>SRV: a server of a service.</summary>
/// <param name="Name">The service, <c>_sip._udp.example.com</c>.</param>
/// <param name="TimeToLive">How long it may be kept.</param>
/// <param name="Priority">Lower ones are tried first.</param>
/// <param name="Weight">The share of those with the same priority.</param>
/// <param name="Port">The port.</param>
/// <param name="Target">The server's name; empty says that there is decidedly no such service.</param>
/// <remarks>Source: RFC 2782.</remarks>
public sealed record DnsServiceRecord(string Name, TimeSpan TimeToLive, ushort Priority, ushort Weight, ushort Port, string Target) : DnsRecord(Name, TimeToLive)
{
    /// <summary>Priority, weight, port, target, as a zone file has it.</summary>
    public override string ToString() => $"{Priority} {Weight} {Port} {(Target.Length == 0 ? "." : Target)}";
}

/// <summary>NAPTR: a service of a domain, and where to go on.</summary>
/// <param name="Name">The domain.</param>
/// <param name="TimeToLive">How long it may be kept.</param>
/// <param name="Order">Lower ones come first, and decide.</param>
/// <param name="Preference">Among those of the same order.</param>
/// <param name="Flags"><c>s</c>: the replacement is to be asked for SRV.</param>
/// <param name="Services">For example <c>SIP+D2U</c>.</param>
/// <param name="Expression">A substitution; SIP has none.</param>
/// <param name="Replacement">The next name.</param>
/// <remarks>Source: RFC 3403 4.</remarks>
public sealed record DnsPointerRecord(string Name, TimeSpan TimeToLive, ushort Order, ushort Preference, string Flags, string Services, string Expression, string Replacement)
    : DnsRecord(Name, TimeToLive)
{
    /// <summary>Order, preference, flags, services, expression, replacement, as a zone file has it.</summary>
    public override string ToString() => $"{Order} {Preference} \"{Flags}\" \"{Services}\" \"{Expression}\" {(Replacement.Length == 0 ? "." : Replacement)}";
}
