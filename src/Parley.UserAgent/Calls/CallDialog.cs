using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>The dialog of a call: who the two are, where requests go, and in which order they come.</summary>
/// <remarks>Source: RFC 3261 12.</remarks>
internal sealed class CallDialog
{
    private readonly byte[] _local;
    private readonly byte[] _remote;
    private byte[] _remoteTarget;
    private List<byte[]> _routes;
    private uint _localSequence;
    private uint? _remoteSequence;

    private CallDialog(byte[] callId, byte[] local, byte[] remote, byte[] remoteTag, byte[] remoteTarget, List<byte[]> routes)
    {
        (CallId, _local, _remote, RemoteTag, _remoteTarget, _routes) = (callId, local, remote, remoteTag, remoteTarget, routes);
    }

    /// <summary>Call-ID.</summary>
    public byte[] CallId { get; }

    /// <summary>The other side's tag; empty for an RFC 2543 peer.</summary>
    public byte[] RemoteTag { get; }

    /// <summary>Where the next request goes first.</summary>
    public ReadOnlySpan<byte> NextHop => _routes.Count > 0 ? UriOf(_routes[0]) : _remoteTarget;

    /// <summary>The dialog that a response to an INVITE makes, at the caller.</summary>
    /// <returns>Null when the response has no usable To or Contact.</returns>
    /// <remarks>Source: RFC 3261 12.1.2.</remarks>
    public static CallDialog? FromResponse(RequestTemplate request, in SipMessageView response)
    {
        if (response.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return null;
        if (response.TryGetContact(out ContactView contact) != HeaderStatus.Ok || contact.IsStar) return null;
        List<byte[]> routes = RecordRoutes(response);
        routes.Reverse();
        return new CallDialog(request.CallId, request.From, to.Bytes.ToArray(), to.Tag.ToArray(), contact.Address.Uri.ToArray(), routes)
        {
            _localSequence = request.Sequence,
        };
    }

    /// <summary>The dialog that an INVITE makes, at the callee.</summary>
    /// <returns>Null when the request has no usable Contact.</returns>
    /// <remarks>Source: RFC 3261 12.1.1.</remarks>
    public static CallDialog? FromRequest(in SipMessageView request, byte[] localTag)
    {
        if (request.TryGetTo(out NameAddressView to) != HeaderStatus.Ok || request.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok) return null;
        if (request.TryGetContact(out ContactView contact) != HeaderStatus.Ok || contact.IsStar) return null;
        if (request.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || request.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return null;
        byte[] local = [.. to.Bytes, .. ";tag="u8, .. localTag];
        return new CallDialog(callId.ToArray(), local, from.Bytes.ToArray(), from.Tag.ToArray(), contact.Address.Uri.ToArray(), RecordRoutes(request))
        {
            _remoteSequence = cseq.Number,
        };
    }

    /// <summary>A request of this side in the dialog, with the next number.</summary>
    /// <remarks>Source: RFC 3261 12.2.1.1.</remarks>
    public RequestTemplate CreateRequest(SipMethod method, byte[] headers)
    {
        _localSequence++;
        return Create(method, _localSequence, headers, []);
    }

    /// <summary>The ACK of a 2xx.</summary>
    /// <param name="invite">The INVITE.</param>
    /// <param name="body">The answer to the offer that the 2xx had; empty for none.</param>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public RequestTemplate CreateAck(RequestTemplate invite, byte[] body)
    {
        RequestTemplate ack = Create(SipMethod.Ack, invite.Sequence, [], body);
        ack.Credentials = invite.Credentials;
        return ack;
    }

    /// <summary>The next number of CSeq.</summary>
    public uint NextSequence() => ++_localSequence;

    /// <summary>Takes the number of a request of the other side.</summary>
    /// <returns>False when it is lower than one before: 500.</returns>
    /// <remarks>Source: RFC 3261 12.2.2.</remarks>
    public bool TryTakeSequence(uint number)
    {
        if (_remoteSequence is { } last && number < last) return false;
        _remoteSequence = number;
        return true;
    }

    /// <summary>A target refresh request or its response has another Contact.</summary>
    public void Refresh(in SipMessageView message)
    {
        if (message.TryGetContact(out ContactView contact) == HeaderStatus.Ok && !contact.IsStar) _remoteTarget = contact.Address.Uri.ToArray();
    }

    /// <summary>The route set as the final response has it (RFC 3261 13.2.2.4).</summary>
    public void Confirm(in SipMessageView response)
    {
        _routes = RecordRoutes(response);
        _routes.Reverse();
        Refresh(response);
    }

    private RequestTemplate Create(SipMethod method, uint sequence, byte[] headers, byte[] body)
    {
        byte[] requestUri = _remoteTarget;
        List<byte[]> routes = _routes;
        if (routes.Count > 0 && !IsLoose(routes[0]))
        {
            // A strict router takes the first route for the Request-URI.
            requestUri = UriOf(routes[0]);
            routes = [.. routes.Skip(1), [(byte)'<', .. _remoteTarget, (byte)'>']];
        }

        return new RequestTemplate
        {
            Method = method,
            RequestUri = requestUri,
            Route = Join(routes),
            From = _local,
            To = _remote,
            CallId = CallId,
            Sequence = sequence,
            Headers = headers,
            ContentType = body.Length > 0 ? "application/sdp"u8.ToArray() : [],
            Body = body,
        };
    }

    private static List<byte[]> RecordRoutes(in SipMessageView message)
    {
        List<byte[]> routes = [];
        foreach (HeaderValue value in message.Values(HeaderId.RecordRoute))
        {
            if (NameAddressView.TryParse(value, out _)) routes.Add(value.Bytes.ToArray());
        }

        return routes;
    }

    private static byte[] UriOf(byte[] route) => NameAddressView.TryParse(route, 0, out NameAddressView address) ? address.Uri.ToArray() : [];

    private static bool IsLoose(byte[] route) => SipUriView.TryParse(UriOf(route), out SipUriView uri) && uri.IsLooseRouter;

    private static byte[] Join(List<byte[]> values)
    {
        List<byte> joined = [];
        foreach (byte[] value in values)
        {
            if (joined.Count > 0) joined.AddRange(", "u8);
            joined.AddRange(value);
        }

        return [.. joined];
    }
}
