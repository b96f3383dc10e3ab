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
    private ViaView(ReadOnlySpan<byte> bytes, int offset)
    {
        Bytes = bytes;
        Offset = offset;
    }

    /// <summary>The whole value.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Where it starts in the message.</summary>
    public int Offset { get; }

    /// <summary>True for SIP/2.0.</summary>
    public bool IsSip2 { get; private init; }

    /// <summary>The transport; <see cref="SipTransport.Unknown"/> when it is none of ours.</summary>
    public SipTransport Transport { get; private init; }

    /// <summary>The transport as it was written.</summary>
    public ReadOnlySpan<byte> TransportBytes { get; private init; }

    /// <summary>The host of sent-by, an IPv6 address with its brackets.</summary>
    public ReadOnlySpan<byte> Host { get; private init; }

    /// <summary>The port of sent-by, 0 when none is given.</summary>
    public ushort Port { get; private init; }

    /// <summary>All parameters.</summary>
    public ParametersView Parameters { get; private init; }

    /// <summary>The branch; empty when there is none.</summary>
    public ReadOnlySpan<byte> Branch { get; private init; }

    /// <summary>True when the branch starts with the magic cookie, so that it names the transaction (RFC 3261 8.1.1.7).</summary>
    public bool HasRfc3261Branch => Branch.Length > MagicCookie.Length && Ascii.EqualsIgnoreCase(Branch[..MagicCookie.Length], MagicCookie);

    /// <summary>The received parameter: an address, of IPv6 with or without brackets; empty when there is none.</summary>
    public ReadOnlySpan<byte> Received { get; private init; }

    /// <summary>True when there is an rport parameter, with or without value.</summary>
    public bool HasRport { get; private init; }

    /// <summary>The value of rport, 0 when it has none.</summary>
    public ushort Rport { get; private init; }

    /// <summary>The host of the maddr parameter; empty when there is none.</summary>
    public ReadOnlySpan<byte> MulticastAddress { get; private init; }

    /// <summary>The ttl parameter.</summary>
    /// <value>0 to 255, -1 when there is none.</value>
    public int TimeToLive { get; private init; }

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
        NetworkAddress.TryParseHost(Host, Port == 0 ? defaultPort : Port, out address);

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
        // via-parm  =  protocol-name SLASH protocol-version SLASH transport LWS sent-by *( SEMI via-params )
        int nameEnd = Grammar.TokenEnd(bytes, 0);
        int versionStart = PastSlash(bytes, nameEnd);
        if (nameEnd == 0 || versionStart < 0) return false;
        int versionEnd = Grammar.TokenEnd(bytes, versionStart);
        int transportStart = PastSlash(bytes, versionEnd);
        if (versionEnd == versionStart || transportStart < 0) return false;
        int transportEnd = Grammar.TokenEnd(bytes, transportStart);
        int hostStart = Grammar.SkipWhiteSpace(bytes, transportEnd);
        if (transportEnd == transportStart || hostStart == transportEnd || hostStart == bytes.Length) return false;

        int hostEnd;
        if (bytes[hostStart] == '[')
        {
            int bracket = bytes[hostStart..].IndexOf((byte)']');
            if (bracket < 0) return false;
            hostEnd = hostStart + bracket + 1;
        }
        else
        {
            int length = bytes[hostStart..].IndexOfAnyExcept(Grammar.HostName);
            hostEnd = length < 0 ? bytes.Length : hostStart + length;
        }

        ReadOnlySpan<byte> host = bytes[hostStart..hostEnd];
        if (!Grammar.IsHost(host)) return false;
        int at = Grammar.SkipWhiteSpace(bytes, hostEnd);
        ushort port = 0;
        if (at < bytes.Length && bytes[at] == ':')
        {
            int portStart = Grammar.SkipWhiteSpace(bytes, at + 1);
            int length = bytes[portStart..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            at = length < 0 ? bytes.Length : portStart + length;
            if (!Grammar.TryParsePort(bytes[portStart..at], out port)) return false;
        }

        return TryReadParameters(new ParametersView(bytes[at..], offset + at), new ViaView(bytes, offset)
        {
            IsSip2 = Ascii.EqualsIgnoreCase(bytes[..nameEnd], "SIP"u8) && bytes[versionStart..versionEnd].SequenceEqual("2.0"u8),
            Transport = SipTransports.Parse(bytes[transportStart..transportEnd]),
            TransportBytes = bytes[transportStart..transportEnd],
            Host = host,
            Port = port,
        }, out via);
    }

    private static bool TryReadParameters(ParametersView parameters, scoped in ViaView start, out ViaView via)
    {
        ReadOnlySpan<byte> branch = default, received = default, multicastAddress = default;
        bool hasRport = false;
        ushort rport = 0;
        int timeToLive = -1;
        via = default;
        ParametersView all = parameters.GetEnumerator();
        while (all.MoveNext())
        {
            ParameterView parameter = all.Current;
            if (parameter.Is("branch"u8))
            {
                if (!branch.IsEmpty || !Grammar.IsToken(parameter.RawValue)) return false;
                branch = parameter.RawValue;
            }
            else if (parameter.Is("rport"u8))
            {
                if (hasRport || (parameter.HasValue && !Grammar.TryParsePort(parameter.RawValue, out rport))) return false;
                hasRport = true;
            }
            else if (parameter.Is("received"u8))
            {
                if (!received.IsEmpty || !NetworkAddress.TryParseHost(parameter.RawValue, 0, out _)) return false;
                received = parameter.RawValue;
            }
            else if (parameter.Is("maddr"u8))
            {
                if (!multicastAddress.IsEmpty || !Grammar.IsHost(parameter.RawValue)) return false;
                multicastAddress = parameter.RawValue;
            }
            else if (parameter.Is("ttl"u8))
            {
                if (timeToLive >= 0 || !Grammar.TryParseNumber(parameter.RawValue, out uint ttl) || ttl > 255) return false;
                timeToLive = (int)ttl;
            }
        }

        if (all.IsMalformed) return false;
        via = new ViaView(start.Bytes, start.Offset)
        {
            IsSip2 = start.IsSip2,
            Transport = start.Transport,
            TransportBytes = start.TransportBytes,
            Host = start.Host,
            Port = start.Port,
            Parameters = parameters,
            Branch = branch,
            Received = received,
            HasRport = hasRport,
            Rport = rport,
            MulticastAddress = multicastAddress,
            TimeToLive = timeToLive,
        };
        return true;
    }

    // SLASH  =  SWS "/" SWS
    private static int PastSlash(ReadOnlySpan<byte> bytes, int at)
    {
        at = Grammar.SkipWhiteSpace(bytes, at);
        return at < bytes.Length && bytes[at] == '/' ? Grammar.SkipWhiteSpace(bytes, at + 1) : -1;
    }
}
