using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>Finds the addresses of a host name.</summary>
public interface ISipResolver
{
    /// <summary>Looks a name up and completes the request with its flows, in order of preference; with none when there is no such name.</summary>
    void Resolve(string host, SipTransport transport, ushort port, SipLane lane, SipLocateRequest request);
}

/// <summary>Somebody who waits for the flows to a URI.</summary>
public abstract class SipLocateRequest : ILoopWork
{
    private IReadOnlyList<SipFlow> _flows = [];

    /// <summary>The flows, best first; none when the URI leads nowhere. Called on the lane.</summary>
    public abstract void OnLocated(Instant now, IReadOnlyList<SipFlow> flows);

    /// <summary>Called once by the resolver, on any thread.</summary>
    public void Complete(SipLane lane, IReadOnlyList<SipFlow> flows)
    {
        ArgumentNullException.ThrowIfNull(lane);
        _flows = flows;
        lane.Post(this);
    }

    /// <inheritdoc/>
    public void Run(Instant now) => OnLocated(now, _flows);
}

/// <summary>Asks the system's resolver for A and AAAA records.</summary>
/// <remarks>A bounded number of questions is under way at once; one more is answered with nothing.</remarks>
public sealed class SystemResolver : ISipResolver
{
    private const int MaxPending = 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private int _pending;

    /// <summary>The resolver that endpoints use when they are given no other.</summary>
    public static SystemResolver Instance { get; } = new();

    /// <inheritdoc/>
    public void Resolve(string host, SipTransport transport, ushort port, SipLane lane, SipLocateRequest request)
    {
        if (Interlocked.Increment(ref _pending) > MaxPending)
        {
            Interlocked.Decrement(ref _pending);
            request.Complete(lane, []);
            return;
        }

        _ = ResolveAsync(host, transport, port, lane, request);
    }

    private async Task ResolveAsync(string host, SipTransport transport, ushort port, SipLane lane, SipLocateRequest request)
    {
        List<SipFlow> flows = [];
        try
        {
            using var limit = new CancellationTokenSource(Limit, lane.Loop.Time);
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, limit.Token).ConfigureAwait(false);
            foreach (IPAddress address in addresses) flows.Add(new SipFlow(transport, NetworkAddress.From(address, port)));
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException or ArgumentException)
        {
            // No such name, no resolver or no answer: an empty list says it.
        }

        Interlocked.Decrement(ref _pending);
        request.Complete(lane, flows);
    }
}
