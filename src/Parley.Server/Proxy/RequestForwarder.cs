using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Hosting;
using Parley.Server.Rules;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Makes the copy of a request that goes to one target: the bytes as they came, with what a proxy changes.</summary>
/// <remarks>One lane owns it. Source: RFC 3261 16.6 steps 1 to 9.</remarks>
internal sealed class RequestForwarder(ServerState server, SipLane lane)
{
    private const int DefaultMaxForwards = 70;
    private const int MaxRecordRouteBytes = RouteToken.MaxBytes + SipLane.MaxViaBytes + 48;

    private readonly SipEdits _edits = new();
    private byte[] _lastRoute = new byte[256];

    private const int ExpectedGrowthBytes = 250;        // Via and Record-Route: good enough to choose the transport

    /// <summary>Finds the URI that a request goes to next: the route to its target, else its next Route, else the target.</summary>
    /// <param name="request">The request as received.</param>
    /// <param name="routes">What is taken from its Route.</param>
    /// <param name="target">The target.</param>
    /// <param name="path">The route to the target.</param>
    /// <param name="nextHop">The URI.</param>
    /// <returns>False when it is malformed.</returns>
    /// <remarks>Source: RFC 3261 16.6 step 7.</remarks>
    public static bool TryGetNextHop(
        SipMessageView request, RouteChanges routes, ReadOnlySpan<byte> target, ReadOnlySpan<byte> path, out SipUriView nextHop)
    {
        nextHop = default;
        if (!path.IsEmpty)
        {
            int start = path.IndexOf((byte)'<') + 1, length = path[start..].IndexOf((byte)'>');
            return length > 0 && SipUriView.TryParse(path.Slice(start, length), out nextHop);
        }

        return TryGetNextRoute(request, routes, out nextHop) || SipUriView.TryParse(target, out nextHop);
    }

    /// <summary>Writes the request for one target.</summary>
    /// <param name="request">The request as received.</param>
    /// <param name="source">The flow that it came over.</param>
    /// <param name="plan">What all its copies have in common.</param>
    /// <param name="target">The target's URI.</param>
    /// <param name="path">The route to it.</param>
    /// <param name="flow">The flow to the next hop.</param>
    /// <param name="isBehindNat">True when nothing but that flow leads there, now and later in the dialog.</param>
    /// <param name="maxBreadth">The copy's Max-Breadth.</param>
    /// <param name="branch">The copy's branch.</param>
    /// <param name="history">Where the call has been, to be told to the target; null for nothing.</param>
    /// <param name="historyNumber">The target's number in it.</param>
    /// <param name="kind">What the target is in it.</param>
    /// <param name="sendOver">The flow to send it over: a stream, when it is too long for a datagram.</param>
    /// <returns>The message; null when it is too long to be sent.</returns>
    public PooledBuffer? Write(
        scoped in SipMessageView request,
        in SipFlow source,
        in ForwardingPlan plan,
        ReadOnlySpan<byte> target,
        ReadOnlySpan<byte> path,
        in SipFlow flow,
        bool isBehindNat,
        int maxBreadth,
        ReadOnlySpan<byte> branch,
        CallHistory? history,
        int historyNumber,
        TargetKind kind,
        out SipFlow sendOver)
    {
        sendOver = isBehindNat ? flow : lane.FlowFor(flow, request.Bytes.Length + ExpectedGrowthBytes);
        _edits.Clear();
        ReadOnlySpan<byte> uri = ChangeRoutes(request, plan.Routes, target, path);
        if (!uri.SequenceEqual(request.RequestUri)) _edits.SetRequestUri(request, uri);
        if (request.TryGetVia(out ViaView top) == HeaderStatus.Ok) _edits.StampVia(top, source.Remote);
        bool hasHops = request.TryGetMaxForwards(out int hops) == HeaderStatus.Ok;
        _edits.SetMaxForwards(request, hasHops ? hops - 1 : DefaultMaxForwards);
        if (request.Method != SipMethod.Ack) _edits.SetHeader(request, HeaderId.MaxBreadth, (uint)maxBreadth);
        _edits.EnsureContentLength(request);
        RemoveOwnCredentials(request);
        AssertedIdentity.Apply(_edits, request, server, source.Remote, flow.Remote, plan.IsCallerKnown);
        plan.Timer.Apply(_edits, request);
        history?.Write(_edits, request, historyNumber, target, kind);
        if (plan.RecordsRoute) RecordRoute(request, source, plan, IsNextRouteSecure(request, plan.Routes, path), flow, isBehindNat);

        if (plan.AddsPath) AddPath(request, source, plan.IsSecure, flow);

        // Last, so that it comes out first.
        Span<byte> via = stackalloc byte[SipLane.MaxViaBytes + SipLane.MaxBranchBytes + LoopMark.LengthBytes];
        _edits.PrependValue(request, HeaderId.Via, via[..lane.WriteVia(via, sendOver, branch)]);
        return MessageWriter.Apply(_edits, request, lane.Loop.Buffers);
    }

    /// <summary>Takes our Routes out, puts the route to the target in, and formats the request for a next hop that routes strictly.</summary>
    /// <returns>The Request-URI.</returns>
    /// <remarks>Source: RFC 3261 16.4, 16.6 steps 2 and 6.</remarks>
    private ReadOnlySpan<byte> ChangeRoutes(scoped in SipMessageView request, RouteChanges routes, ReadOnlySpan<byte> target, ReadOnlySpan<byte> path)
    {
        bool isStrict = path.IsEmpty && TryGetNextRoute(request, routes, out SipUriView next) && !next.IsLooseRouter;
        if (request.Has(HeaderId.Route))
        {
            if (routes.HasLast) _edits.RemoveLastValue(request, HeaderId.Route);
            int taken = routes.First + (isStrict ? 1 : 0);
            if (taken > 0) _edits.RemoveFirstValues(request, HeaderId.Route, taken);
        }

        if (!path.IsEmpty) _edits.PrependValue(request, HeaderId.Route, path);
        if (!isStrict || !TryGetNextRoute(request, routes, out next)) return target;
        if (_lastRoute.Length < target.Length + 2) _lastRoute = new byte[target.Length + 2];
        _lastRoute[0] = (byte)'<';
        target.CopyTo(_lastRoute.AsSpan(1));
        _lastRoute[target.Length + 1] = (byte)'>';
        _edits.AppendValue(request, HeaderId.Route, _lastRoute.AsSpan(0, target.Length + 2));
        // The offsets of a view of a message are the message's own, so this lives as long as the request.
        return request.Buffer.Slice(next.Offset, next.Bytes.Length);
    }

    private static bool TryGetNextRoute(SipMessageView request, RouteChanges routes, out SipUriView next)
    {
        next = default;
        if (!request.Has(HeaderId.Route)) return false;
        int left = routes.HasLast ? -1 : 0;
        foreach (HeaderValue _ in request.Values(HeaderId.Route)) left++;
        int index = 0;
        foreach (HeaderValue value in request.Values(HeaderId.Route))
        {
            if (index >= left) return false;
            if (index++ < routes.First) continue;
            return NameAddressView.TryParse(value, out NameAddressView address) && address.TryGetUri(out next);
        }

        return false;
    }

    /// <summary>Our credentials are ours: nobody further on is to see them, or to use them again.</summary>
    /// <remarks>Source: RFC 3261 22.3.</remarks>
    private void RemoveOwnCredentials(scoped in SipMessageView request)
    {
        SipMessageIndex index = request.Index;
        for (int row = index.FirstRow(HeaderId.ProxyAuthorization); row >= 0; row = index.NextRow(row))
        {
            bool isRead = DigestCredentials.TryParse(request.RowValue(row), out DigestCredentials credentials) == DigestParseResult.Ok;
            if (isRead && server.IsOwnRealm(credentials.Realm)) _edits.RemoveRow(request, row);
        }
    }

    /// <summary>Adds ourselves to the path: once, or twice where the two sides reach us by different addresses, transports or flows.</summary>
    /// <remarks>Source: RFC 3261 16.6 step 4, RFC 5658 3, RFC 5626 5.2.</remarks>
    private void RecordRoute(
        scoped in SipMessageView request, in SipFlow source, in ForwardingPlan plan, bool isNextSecure, in SipFlow flow, bool isCalleeBehindNat)
    {
        request.TryGetCallId(out ReadOnlySpan<byte> callId);
        Span<byte> upstream = stackalloc byte[MaxRecordRouteBytes];
        Span<byte> downstream = stackalloc byte[MaxRecordRouteBytes];
        upstream = upstream[..WriteRecordRoute(upstream, callId, source, plan.IsSecure, plan.IsCallerBehindNat)];
        downstream = downstream[..WriteRecordRoute(downstream, callId, flow, plan.IsSecure || isNextSecure, isCalleeBehindNat)];
        _edits.PrependValue(request, HeaderId.RecordRoute, upstream);
        if (!upstream.SequenceEqual(downstream)) _edits.PrependValue(request, HeaderId.RecordRoute, downstream);
    }

    /// <summary>Adds ourselves to the way to a phone, with the flow that leads to it; <c>ob</c> says that we are the first that it meets.</summary>
    /// <remarks>Source: RFC 3327 5.2, RFC 5626 5.1 and 5.2.</remarks>
    private void AddPath(scoped in SipMessageView request, in SipFlow source, bool isSecure, in SipFlow flow)
    {
        Span<byte> path = stackalloc byte[MaxRecordRouteBytes];
        bool isFirst = SourceFlow.IsFromPhone(request);
        SipFlow? recorded = isFirst ? source : null;
        int length = WriteOwnRoute(path, server.Keys.Path, callId: default, flow, isSecure, recorded);
        if (isFirst)
        {
            ";ob>"u8.CopyTo(path[(length - 1)..]);
            length += ";ob"u8.Length;
        }

        _edits.PrependValue(request, HeaderId.Path, path[..length]);
    }

    /// <summary>True when the Route that a request goes by next is a <c>sips</c> one: then our Record-Route has to be one too, on that side.</summary>
    /// <remarks>Source: RFC 3261 16.6 step 4.</remarks>
    private static bool IsNextRouteSecure(scoped in SipMessageView request, RouteChanges routes, ReadOnlySpan<byte> path)
    {
        if (!path.IsEmpty) return TryGetNextHop(request, routes, default, path, out SipUriView first) && first.Scheme == SipUriScheme.Sips;
        return TryGetNextRoute(request, routes, out SipUriView next) && next.Scheme == SipUriScheme.Sips;
    }

    /// <summary><c>&lt;sip:TOKEN@192.0.2.1:5060;transport=tcp;lr&gt;</c>: how the side that a flow leads to reaches us.</summary>
    private int WriteRecordRoute(Span<byte> destination, ReadOnlySpan<byte> callId, in SipFlow flow, bool isSecure, bool hasToUseFlow)
    {
        SipFlow? recorded = hasToUseFlow ? flow : null;
        return WriteOwnRoute(destination, server.Keys.Route, callId, flow, isSecure, recorded);
    }

    private int WriteOwnRoute(Span<byte> destination, in SeededHash128 key, ReadOnlySpan<byte> callId, in SipFlow flow, bool isSecure, in SipFlow? recorded)
    {
        ReadOnlySpan<byte> scheme = isSecure ? "<sips:"u8 : "<sip:"u8;
        scheme.CopyTo(destination);
        int length = scheme.Length;
        length += RouteToken.Write(destination[length..], key, callId, recorded);
        destination[length++] = (byte)'@';
        length += lane.WriteHostAndPort(destination[length..], flow);
        if (flow.IsReliable && !(isSecure && flow.Transport == SipTransport.Tls))     // that a sips URI means TLS needs no word (RFC 5630 5.3)
        {
            ";transport="u8.CopyTo(destination[length..]);
            length += ";transport="u8.Length;
            ReadOnlySpan<byte> transport = flow.Transport == SipTransport.Wss ? SipTransport.Ws.ParameterName : flow.Transport.ParameterName;    // RFC 7118 5.2.2
            transport.CopyTo(destination[length..]);
            length += transport.Length;
        }

        ";lr>"u8.CopyTo(destination[length..]);
        return length + ";lr>"u8.Length;
    }
}
