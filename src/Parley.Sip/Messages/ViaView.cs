using System.Text;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>One Via value over the bytes it was read from.</summary>
/// <remarks>
/// <code>SIP/2.0/UDP pc33.atlanta.example:5060;branch=z9hG4bK776;received=192.0.2.1;rport=5060</code>
/// Source: RFC 3261 20.42 and 25.1, RFC 3581 3.
/// </remarks>
public readonly ref struct ViaView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Parts _parts;

    /// <summary>Where the parts are in the value; an empty one is not there. 16 bits are enough for every message.</summary>
    internal struct Parts
    {
        public ushort TransportStart, TransportEnd, HostStart, HostEnd, ParametersStart;
        public ushort BranchStart, BranchEnd, ReceivedStart, ReceivedEnd, MulticastAddressStart, MulticastAddressEnd;
        public ushort Port, Rport;
        public short TimeToLive;
        public bool IsSip2, HasRport, HasAlias;
        public SipTransport Transport;
    }

    internal ViaView(ReadOnlySpan<byte> bytes, int offset, scoped in Parts parts)
    {
        _bytes = bytes;
        Offset = offset;
        _parts = parts;
    }

    /// <summary>What reading it has found.</summary>
    internal Parts Found => _parts;

    /// <summary>The whole value.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Where it starts in the message.</summary>
    public int Offset { get; }

    /// <summary>True for SIP/2.0.</summary>
    public bool IsSip2 => _parts.IsSip2;

    /// <summary>The transport; <see cref="SipTransport.Unknown"/> when it is none of ours.</summary>
    public SipTransport Transport => _parts.Transport;

    /// <summary>The transport as it was written.</summary>
    public ReadOnlySpan<byte> TransportBytes => _bytes[_parts.TransportStart.._parts.TransportEnd];

    /// <summary>The host of sent-by, an IPv6 address with its brackets.</summary>
    public ReadOnlySpan<byte> Host => _bytes[_parts.HostStart.._parts.HostEnd];

    /// <summary>The port of sent-by, 0 when none is given.</summary>
    public ushort Port => _parts.Port;

    /// <summary>All parameters.</summary>
    public ParametersView Parameters => new(_bytes[_parts.ParametersStart..], Offset + _parts.ParametersStart);

    /// <summary>The branch; empty when there is none.</summary>
    public ReadOnlySpan<byte> Branch => _bytes[_parts.BranchStart.._parts.BranchEnd];

    /// <summary>The received parameter: an address, of IPv6 with or without brackets; empty when there is none.</summary>
    public ReadOnlySpan<byte> Received => _bytes[_parts.ReceivedStart.._parts.ReceivedEnd];

    /// <summary>True when there is an rport parameter, with or without value.</summary>
    public bool HasRport => _parts.HasRport;

    /// <summary>The value of rport, 0 when it has none.</summary>
    public ushort Rport => _parts.Rport;

    /// <summary>True when the sender takes requests over the connection that it has opened (RFC 5923 7).</summary>
    public bool HasAlias => _parts.HasAlias;

    /// <summary>The host of the maddr parameter; empty when there is none.</summary>
    public ReadOnlySpan<byte> MulticastAddress => _bytes[_parts.MulticastAddressStart.._parts.MulticastAddressEnd];

    /// <summary>The ttl parameter.</summary>
    /// <value>0 to 255, -1 when there is none.</value>
    public int TimeToLive => _parts.TimeToLive;

    /// <summary>True when the branch starts with the magic cookie, so that it names the transaction (RFC 3261 8.1.1.7).</summary>
    public bool HasRfc3261Branch => Branch.Length > MagicCookie.Length && Ascii.EqualsIgnoreCase(Branch[..MagicCookie.Length], MagicCookie);

    /// <summary>What a branch of RFC 3261 starts with.</summary>
    public static ReadOnlySpan<byte> MagicCookie => "z9hG4bK"u8;

    /// <summary>True when transport, sent-by and branch are the same: a response to a request that had this Via is ours, and a request with it is the same transaction.</summary>
    /// <remarks>Source: RFC 3261 17.1.3, 17.2.3. Host names and the branch are compared without case.</remarks>
    public bool HasSameSentBy(in ViaView other) => Port == other.Port && Ascii.EqualsIgnoreCase(Host, other.Host);

    /// <summary>sent-by as an address.</summary>
    /// <param name="defaultPort">The port when none is given.</param>
    /// <param name="address">The address.</param>
    /// <returns>False when it is a name.</returns>
    public bool TryGetSentByAddress(ushort defaultPort, out NetworkAddress address) =>
        SipHost.TryParseAddress(Host, Port == 0 ? defaultPort : Port, out address);

    /// <summary>Reads a value.</summary>
    public static bool TryParse(scoped in HeaderValue value, out ViaView via)
    {
        via = default;
        return value.IsClosed && TryParse(value.Bytes, value.Offset, out via);
    }

    /// <summary>Reads a value.</summary>
    /// <param name="bytes">The value and nothing else.</param>
    /// <param name="offset">Where it is in the message.</param>
    /// <param name="via">The value.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int offset, out ViaView via)
    {
        via = default;
        if (bytes.Length > SipLimits.LargestMessageBytes) return false;
        Parts parts = default;
        if (!TryReadProtocol(bytes, ref parts) || !TryReadSentBy(bytes, ref parts) || !TryReadParameters(bytes, ref parts)) return false;
        via = new ViaView(bytes, offset, parts);
        return true;
    }

    // via-parm       =  sent-protocol LWS sent-by *( SEMI via-params )
    // sent-protocol  =  protocol-name SLASH protocol-version SLASH transport
    private static bool TryReadProtocol(ReadOnlySpan<byte> bytes, ref Parts parts)
    {
        int transportStart;
        if (bytes.StartsWith("SIP/2.0/"u8) && bytes.Length > 8 && !Grammar.IsWhiteSpace(bytes[8]))
        {
            parts.IsSip2 = true;
            transportStart = 8;
        }
        else
        {
            int nameEnd = Grammar.TokenEnd(bytes, 0);
            int versionStart = PastSlash(bytes, nameEnd);
            if (nameEnd == 0 || versionStart < 0) return false;
            int versionEnd = Grammar.TokenEnd(bytes, versionStart);
            transportStart = PastSlash(bytes, versionEnd);
            if (versionEnd == versionStart || transportStart < 0) return false;
            parts.IsSip2 = Ascii.EqualsIgnoreCase(bytes[..nameEnd], "SIP"u8) && bytes[versionStart..versionEnd].SequenceEqual("2.0"u8);
        }

        int transportEnd = Grammar.TokenEnd(bytes, transportStart);
        if (transportEnd == transportStart) return false;
        parts.TransportStart = (ushort)transportStart;
        parts.TransportEnd = (ushort)transportEnd;
        parts.Transport = SipTransports.Parse(bytes[transportStart..transportEnd]);
        parts.HostStart = (ushort)Grammar.SkipWhiteSpace(bytes, transportEnd);
        return parts.HostStart > transportEnd && parts.HostStart < bytes.Length;
    }

    // sent-by  =  host [ COLON port ]
    private static bool TryReadSentBy(ReadOnlySpan<byte> bytes, ref Parts parts)
    {
        ReadOnlySpan<byte> rest = bytes[parts.HostStart..];
        int length = rest[0] == '[' ? rest.IndexOf((byte)']') + 1 : rest.IndexOfAnyExcept(Grammar.HostName);
        if (length < 0) length = rest.Length;
        if (length == 0 || !Grammar.IsHost(rest[..length])) return false;
        parts.HostEnd = (ushort)(parts.HostStart + length);
        int at = Grammar.SkipWhiteSpace(bytes, parts.HostEnd);
        if (at < bytes.Length && bytes[at] == ':')
        {
            int portStart = Grammar.SkipWhiteSpace(bytes, at + 1);
            at = portStart;
            while (at < bytes.Length && char.IsAsciiDigit((char)bytes[at])) at++;
            if (!Grammar.TryParsePort(bytes[portStart..at], out parts.Port)) return false;
        }

        parts.ParametersStart = (ushort)at;
        return true;
    }

    private static bool TryReadParameters(ReadOnlySpan<byte> bytes, ref Parts parts)
    {
        parts.TimeToLive = -1;
        var parameters = new ParametersView(bytes[parts.ParametersStart..], parts.ParametersStart);
        while (parameters.MoveNext())
        {
            if (!TryReadParameter(parameters.Current, ref parts)) return false;
        }

        return !parameters.IsMalformed;
    }

    // Each may be there once. A branch is compared and copied but never read, so it may have what a token may not.
    private static bool TryReadParameter(scoped in ParameterView parameter, ref Parts parts)
    {
        ReadOnlySpan<byte> value = parameter.RawValue;
        ushort start = (ushort)parameter.ValueOffset, end = (ushort)parameter.End;
        switch (parameter.Name.Length)
        {
            case 3 when parameter.Is("ttl"u8):
                return parts.TimeToLive < 0 && TryReadTimeToLive(value, out parts.TimeToLive);
            case 5 when parameter.Is("rport"u8):
                if (parts.HasRport || (parameter.HasValue && !Grammar.TryParsePort(value, out parts.Rport))) return false;
                parts.HasRport = true;
                return true;
            case 5 when parameter.Is("alias"u8):
                parts.HasAlias = true;
                return true;
            case 5 when parameter.Is("maddr"u8):
                if (parts.MulticastAddressEnd != 0 || !Grammar.IsHost(value)) return false;
                (parts.MulticastAddressStart, parts.MulticastAddressEnd) = (start, end);
                return true;
            case 6 when parameter.Is("branch"u8):
                if (parts.BranchEnd != 0 || !parameter.HasValue || parameter.IsQuoted) return false;
                (parts.BranchStart, parts.BranchEnd) = (start, end);
                return true;
            case 8 when parameter.Is("received"u8):
                if (parts.ReceivedEnd != 0 || !SipHost.TryParseAddress(value, 0, out _)) return false;
                (parts.ReceivedStart, parts.ReceivedEnd) = (start, end);
                return true;
            default:
                return true;
        }
    }

    private static bool TryReadTimeToLive(ReadOnlySpan<byte> text, out short timeToLive)
    {
        bool isFine = Grammar.TryParseNumber(text, out uint number) && number <= 255;
        timeToLive = isFine ? (short)number : (short)-1;
        return isFine;
    }

    // SLASH  =  SWS "/" SWS
    private static int PastSlash(ReadOnlySpan<byte> bytes, int at)
    {
        at = Grammar.SkipWhiteSpace(bytes, at);
        return at < bytes.Length && bytes[at] == '/' ? Grammar.SkipWhiteSpace(bytes, at + 1) : -1;
    }
}
