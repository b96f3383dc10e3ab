using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Which of our users a request says it is from: by From, or by P-Preferred-Identity where From hides the caller.</summary>
/// <remarks>A claim only, until credentials prove it. Source: RFC 3261 26.3.2.1, RFC 3325 5 and 9.2.</remarks>
internal static class CallerIdentity
{
    /// <summary>Reads the claim.</summary>
    /// <param name="request">The request.</param>
    /// <param name="server">Which domains are ours.</param>
    /// <param name="uri">The user's URI; of a caller who is none of ours the URI of From.</param>
    /// <param name="domain">The user's domain; null for a caller who is none of ours.</param>
    /// <returns>False when From has no URI that can be read.</returns>
    public static bool TryRead(scoped in SipMessageView request, ServerState server, out SipUriView uri, out DomainOptions? domain)
    {
        domain = null;
        uri = default;
        if (request.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || !from.TryGetUri(out uri)) return false;
        domain = server.FindDomainOfUser(uri);
        if (domain is not null || !request.Has(HeaderId.PPreferredIdentity)) return true;
        foreach (HeaderValue value in request.Values(HeaderId.PPreferredIdentity))
        {
            if (!NameAddressView.TryParse(value, out NameAddressView preferred) || !preferred.TryGetUri(out SipUriView wished)) continue;
            if (server.FindDomainOfUser(wished) is not { } own) continue;
            uri = wished;
            domain = own;
            return true;
        }

        return true;
    }
}
