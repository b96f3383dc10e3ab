using System.Collections.Concurrent;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip.Locating;

/// <summary>Servers that did not answer lately, or asked to be left alone: among several that may be asked they come last.</summary>
/// <remarks>
/// Without it each request to a domain whose first server is down would wait until that one has timed out (RFC 3263 4.3 says what to do
/// with one request and nothing of the next). Who is alone is asked all the same. Safe on every thread, and bounded: beyond it nobody is remembered.
/// Source: RFC 3261 21.5.4 (Retry-After of a 503).
/// </remarks>
internal sealed class AvoidedServers
{
    /// <summary>How long a server that did not answer is avoided.</summary>
    public static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(30);

    private const int Capacity = 4096;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(SipTransport Transport, NetworkAddress Remote), Instant> _until = new();

    /// <summary>Avoids a server for a time, five minutes at most.</summary>
    public void Add(in SipFlow flow, Instant now, TimeSpan time)
    {
        if (time <= TimeSpan.Zero) return;
        if (_until.Count >= Capacity) RemoveOld(now);
        if (_until.Count < Capacity) _until[(flow.Transport, flow.Remote)] = now + (time < Longest ? time : Longest);
    }

    /// <summary>The same flows, those to avoid behind the others.</summary>
    public IReadOnlyList<SipFlow> Order(IReadOnlyList<SipFlow> flows, Instant now)
    {
        if (_until.IsEmpty || flows.Count < 2) return flows;
        return [.. flows.OrderBy(flow => _until.TryGetValue((flow.Transport, flow.Remote), out Instant until) && now < until)];
    }

    private void RemoveOld(Instant now)
    {
        foreach (var (server, until) in _until)
        {
            if (now >= until) _until.TryRemove(KeyValuePair.Create(server, until));
        }
    }
}
