using System.Text;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Where the configuration sends a call: a user of the same domain by name, or anybody by URI.</summary>
public sealed record CallTarget
{
    private readonly byte[] _utf8;
    private readonly byte[] _secureUtf8;

    /// <summary>A target.</summary>
    /// <param name="uri">A sip or sips URI.</param>
    public CallTarget(SipUri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        Uri = uri;
        _utf8 = Encoding.UTF8.GetBytes(uri.ToString());
        _secureUtf8 = uri.Scheme == SipUriScheme.Sip ? [.. "sips"u8, .. _utf8["sip".Length..]] : _utf8;
    }

    /// <summary>The URI.</summary>
    public SipUri Uri { get; }

    /// <summary>The URI as a Request-URI has it.</summary>
    /// <param name="isSecure">True for a request that is for a <c>sips</c> URI, and stays that (RFC 5630 5.3).</param>
    internal ReadOnlySpan<byte> UriFor(bool isSecure) => isSecure ? _secureUtf8 : _utf8;

    /// <summary>Reads what an administrator writes: <c>bob</c>, <c>bob@example.net</c> or <c>sip:bob@example.net:5080;transport=tcp</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="domain">The domain of a name that has none.</param>
    /// <returns>Null when it is none of these.</returns>
    internal static CallTarget? Read(string text, string domain)
    {
        bool hasScheme = text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("sips:", StringComparison.OrdinalIgnoreCase);
        string written = hasScheme ? text : text.Contains('@', StringComparison.Ordinal) ? $"sip:{text}" : $"sip:{text}@{domain}";
        return SipUri.TryParse(written, out SipUri? uri) && uri is { IsSip: true, User: not null, Headers.Count: 0 } && !uri.Parameters.Contains("method")
            ? new CallTarget(uri)
            : null;
    }

    /// <inheritdoc/>
    public bool Equals(CallTarget? other) => other is not null && Uri == other.Uri;

    /// <inheritdoc/>
    public override int GetHashCode() => Uri.GetHashCode();
}
