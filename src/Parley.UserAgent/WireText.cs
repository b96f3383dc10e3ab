using System.Buffers;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.UserAgent;

/// <summary>Texts of people as the wire has them, and back.</summary>
internal static class WireText
{
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~");

    /// <summary>Bytes of the wire as text.</summary>
    public static string From(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>A text for the wire.</summary>
    public static byte[] ToBytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>True for a token (RFC 3261 25.1).</summary>
    public static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenCharacters);

    /// <summary>True for a <c>sips</c> URI.</summary>
    public static bool IsSips(ReadOnlySpan<byte> uri) => SipUriView.TryParse(uri, out SipUriView view) && view.Scheme == SipUriScheme.Sips;

    /// <summary>A <c>sip</c> URI as a <c>sips</c> one; any other as it is.</summary>
    public static byte[] ToSips(byte[] uri) => SipUriView.TryParse(uri, out SipUriView view) && view.Scheme == SipUriScheme.Sip ? [.. "sips"u8, .. uri["sip".Length..]] : uri;

    /// <summary>A URI as it may stand in a request line: without headers, nor the method parameter (RFC 3261 19.1.1, table 1).</summary>
    public static SipUri ToRequestUri(SipUri uri) =>
        uri with { Headers = SipParameters.Empty, Parameters = uri.Parameters.Without("method") };

    /// <summary>A URI as it may stand in From and To, which name somebody and not a way there.</summary>
    /// <remarks>The port stays: without a domain it is part of the name. Source: RFC 3261 19.1.1, table 1.</remarks>
    public static SipUri ToName(SipUri uri)
    {
        SipParameters parameters = uri.Parameters;
        foreach (string name in (ReadOnlySpan<string>)["transport", "maddr", "ttl", "lr", "method"]) parameters = parameters.Without(name);
        return uri with { Headers = SipParameters.Empty, Parameters = parameters };
    }
}
