using Parley.Sip.Messages;

namespace Parley.Sip.Dialogs;

/// <summary>The proxies that a dialog's requests visit, and what that means for Request-URI and Route.</summary>
/// <remarks>
/// Immutable. To a <c>sips</c> target all routes are <c>sips</c> ones, whatever they were (RFC 5630 5.1.1). Source: RFC 3261 12.1.1, 12.1.2 and 12.2.1.1.
/// </remarks>
internal sealed class RouteSet
{
    private readonly byte[][] _routes;      // values as they came, with their parameters
    private readonly byte[] _firstUri;
    private readonly bool _isStrict;

    private RouteSet(byte[][] routes)
    {
        _routes = routes;
        _firstUri = [];
        if (routes.Length == 0 || !NameAddressView.TryParse(routes[0], 0, out NameAddressView first)) return;
        _firstUri = first.Uri.ToArray();
        _isStrict = !first.TryGetUri(out SipUriView uri) || !uri.IsLooseRouter;
    }

    public static RouteSet Empty { get; } = new([]);

    public int Count => _routes.Length;

    /// <summary>Takes the Record-Route values of a message.</summary>
    /// <param name="message">A request at its server, a response at its client.</param>
    /// <param name="isReversed">True for a response: its nearest proxy is its last value.</param>
    /// <param name="routes">The set.</param>
    /// <returns>False when a value is malformed.</returns>
    public static bool TryRead(in SipMessageView message, bool isReversed, out RouteSet routes)
    {
        routes = Empty;
        if (!message.Has(HeaderId.RecordRoute)) return true;
        var values = new List<byte[]>();
        foreach (HeaderValue value in message.Values(HeaderId.RecordRoute))
        {
            if (!NameAddressView.TryParse(value, out NameAddressView address) || !SipUri.TryParse(address.Uri, out _)) return false;
            values.Add(value.Bytes.ToArray());
        }

        if (isReversed) values.Reverse();
        routes = new RouteSet([.. values]);
        return true;
    }

    /// <summary>The URI that says where a request goes first.</summary>
    public byte[] NextHop(byte[] remoteTarget) => _routes.Length == 0 ? remoteTarget : IsSips(remoteTarget) ? ToSips(_firstUri) : _firstUri;

    /// <summary>The Request-URI: the remote target, or a first router of RFC 2543, which looks nowhere else.</summary>
    public byte[] RequestUri(byte[] remoteTarget) => _isStrict ? AsRequestUri(IsSips(remoteTarget) ? ToSips(_firstUri) : _firstUri) : remoteTarget;

    /// <summary>The value of Route; empty for none. Behind a router of RFC 2543 the remote target is its end.</summary>
    public byte[] Route(byte[] remoteTarget)
    {
        IEnumerable<byte[]> values = _isStrict ? [.. _routes[1..], [(byte)'<', .. remoteTarget, (byte)'>']] : _routes;
        if (IsSips(remoteTarget)) values = values.Select(ToSips);
        var joined = new List<byte>();
        foreach (byte[] value in values)
        {
            if (joined.Count > 0) joined.AddRange(", "u8);
            joined.AddRange(value);
        }

        return [.. joined];
    }

    private static bool IsSips(ReadOnlySpan<byte> uri) => SipUriView.TryParse(uri, out SipUriView view) && view.Scheme == SipUriScheme.Sips;

    /// <summary>A route, or its URI alone, with the secure scheme.</summary>
    private static byte[] ToSips(byte[] value)
    {
        if (!NameAddressView.TryParse(value, 0, out NameAddressView address) || !address.TryGetUri(out SipUriView uri) || uri.Scheme != SipUriScheme.Sip) return value;
        int end = address.UriOffset + "sip".Length;
        return [.. value[..end], (byte)'s', .. value[end..]];
    }

    /// <summary>Without what a Request-URI may not have: a method and headers (RFC 3261 19.1.1, table 1).</summary>
    private static byte[] AsRequestUri(byte[] uri)
    {
        if (!SipUri.TryParse(uri, out SipUri? parsed)) return uri;
        return (parsed with { Headers = SipParameters.Empty, Parameters = parsed.Parameters.Without("method") }).ToBytes();
    }
}
