using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>An address with display name and parameters, as From, To, Contact and Route have it. Immutable.</summary>
/// <param name="Uri">The URI.</param>
/// <remarks>Always written with angle brackets. Source: RFC 3261 20.10, 25.1.</remarks>
public sealed record NameAddress(SipUri Uri)
{
    private readonly string? _displayName;
    private readonly SipParameters _parameters = SipParameters.Empty;

    /// <summary>The display name, without quotes and quoted pairs; null when there is none.</summary>
    /// <exception cref="ArgumentException">It has a CR or LF.</exception>
    public string? DisplayName
    {
        get => _displayName;
        init => _displayName = string.IsNullOrEmpty(value) ? null : SipText.OneLine(value, nameof(DisplayName));
    }

    /// <summary>The parameters of the header, not of the URI.</summary>
    /// <exception cref="ArgumentException">A name is no token.</exception>
    public SipParameters Parameters { get => _parameters; init => _parameters = value.ForHeader(nameof(Parameters)); }

    /// <summary>The tag; null when there is none.</summary>
    public string? Tag => Parameters.Get("tag");

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParse(ReadOnlySpan<byte> value, [NotNullWhen(true)] out NameAddress? address)
    {
        address = null;
        return NameAddressView.TryParse(Grammar.Trim(value), 0, out NameAddressView view) && TryFrom(view, out address);
    }

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, [NotNullWhen(true)] out NameAddress? address)
    {
        address = null;
        return value is not null && TryParse(Encoding.UTF8.GetBytes(value), out address);
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static NameAddress Parse(string value) =>
        TryParse(value, out NameAddress? address) ? address : throw new FormatException($"\"{value}\" is no address.");

    /// <summary>Makes an object of a view.</summary>
    /// <returns>False when its URI is none.</returns>
    public static bool TryFrom(in NameAddressView view, [NotNullWhen(true)] out NameAddress? address)
    {
        address = null;
        if (!view.TryGetUri(out SipUriView uriView) || !SipUri.TryFrom(uriView, out SipUri? uri)) return false;
        bool isQuoted = view.RawDisplayName.Length > 0 && view.RawDisplayName[0] == '"';
        address = new NameAddress(uri)
        {
            DisplayName = isQuoted ? QuotedText.Decode(view.DisplayName) : SipText.Decode(view.DisplayName),
            Parameters = SipParameters.From(view.Parameters),
        };
        return true;
    }

    /// <summary>This with another tag.</summary>
    /// <exception cref="ArgumentException">The tag is no token.</exception>
    public NameAddress WithTag(string tag) => With("tag", SipText.Token(tag, nameof(tag)));

    /// <summary>This with a parameter set.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value has a CR or LF.</exception>
    public NameAddress With(string name, string? value = null) => this with { Parameters = Parameters.With(name, value) };

    /// <summary>As it is written on the wire.</summary>
    public override string ToString()
    {
        var builder = new StringBuilder();
        if (DisplayName is not null)
        {
            if (SipText.IsToken(DisplayName)) builder.Append(DisplayName);
            else SipText.AppendQuoted(builder, DisplayName);
            builder.Append(' ');
        }

        builder.Append('<').Append(Uri).Append('>');
        Parameters.AppendTo(builder);
        return builder.ToString();
    }
}
