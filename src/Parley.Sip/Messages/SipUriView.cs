using System.Text;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>The schemes that Parley tells apart.</summary>
public enum SipUriScheme : byte
{
    /// <summary>Any other absolute URI: kept as it is.</summary>
    Other,

    /// <summary>RFC 3261 19.1.</summary>
    Sip,

    /// <summary>RFC 3261 19.1 and 26.2.2.</summary>
    Sips,

    /// <summary>RFC 3966.</summary>
    Tel,
}

/// <summary>A URI over the bytes it was read from.</summary>
/// <remarks>
/// <code>
/// sip:alice:secret@atlanta.example:5060;transport=tcp;lr?subject=hi
/// ^   ^     ^      ^               ^   ^                ^
/// Scheme User Password Host        Port Parameters      Headers
/// </code>
/// Characters that ought to be escaped but cannot be mistaken (as # in a user) are accepted; controls, spaces, quotes
/// and angle brackets are not. Source: RFC 3261 19.1.1 and 25.1, RFC 3966 3.
/// </remarks>
public readonly ref struct SipUriView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ushort _schemeLength;
    private readonly ushort _userEnd;          // 0 when there is no user
    private readonly ushort _passwordEnd;      // the same as _userEnd when there is no password
    private readonly ushort _hostStart;
    private readonly ushort _hostEnd;
    private readonly ushort _parametersStart;
    private readonly ushort _parametersEnd;    // headers follow a question mark here, when there are any

    private SipUriView(ReadOnlySpan<byte> bytes, int offset, SipUriScheme scheme, int schemeLength, int userEnd, int passwordEnd,
        int hostStart, int hostEnd, ushort port, int parametersStart, int parametersEnd)
    {
        _bytes = bytes;
        Offset = offset;
        Scheme = scheme;
        Port = port;
        _schemeLength = (ushort)schemeLength;
        _userEnd = (ushort)userEnd;
        _passwordEnd = (ushort)passwordEnd;
        _hostStart = (ushort)hostStart;
        _hostEnd = (ushort)hostEnd;
        _parametersStart = (ushort)parametersStart;
        _parametersEnd = (ushort)parametersEnd;
    }

    /// <summary>The whole URI.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Where it starts in the message.</summary>
    public int Offset { get; }

    /// <summary>Its scheme.</summary>
    public SipUriScheme Scheme { get; }

    /// <summary>The scheme as it was written, without the colon.</summary>
    public ReadOnlySpan<byte> SchemeBytes => _bytes[.._schemeLength];

    /// <summary>True for sip and sips: what has user, host and port.</summary>
    public bool IsSip => Scheme is SipUriScheme.Sip or SipUriScheme.Sips;

    /// <summary>True when there is a user, even if a password follows it.</summary>
    public bool HasUser => _userEnd != 0;

    /// <summary>The user as it was written, escapes included; empty when there is none. Of a tel URI the number.</summary>
    public ReadOnlySpan<byte> User => HasUser ? _bytes[(_schemeLength + 1).._userEnd] : default;

    /// <summary>True when there is a password, even an empty one.</summary>
    public bool HasPassword => _passwordEnd > _userEnd;

    /// <summary>The password as it was written; empty when there is none.</summary>
    public ReadOnlySpan<byte> Password => HasPassword ? _bytes[(_userEnd + 1).._passwordEnd] : default;

    /// <summary>The host as it was written, an IPv6 address with its brackets; empty for other schemes than sip and sips.</summary>
    public ReadOnlySpan<byte> Host => _bytes[_hostStart.._hostEnd];

    /// <summary>The port, 0 when none is given.</summary>
    public ushort Port { get; }

    /// <summary>Host and port as they were written.</summary>
    public ReadOnlySpan<byte> HostAndPort => _bytes[_hostStart.._parametersStart];

    /// <summary>The parameters.</summary>
    public UriParametersView Parameters => new(_bytes[_parametersStart.._parametersEnd], Offset + _parametersStart);

    /// <summary>What follows the question mark; empty when nothing does.</summary>
    public ReadOnlySpan<byte> Headers => _parametersEnd < _bytes.Length ? _bytes[(_parametersEnd + 1)..] : default;

    /// <summary>True when there is a question mark.</summary>
    public bool HasHeaders => _parametersEnd < _bytes.Length;

    /// <summary>What the transport parameter names; <see cref="SipTransport.Unknown"/> without one.</summary>
    public SipTransport Transport => Parameters.TryGet("transport"u8, out UriParameterView p) ? SipTransports.Parse(p.Value) : SipTransport.Unknown;

    /// <summary>True when there is an lr parameter: the next hop routes loosely (RFC 3261 19.1.1).</summary>
    public bool IsLooseRouter => Parameters.TryGet("lr"u8, out _);

    /// <summary>The host of the maddr parameter; empty without one.</summary>
    public ReadOnlySpan<byte> MulticastAddress => Parameters.TryGet("maddr"u8, out UriParameterView p) ? p.Value : default;

    /// <summary>The ttl parameter.</summary>
    /// <value>0 to 255, -1 without one or with a bad one.</value>
    public int TimeToLive =>
        Parameters.TryGet("ttl"u8, out UriParameterView p) && Grammar.TryParseNumber(p.Value, out uint ttl) && ttl <= 255 ? (int)ttl : -1;

    /// <summary>The host as an address, with <see cref="Port"/>.</summary>
    /// <returns>False when it is a name.</returns>
    public bool TryGetAddress(out NetworkAddress address) => SipHost.TryParseAddress(Host, Port, out address);

    /// <summary>Reads a URI.</summary>
    /// <param name="uri">The URI and nothing else.</param>
    /// <param name="offset">Where it is in the message.</param>
    /// <param name="view">The URI.</param>
    public static bool TryParse(ReadOnlySpan<byte> uri, int offset, out SipUriView view)
    {
        view = default;
        if (uri.Length is < 3 or > SipLimits.LargestMessageBytes || uri.ContainsAny(Grammar.NeverInUri)) return false;
        int colon = uri.IndexOf((byte)':');
        if (!IsScheme(uri, colon)) return false;
        SipUriScheme scheme = ReadScheme(uri[..colon]);
        return scheme switch
        {
            SipUriScheme.Other => TryParseOther(uri, offset, colon, out view),
            SipUriScheme.Tel => TryParseTel(uri, offset, colon, out view),
            _ => TryParseSip(uri, offset, scheme, colon, out view),
        };
    }

    /// <summary>Reads a URI.</summary>
    public static bool TryParse(ReadOnlySpan<byte> uri, out SipUriView view) => TryParse(uri, 0, out view);

    /// <summary>True when two URIs are equivalent.</summary>
    /// <remarks>Source: RFC 3261 19.1.4; for tel URIs RFC 3966 5; other URIs are compared byte by byte behind the scheme.</remarks>
    public static bool Equivalent(in SipUriView left, in SipUriView right) => SipUriEquivalence.Compare(left, right);

    /// <summary>True when two URIs are equivalent but that one of them may be <c>sips</c> where the other is <c>sip</c>: both name the same resource.</summary>
    /// <remarks>Source: RFC 5630 4.1.</remarks>
    public static bool SameResource(in SipUriView left, in SipUriView right) => SipUriEquivalence.SameResource(left, right);

    /// <summary>The URI as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes);

    /// <summary>True when a scheme ends at the colon: a letter, then letters, digits, plus, minus and dot.</summary>
    internal static bool IsScheme(ReadOnlySpan<byte> uri, int colon)
    {
        if (colon < 1 || !char.IsAsciiLetter((char)uri[0])) return false;
        for (int i = 1; i < colon; i++)
        {
            if (!char.IsAsciiLetterOrDigit((char)uri[i]) && uri[i] is not ((byte)'+' or (byte)'-' or (byte)'.')) return false;
        }

        return true;
    }

    private static SipUriScheme ReadScheme(ReadOnlySpan<byte> scheme)
    {
        if (scheme.Length == 3)
        {
            if (Ascii.EqualsIgnoreCase(scheme, "sip"u8)) return SipUriScheme.Sip;
            return Ascii.EqualsIgnoreCase(scheme, "tel"u8) ? SipUriScheme.Tel : SipUriScheme.Other;
        }

        return Ascii.EqualsIgnoreCase(scheme, "sips"u8) ? SipUriScheme.Sips : SipUriScheme.Other;
    }

    private static bool TryParseSip(ReadOnlySpan<byte> uri, int offset, SipUriScheme scheme, int colon, out SipUriView view)
    {
        view = default;
        int start = colon + 1;
        int hostStart = start, userEnd = 0, passwordEnd = 0;
        int at = uri[start..].IndexOf((byte)'@');
        if (at >= 0)
        {
            at += start;
            int passwordColon = uri[start..at].IndexOf((byte)':');
            userEnd = passwordColon < 0 ? at : start + passwordColon;
            passwordEnd = at;
            if (userEnd == start || !Grammar.HasValidEscapes(uri[start..at])) return false;
            hostStart = at + 1;
            if (uri[hostStart..].Contains((byte)'@')) return false;
        }

        int end = uri.Length;
        int question = uri[hostStart..].IndexOf((byte)'?');
        int parametersEnd = question < 0 ? end : hostStart + question;
        int semicolon = uri[hostStart..parametersEnd].IndexOf((byte)';');
        int parametersStart = semicolon < 0 ? parametersEnd : hostStart + semicolon;
        if (!TryReadHostAndPort(uri[hostStart..parametersStart], out int hostLength, out ushort port)) return false;
        if (parametersStart < parametersEnd && !new UriParametersView(uri[parametersStart..parametersEnd], 0).IsWellFormed()) return false;
        if (parametersEnd < end && !Grammar.HasValidEscapes(uri[parametersEnd..])) return false;
        view = new SipUriView(uri, offset, scheme, colon, userEnd, passwordEnd, hostStart, hostStart + hostLength, port, parametersStart, parametersEnd);
        return true;
    }

    // hostport  =  host [ ":" port ]
    private static bool TryReadHostAndPort(ReadOnlySpan<byte> text, out int hostLength, out ushort port)
    {
        port = 0;
        hostLength = text.Length;
        if (text.Length == 0) return false;
        int hostEnd = text[0] == '[' ? text.IndexOf((byte)']') + 1 : text.IndexOf((byte)':');
        if (hostEnd < 0) hostEnd = text.Length;
        hostLength = hostEnd;
        if (!Grammar.IsHost(text[..hostEnd])) return false;
        return hostEnd == text.Length || (text[hostEnd] == ':' && Grammar.TryParsePort(text[(hostEnd + 1)..], out port));
    }

    private static bool TryParseTel(ReadOnlySpan<byte> uri, int offset, int colon, out SipUriView view)
    {
        view = default;
        int semicolon = uri.IndexOf((byte)';');
        int numberEnd = semicolon < 0 ? uri.Length : semicolon;
        if (numberEnd == colon + 1 || uri[(colon + 1)..numberEnd].ContainsAnyExcept(Grammar.PhoneNumber)) return false;
        if (!new UriParametersView(uri[numberEnd..], 0).IsWellFormed()) return false;
        view = new SipUriView(uri, offset, SipUriScheme.Tel, colon, numberEnd, numberEnd, 0, 0, 0, numberEnd, uri.Length);
        return true;
    }

    private static bool TryParseOther(ReadOnlySpan<byte> uri, int offset, int colon, out SipUriView view)
    {
        view = default;
        if (colon == uri.Length - 1 || !Grammar.HasValidEscapes(uri)) return false;
        view = new SipUriView(uri, offset, SipUriScheme.Other, colon, 0, 0, 0, 0, 0, uri.Length, uri.Length);
        return true;
    }
}

/// <summary>One parameter of a URI.</summary>
public readonly ref struct UriParameterView
{
    internal UriParameterView(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool hasValue, int offset)
    {
        Name = name;
        Value = value;
        HasValue = hasValue;
        Offset = offset;
    }

    /// <summary>The name as it was written.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The value as it was written; empty when there is none.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>True when there is an equals sign.</summary>
    public bool HasValue { get; }

    /// <summary>Where its semicolon is in the message.</summary>
    public int Offset { get; }

    /// <summary>Where it ends in the message.</summary>
    public int End => Offset + 1 + Name.Length + (HasValue ? 1 + Value.Length : 0);
}

/// <summary>The parameters of a URI: <c>*( ";" pname [ "=" pvalue ] )</c>.</summary>
/// <remarks>Source: RFC 3261 25.1.</remarks>
public ref struct UriParametersView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _offset;
    private int _start;
    private int _equals;
    private int _end;

    internal UriParametersView(ReadOnlySpan<byte> bytes, int offset)
    {
        _bytes = bytes;
        _offset = offset;
    }

    /// <summary>All of them as they were written, with the first semicolon.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The parameter that <see cref="MoveNext"/> went to.</summary>
    public readonly UriParameterView Current => _equals < 0
        ? new(_bytes[(_start + 1).._end], default, hasValue: false, _offset + _start)
        : new(_bytes[(_start + 1).._equals], _bytes[(_equals + 1).._end], hasValue: true, _offset + _start);

    /// <summary>This, from the start.</summary>
    public readonly UriParametersView GetEnumerator() => new(_bytes, _offset);

    /// <summary>Goes to the next parameter.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        if (_end >= _bytes.Length) return false;
        _start = _end;
        ReadOnlySpan<byte> rest = _bytes[(_start + 1)..];
        int semicolon = rest.IndexOf((byte)';');
        if (semicolon >= 0) rest = rest[..semicolon];
        _end = _start + 1 + rest.Length;
        int equals = rest.IndexOf((byte)'=');
        _equals = equals < 0 ? -1 : _start + 1 + equals;
        return true;
    }

    /// <summary>Finds a parameter by its name, in any case.</summary>
    public readonly bool TryGet(ReadOnlySpan<byte> name, out UriParameterView parameter)
    {
        foreach (UriParameterView candidate in this)
        {
            if (!Ascii.EqualsIgnoreCase(candidate.Name, name)) continue;
            parameter = candidate;
            return true;
        }

        parameter = default;
        return false;
    }

    internal readonly bool IsWellFormed()
    {
        if (_bytes.Length == 0) return true;
        if (_bytes[0] != ';' || !Grammar.HasValidEscapes(_bytes)) return false;
        foreach (UriParameterView parameter in this)
        {
            if (parameter.Name.Length == 0) return false;
        }

        return true;
    }
}
