using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Where a 3xx response says that a request should go instead.</summary>
internal static class Redirection
{
    /// <summary>Takes the contacts of a redirection for targets, where all of them can be.</summary>
    /// <returns>False when the response is to be treated like any other.</returns>
    /// <remarks>A request for a <c>sip</c> URI does not become one for a <c>sips</c> URI, nor the other way round. Source: RFC 3261 16.5, 16.7 step 4; RFC 5630 5.3.</remarks>
    public static bool TryAdd(TargetSet targets, scoped in SipMessageView response, bool isSecure)
    {
        foreach (HeaderValue value in response.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView contact) || contact.IsStar) return false;
            if (!contact.Address.TryGetUri(out SipUriView uri) || uri.Scheme != (isSecure ? SipUriScheme.Sips : SipUriScheme.Sip)) return false;
        }

        bool isAnyNew = false;
        foreach (HeaderValue value in response.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView contact) || !contact.Address.TryGetUri(out SipUriView uri)) continue;
            isAnyNew |= targets.Add(uri, contact.Q < 0 ? TargetSet.MostPreferred : contact.Q);
        }

        return isAnyNew;
    }
}
