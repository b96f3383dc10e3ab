using System.Diagnostics.CodeAnalysis;
using System.Text;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>A URI as SIP has them: sip and sips with their parts, tel with its number, others as they are. Immutable.</summary>
/// <remarks>
/// Texts are without escapes; they are escaped when the URI is written. Two URIs are equal when they are written the same;
/// whether they mean the same is another question (<see cref="IsEquivalentTo"/>). Source: RFC 3261 19.1, RFC 3966.
/// </remarks>
public sealed record SipUri
{
    private readonly string? _user;
    private readonly string? _writtenUser;      // an escaped reserved character is another one than the same unescaped (RFC 3261 19.1.4)
    private readonly string _host = "";
    private readonly string _opaque = "";

    private SipUri(SipUriScheme scheme, string schemeText)
    {
        Scheme = scheme;
        SchemeText = schemeText;
    }

    /// <summary>A sip or sips URI.</summary>
    /// <param name="user">The user without escapes; null for none.</param>
    /// <param name="host">A name, an IPv4 address, or an IPv6 address in brackets.</param>
    /// <param name="port">The port, 0 for none.</param>
    /// <param name="isSecure">True for sips.</param>
    /// <exception cref="ArgumentException">The user is empty or the host is none.</exception>
    public SipUri(string? user, string host, ushort port = 0, bool isSecure = false)
    {
        Scheme = isSecure ? SipUriScheme.Sips : SipUriScheme.Sip;
        SchemeText = isSecure ? "sips" : "sip";
        User = user;
        Host = host;
        Port = port;
    }

    /// <summary>The scheme.</summary>
    public SipUriScheme Scheme { get; }

    /// <summary>The scheme in lower case.</summary>
    public string SchemeText { get; }

    /// <summary>The user, without escapes; of a tel URI the number; null when there is none.</summary>
    /// <exception cref="ArgumentException">Empty; of a tel URI no number.</exception>
    public string? User
    {
        get => _user;
        init
        {
            if (value is { Length: 0 }) throw new ArgumentException("A user is not empty.", nameof(User));
            if (Scheme == SipUriScheme.Tel && (value is null || Encoding.UTF8.GetBytes(value).AsSpan().ContainsAnyExcept(Grammar.PhoneNumber)))
            {
                throw new ArgumentException("No telephone number.", nameof(User));
            }

            _user = value;
            _writtenUser = value is null || Scheme == SipUriScheme.Tel ? value : SipText.Escape(value, Grammar.UserUnescaped);
        }
    }

    /// <summary>The password, without escapes; null when there is none. Written only when there is a user.</summary>
    public string? Password { get; init; }

    /// <summary>The host; empty for other schemes than sip and sips.</summary>
    /// <exception cref="ArgumentException">No host.</exception>
    public string Host { get => _host; init => _host = SipText.Host(value, nameof(Host)); }

    /// <summary>The port, 0 when there is none.</summary>
    public ushort Port { get; init; }

    /// <summary>The parameters.</summary>
    public SipParameters Parameters { get; init; } = SipParameters.Empty;

    /// <summary>The headers that follow the question mark.</summary>
    public SipParameters Headers { get; init; } = SipParameters.Empty;

    /// <summary>True for sip and sips.</summary>
    public bool IsSip => Scheme is SipUriScheme.Sip or SipUriScheme.Sips;

    /// <summary>What the transport parameter names; <see cref="SipTransport.Unknown"/> without one.</summary>
    public SipTransport Transport => Parameters.Get("transport") is { } name ? SipTransports.Parse(Encoding.UTF8.GetBytes(name)) : SipTransport.Unknown;

    /// <summary>True when there is an lr parameter.</summary>
    public bool IsLooseRouter => Parameters.Contains("lr");

    /// <summary>Reads a URI.</summary>
    /// <returns>False when it is none, and when its escapes are not UTF-8.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out SipUri? uri)
    {
        uri = null;
        return SipUriView.TryParse(text, out SipUriView view) && TryFrom(view, out uri);
    }

    /// <summary>Reads a URI.</summary>
    /// <returns>False when it is none, and when its escapes are not UTF-8.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out SipUri? uri)
    {
        uri = null;
        return text is not null && TryParse(Encoding.UTF8.GetBytes(text), out uri);
    }

    /// <summary>Reads a URI.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static SipUri Parse(string text) => TryParse(text, out SipUri? uri) ? uri : throw new FormatException($"\"{text}\" is no URI.");

    /// <summary>A tel URI.</summary>
    /// <exception cref="ArgumentException">No telephone number.</exception>
    public static SipUri Tel(string number) => new(SipUriScheme.Tel, "tel") { User = number };

    /// <summary>Makes an object of a view.</summary>
    /// <returns>False when its escapes are not UTF-8.</returns>
    public static bool TryFrom(in SipUriView view, [NotNullWhen(true)] out SipUri? uri)
    {
        uri = null;
        string scheme = Encoding.ASCII.GetString(view.SchemeBytes).ToLowerInvariant();
        if (view.Scheme == SipUriScheme.Other)
        {
            uri = new SipUri(SipUriScheme.Other, scheme) { Opaque = Encoding.UTF8.GetString(view.Bytes[(scheme.Length + 1)..]) };
            return true;
        }

        if (!SipText.TryUnescape(view.User, out string user) || !SipText.TryUnescape(view.Password, out string password)) return false;
        if (!SipParameters.TryFrom(view.Parameters, out SipParameters parameters)) return false;
        SipParameters headers = SipParameters.Empty;
        if (!view.Headers.IsEmpty && !SipParameters.TryFromUriHeaders(view.Headers, out headers)) return false;
        uri = new SipUri(view.Scheme, scheme)
        {
            User = view.HasUser ? user : null,
            Password = view.HasPassword ? password : null,
            Port = view.Port,
            Parameters = parameters,
            Headers = headers,
        };
        if (uri.IsSip) uri = uri with { Host = Encoding.ASCII.GetString(view.Host), WrittenUser = view.HasUser ? SipText.Reescape(view.User, Grammar.UserUnescaped) : null };
        return true;
    }

    /// <summary>True when both mean the same.</summary>
    /// <remarks>Source: RFC 3261 19.1.4. Not transitive.</remarks>
    public bool IsEquivalentTo(SipUri other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SipUriView.TryParse(ToBytes(), out SipUriView left) && SipUriView.TryParse(other.ToBytes(), out SipUriView right)
            && SipUriView.Equivalent(left, right);
    }

    /// <summary>This with a parameter set.</summary>
    public SipUri With(string name, string? value = null) => this with { Parameters = Parameters.With(name, value) };

    /// <summary>The host as an address, with <see cref="Port"/>.</summary>
    /// <returns>False when it is a name.</returns>
    public bool TryGetAddress(out NetworkAddress address) => SipHost.TryParseAddress(Encoding.UTF8.GetBytes(Host), Port, out address);

    /// <summary>As it is written on the wire.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <summary>As it is written on the wire.</summary>
    public override string ToString()
    {
        var builder = new StringBuilder(SchemeText).Append(':');
        switch (Scheme)
        {
            case SipUriScheme.Other:
                return builder.Append(_opaque).ToString();
            case SipUriScheme.Tel:
                builder.Append(User);
                break;
            default:
                if (User is not null)
                {
                    builder.Append(_writtenUser);
                    if (Password is not null) SipText.AppendEscaped(builder.Append(':'), Password, Grammar.PasswordUnescaped);
                    builder.Append('@');
                }

                builder.Append(Host);
                if (Port != 0) builder.Append(':').Append(Port);
                break;
        }

        Parameters.AppendToUri(builder);
        if (IsSip) Headers.AppendUriHeaders(builder);
        return builder.ToString();
    }

    /// <summary>True when both are written the same.</summary>
    public bool Equals(SipUri? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private string? WrittenUser { init => _writtenUser = value; }

    // What follows the colon of another scheme.
    private string Opaque { init => _opaque = value; }
}
