using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Undoes what routers before us did to the request, takes our own Routes from it, and finds out whose domain it is for and, by a temporary GRUU, whom.</summary>
/// <remarks>
/// A Route with a token of ours proves that the request belongs to a dialog which was let through. All Routes in a row that
/// name us are taken: a request that changes transport or passes a NAT has two of them (RFC 5658). Source: RFC 3261 16.4, RFC 5627 6.1.
/// </remarks>
internal sealed class PreprocessRoute(ServerState server) : IRequestStep
{
    private readonly byte[] _uri = new byte[SipLimits.LargestMessageBytes];

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Message.Has(HeaderId.Route))
        {
            UndoStrictRouting(ref request);
            TakeOwnRoutes(ref request);
            if (request.IsTokenForged) return request.Reply(new SipReply(403) { ReasonPhrase = "Not Our Flow Token"u8 });      // RFC 5626 5.3.1
        }

        if (!request.RequestUri.MulticastAddress.IsEmpty) StripOwnMaddr(ref request);
        request.Domain = server.FindDomain(request.RequestUri);
        if (request.Domain is { Role: not DomainRole.Edge } domain && !request.RequestUri.Parameters.Bytes.IsEmpty && request.Server.Gruus.TryFind(request.RequestUri, domain.NameUtf8.AsSpan(), out ReadOnlySpan<byte> meant))
        {
            request.Retarget(meant);        // from here on it is for the instance, whoever was told how
        }

        return StepResult.Continue;
    }

    /// <summary>A Request-URI that we once wrote into Record-Route comes from a strict router, which put the real one last.</summary>
    private void UndoStrictRouting(ref RequestContext request)
    {
        SipUriView uri = request.RequestUri;
        if (!uri.IsLooseRouter || !server.IsOwn(uri)) return;
        HeaderValue last = default;
        foreach (HeaderValue value in request.Message.Values(HeaderId.Route)) last = value;
        if (!NameAddressView.TryParse(last, out NameAddressView route) || !route.TryGetUri(out SipUriView real)) return;
        ReadToken(ref request, uri);
        request.RequestUri = real;
        request.Routes = new RouteChanges(0, HasLast: true);
    }

    private void TakeOwnRoutes(ref RequestContext request)
    {
        int left = request.Routes.HasLast ? -1 : 0;
        foreach (HeaderValue _ in request.Message.Values(HeaderId.Route)) left++;
        int taken = 0;
        foreach (HeaderValue value in request.Message.Values(HeaderId.Route))
        {
            if (taken == left) break;
            if (!NameAddressView.TryParse(value, out NameAddressView route) || !route.TryGetUri(out SipUriView uri)) break;
            if (!server.IsOwn(uri))
            {
                request.NextRoute = uri;
                break;
            }

            ReadToken(ref request, uri);
            taken++;
        }

        request.Routes = request.Routes with { First = taken };
    }

    private void ReadToken(ref RequestContext request, scoped in SipUriView uri)
    {
        request.Message.TryGetCallId(out ReadOnlySpan<byte> callId);
        if (request.IsInDialog && RouteToken.TryRead(uri.User, server.Keys.Route, callId, out RouteToken token))
        {
            (request.Token, request.NeedsFlow) = (token, false);
            request.Caller = CallerKind.InDialog;
        }
        else if (uri.Parameters.TryGet("ob"u8, out _) && uri.HasUser)
        {
            ReadFlow(ref request, uri);
        }
    }

    /// <summary>A Path of ours, as the registrar gives it back. A phone that has it for its own Route goes the other way by it.</summary>
    /// <remarks>Source: RFC 5626 5.3.</remarks>
    private void ReadFlow(ref RequestContext request, scoped in SipUriView uri)
    {
        if (!RouteToken.TryRead(uri.User, server.Keys.Path, callId: default, out RouteToken token) || !token.HasFlow)
        {
            request.IsTokenForged = true;
            return;
        }

        SipFlow source = request.Incoming.Flow;
        if (token.Flow.Remote == source.Remote && token.Flow.Transport == source.Transport) return;
        (request.Token, request.NeedsFlow) = (token, true);
        request.Caller = CallerKind.InDialog;
    }

    /// <summary>A maddr that names us, on the port and transport that the request came to, was only there to reach us.</summary>
    private void StripOwnMaddr(ref RequestContext request)
    {
        SipUriView uri = request.RequestUri;
        SipTransport transport = uri.Transport == SipTransport.Unknown ? SipTransport.Udp : uri.Transport;
        if (!server.Own.IsOwnHost(uri.MulticastAddress) || !server.Own.IsOwnPort(uri.Port) || transport != request.Incoming.Flow.Transport) return;
        ReadOnlySpan<byte> bytes = uri.Bytes;
        int portLength = uri.HostAndPort.Length - uri.Host.Length;
        int beforePort = bytes.Length - uri.Parameters.Bytes.Length - portLength - (uri.HasHeaders ? uri.Headers.Length + 1 : 0);
        bytes[..beforePort].CopyTo(_uri);
        int length = beforePort;
        foreach (UriParameterView parameter in uri.Parameters)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(parameter.Name, "maddr"u8) || System.Text.Ascii.EqualsIgnoreCase(parameter.Name, "transport"u8)) continue;
            ReadOnlySpan<byte> text = bytes[(parameter.Offset - uri.Offset)..(parameter.End - uri.Offset)];
            text.CopyTo(_uri.AsSpan(length));
            length += text.Length;
        }

        if (SipUriView.TryParse(_uri.AsSpan(0, length), out SipUriView stripped)) request.RequestUri = stripped;
    }
}
