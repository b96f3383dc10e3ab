using Parley.Core;
using Parley.Net.Dns;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip.Locating;

/// <summary>Where a destination leads, and how that was found.</summary>
/// <param name="Targets">The servers, to be tried in this order; none when it leads nowhere.</param>
/// <param name="Steps">The questions that were asked, in the order of RFC 3263.</param>
/// <param name="Problem">Why it leads nowhere, as a whole sentence without its full stop; null when it leads somewhere.</param>
public sealed record SipLocation(IReadOnlyList<SipTarget> Targets, IReadOnlyList<SipLocateStep> Steps, string? Problem);

/// <summary>A server that a request may be sent to.</summary>
/// <param name="Transport">By which transport.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Host">The name that had the address; empty where an address was given.</param>
public sealed record SipTarget(SipTransport Transport, NetworkAddress Address, string Host)
{
    /// <summary>For example <c>udp 192.0.2.1:5060 (sip1.example.com)</c>.</summary>
    public override string ToString() => $"{Transport.ToString().ToLowerInvariant()} {Address}{(Host.Length == 0 ? "" : $" ({Host})")}";
}

/// <summary>One question of a search, with its answer.</summary>
/// <param name="Type">The type that was asked for; null for the file of this machine's own names.</param>
/// <param name="Name">The name.</param>
/// <param name="Status">What came of it.</param>
/// <param name="Records">The records as a zone file has them.</param>
/// <param name="Time">How long it took.</param>
/// <param name="IsFromCache">True when an earlier question's answer was used.</param>
public sealed record SipLocateStep(DnsType? Type, string Name, DnsStatus Status, IReadOnlyList<string> Records, TimeSpan Time, bool IsFromCache);
