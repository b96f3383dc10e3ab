using Parley.Sip.Messages;

namespace Parley.UserAgent.Registrations;

/// <summary>The proxies by which a registrar wants the requests of who is registered to go.</summary>
/// <remarks>
/// As the last 2xx to a REGISTER had it, in its order; a Service-Route that could not be followed is none. Source: RFC 3608 6.1.
/// </remarks>
internal sealed class ServiceRoute
{
    private const int MaxValues = 16;

    private readonly byte[][] _values;

    private ServiceRoute(byte[] first, byte[][] values) => (First, _values) = (first, values);

    private ServiceRoute() => _values = [];

    /// <summary>No proxies: requests go to where their URI leads.</summary>
    public static ServiceRoute None { get; } = new();

    /// <summary>The URI of the first one; null without any.</summary>
    public byte[]? First { get; }

    /// <summary>Reads what an answer says.</summary>
    public static ServiceRoute Of(in SipMessageView response)
    {
        if (!response.Has(HeaderId.ServiceRoute)) return None;
        byte[]? first = null;
        List<byte[]> values = [];
        foreach (HeaderValue value in response.Values(HeaderId.ServiceRoute))
        {
            // Section 5: a value has the syntax of a Route, and lr.
            bool isRoute = NameAddressView.TryParse(value, out NameAddressView address) && address.IsBracketed
                && address.TryGetUri(out SipUriView uri) && uri.IsSip && uri.IsLooseRouter;
            if (!isRoute || values.Count == MaxValues) return None;
            first ??= address.Uri.ToArray();
            values.Add(address.Bytes[(address.UriOffset - address.Offset - 1)..].ToArray());
        }

        return first is null ? None : new ServiceRoute(first, [.. values]);
    }

    /// <summary>Writes them as values of Route.</summary>
    /// <param name="isSecure">True when the first one has to be a <c>sips</c> URI (RFC 5630 5.1.1).</param>
    public byte[] Write(bool isSecure)
    {
        List<byte> route = [];
        foreach (byte[] value in _values)
        {
            if (route.Count > 0) route.AddRange(", "u8);
            else if (isSecure && value.AsSpan().StartsWith("<sip:"u8))
            {
                route.AddRange("<sips"u8);
                route.AddRange(value.AsSpan("<sip".Length));
                continue;
            }

            route.AddRange(value);
        }

        return [.. route];
    }
}
