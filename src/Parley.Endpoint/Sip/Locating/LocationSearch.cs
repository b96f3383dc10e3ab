using System.Text;
using Parley.Core;
using Parley.Net.Dns;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip.Locating;

/// <summary>One search of a <see cref="SipLocator"/>: the questions in the order of RFC 3263, and what they lead to.</summary>
internal sealed class LocationSearch(
    IDnsClient dns, TimeProvider time, Func<int, int> next, Func<NetworkAddress, bool> hasRoute, SipDestination destination, IReadOnlyList<SipTransport> transports)
{
    private const int MaxServers = 16;
    private const int MaxTargets = 32;

    private readonly Lock _gate = new();     // addresses of several servers are asked for at once
    private readonly List<SipLocateStep> _steps = [];
    private readonly List<SipTarget> _targets = [];
    private string? _problem;

    private string Host => destination.Host;

    public async Task<SipLocation> RunAsync(CancellationToken cancellationToken)
    {
        if (destination.Transport != SipTransport.Unknown && !transports.Contains(destination.Transport))
        {
            _problem = $"requests cannot be sent by {destination.Transport.ToString().ToUpperInvariant()}";
        }
        else if (SipHost.TryParseAddress(Encoding.ASCII.GetBytes(Host), PortBy(Transport), out NetworkAddress address))
        {
            _targets.Add(new SipTarget(Transport, address, ""));
        }
        else if (dns.FindLocally(Host) is { Count: > 0 } known)
        {
            _steps.Add(new SipLocateStep(null, Host, DnsStatus.Found, [.. known.Select(found => found.HostToString())], TimeSpan.Zero, IsFromCache: false));
            Add(known, PortBy(Transport), Transport, Host);
        }
        else if (destination.Port != 0)
        {
            await AddHostAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (destination.Transport != SipTransport.Unknown)
        {
            if (!await AddServiceAsync(ServiceOf(Transport), Transport, cancellationToken).ConfigureAwait(false)) await AddHostAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await AddDomainAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_targets.Count == 0) _problem ??= $"{Host} has no address";
        return new SipLocation(_targets, _steps, _targets.Count > 0 ? null : _problem);
    }

    /// <summary>The transport that is asked for, or the default: UDP (RFC 3263 4.1); <c>sips</c> asks for TLS.</summary>
    private SipTransport Transport => destination.Transport != SipTransport.Unknown ? destination.Transport : SipTransport.Udp;

    private ushort PortBy(SipTransport transport) => destination.Port != 0 ? destination.Port : SipDestination.PortOf(transport);

    private string ServiceOf(SipTransport transport) => transport switch
    {
        SipTransport.Udp => $"_sip._udp.{Host}",
        SipTransport.Tls => $"_sips._tcp.{Host}",
        _ => $"_sip._tcp.{Host}",
    };

    /// <summary>The domain says itself which transports it has: by NAPTR, or by having SRV records.</summary>
    private async Task AddDomainAsync(CancellationToken cancellationToken)
    {
        DnsAnswer answer = await AskAsync(Host, DnsType.Naptr, cancellationToken).ConfigureAwait(false);
        if (IsGone(answer)) return;
        var pointers = answer.Records.OfType<DnsPointerRecord>().Select(record => (Record: record, Transport: TransportOf(record))).Where(pointer => transports.Contains(pointer.Transport));
        foreach (var order in pointers.GroupBy(pointer => pointer.Record.Order).OrderBy(group => group.Key))
        {
            // The first order that is of use decides (RFC 3403 4.1); the next one is for when it leads nowhere.
            foreach (var (record, transport) in order.OrderBy(pointer => pointer.Record.Preference))
            {
                await AddServiceAsync(record.Replacement, transport, cancellationToken).ConfigureAwait(false);
            }

            if (_targets.Count > 0) return;
        }

        foreach (SipTransport transport in transports)
        {
            if (IsDomainTransport(transport) && await AddServiceAsync(ServiceOf(transport), transport, cancellationToken).ConfigureAwait(false)) return;
        }

        await AddHostAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <returns>Unknown for what is no service of SIP's, or needs another kind of look-up.</returns>
    private static SipTransport TransportOf(DnsPointerRecord record)
    {
        if (!record.Flags.Equals("s", StringComparison.OrdinalIgnoreCase) || record.Expression.Length > 0 || record.Replacement.Length == 0) return SipTransport.Unknown;
        return record.Services.ToUpperInvariant() switch
        {
            "SIP+D2U" => SipTransport.Udp,
            "SIP+D2T" => SipTransport.Tcp,
            "SIPS+D2T" => SipTransport.Tls,
            _ => SipTransport.Unknown,
        };
    }

    private static bool IsDomainTransport(SipTransport transport) => transport is SipTransport.Udp or SipTransport.Tcp or SipTransport.Tls;

    /// <summary>Adds the servers of a service.</summary>
    /// <returns>False when there is no such service, and the name's own addresses count.</returns>
    private async Task<bool> AddServiceAsync(string service, SipTransport transport, CancellationToken cancellationToken)
    {
        DnsAnswer answer = await AskAsync(service, DnsType.Srv, cancellationToken).ConfigureAwait(false);
        if (IsGone(answer)) return true;
        List<DnsServiceRecord> servers = ServiceOrder.Draw(answer.Records.OfType<DnsServiceRecord>(), next);
        if (servers.Count == 0) return false;
        servers.RemoveAll(server => server.Target.Length == 0);
        if (servers.Count == 0) _problem ??= $"{service} says that there is no such service";
        List<(DnsServiceRecord Server, Task<IReadOnlyList<NetworkAddress>> Addresses)> asked = [];
        foreach (DnsServiceRecord server in servers.Take(MaxServers)) asked.Add((server, FindAddressesAsync(server.Target, cancellationToken)));
        foreach (var (server, addresses) in asked) Add(await addresses.ConfigureAwait(false), server.Port, transport, server.Target);
        return true;
    }

    private async Task AddHostAsync(CancellationToken cancellationToken) =>
        Add(await FindAddressesAsync(Host, cancellationToken).ConfigureAwait(false), PortBy(Transport), Transport, Host);

    private void Add(IReadOnlyList<NetworkAddress> addresses, ushort port, SipTransport transport, string host)
    {
        foreach (NetworkAddress address in addresses)
        {
            if (address.IsMulticast) continue;      // a group is one that a URI names, and not what somebody's DNS makes of a name
            var target = new SipTarget(transport, address.WithPort(port), host);
            if (_targets.Count < MaxTargets && !_targets.Any(other => other.Transport == transport && other.Address == target.Address)) _targets.Add(target);
        }
    }

    /// <summary>The addresses of a name: those that a route leads to first, of these the IPv6 ones (RFC 6724).</summary>
    private async Task<IReadOnlyList<NetworkAddress>> FindAddressesAsync(string host, CancellationToken cancellationToken)
    {
        if (NetworkAddress.TryParseHost(host, 0, out NetworkAddress itself)) return [itself];       // against RFC 2782, but seen
        if (dns.FindLocally(host) is { Count: > 0 } known) return known;
        Task<DnsAnswer> six = AskAsync(host, DnsType.Aaaa, cancellationToken), four = AskAsync(host, DnsType.A, cancellationToken);
        DnsAnswer[] answers = [await six.ConfigureAwait(false), await four.ConfigureAwait(false)];
        List<NetworkAddress> addresses = [.. answers.SelectMany(answer => answer.Records).OfType<DnsAddressRecord>().Select(record => record.Address)];
        if (addresses.Count == 0 && !IsGone(answers[0])) _ = IsGone(answers[1]);
        return [.. addresses.OrderBy(address => !hasRoute(address))];
    }

    /// <summary>Asks, and keeps the step at its place.</summary>
    private async Task<DnsAnswer> AskAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        int place;
        lock (_gate)
        {
            place = _steps.Count;
            _steps.Add(new SipLocateStep(type, name, DnsStatus.Unreachable, [], TimeSpan.Zero, IsFromCache: false));
        }

        long start = time.GetTimestamp();
        DnsAnswer answer = await dns.QueryAsync(name, type, cancellationToken).ConfigureAwait(false);
        TimeSpan took = time.GetElapsedTime(start);
        lock (_gate) _steps[place] = new SipLocateStep(type, name, answer.Status, [.. answer.Records.Select(record => record.ToString()!)], took, answer.IsFromCache);
        return answer;
    }

    /// <summary>True when nobody answers: the next question would only wait as long.</summary>
    private bool IsGone(DnsAnswer answer)
    {
        if (answer.Status == DnsStatus.Unreachable) _problem = "no DNS server answers";
        return answer.Status == DnsStatus.Unreachable;
    }
}
