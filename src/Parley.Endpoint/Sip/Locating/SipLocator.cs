using System.Security.Cryptography;
using Parley.Core;
using Parley.Net.Dns;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip.Locating;

/// <summary>Finds the servers of a domain by DNS: which transport, which hosts in which order, which addresses.</summary>
/// <remarks>
/// <code>
/// address, or name with port  ->  A and AAAA
/// transport given             ->  SRV of it          -> A and AAAA of each server
/// neither                     ->  NAPTR -> SRV, or SRV of each transport; none of both: A and AAAA of the name
/// </code>
/// What this machine's hosts file knows is not asked for. A bounded number of searches is under way for lanes at once, each for a bounded time; one more
/// finds nothing. Safe on every thread. Source: RFC 3263 4, RFC 2782, RFC 3403.
/// </remarks>
public sealed class SipLocator : ISipResolver
{
    private const int MaxPending = 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);      // before a transaction would give up (Timer B: 32 s)
    private static readonly Lazy<SipLocator> Shared = new(() => new SipLocator(new DnsClient()));

    private readonly IDnsClient _dns;
    private readonly TimeProvider _time;
    private readonly Func<int, int> _next;
    private readonly Func<NetworkAddress, bool> _hasRoute;
    private int _pending;

    /// <summary>Makes a locator.</summary>
    /// <param name="dns">Whom it asks.</param>
    /// <param name="time">The time; the system's when absent.</param>
    public SipLocator(IDnsClient dns, TimeProvider? time = null)
        : this(dns, time, highest => RandomNumberGenerator.GetInt32(highest + 1), LocalAddresses.HasRoute)
    {
    }

    internal SipLocator(IDnsClient dns, TimeProvider? time, Func<int, int> next, Func<NetworkAddress, bool> hasRoute)
    {
        ArgumentNullException.ThrowIfNull(dns);
        (_dns, _time, _next, _hasRoute) = (dns, time ?? TimeProvider.System, next, hasRoute);
    }

    /// <summary>One that asks the system's servers, shared by all who want no other.</summary>
    public static SipLocator Default => Shared.Value;

    /// <inheritdoc/>
    public void Resolve(in SipDestination destination, SipLane lane, SipLocateRequest request)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentNullException.ThrowIfNull(request);
        if (Interlocked.Increment(ref _pending) > MaxPending)
        {
            Interlocked.Decrement(ref _pending);
            request.Complete(lane, []);
            return;
        }

        _ = ResolveAsync(destination, lane, request);
    }

    /// <summary>Finds where a destination leads.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="transports">The transports that requests can be sent by, the preferred ones first.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<SipLocation> LocateAsync(SipDestination destination, IReadOnlyList<SipTransport> transports, CancellationToken cancellationToken = default) =>
        new LocationSearch(_dns, _time, _next, _hasRoute, destination, transports).RunAsync(cancellationToken);

    private async Task ResolveAsync(SipDestination destination, SipLane lane, SipLocateRequest request)
    {
        List<SipFlow> flows = [];
        try
        {
            using var limit = new CancellationTokenSource(Limit, _time);
            SipLocation location = await LocateAsync(destination, SipLane.ClientTransports, limit.Token).ConfigureAwait(false);
            foreach (SipTarget target in location.Targets) flows.Add(new SipFlow(target.Transport, target.Address).To(destination.Host));      // the domain is what TLS has to prove (RFC 5922 7)
        }
        catch (OperationCanceledException)
        {
            // DNS took too long: an empty list says it.
        }

        Interlocked.Decrement(ref _pending);
        request.Complete(lane, flows);
    }
}
