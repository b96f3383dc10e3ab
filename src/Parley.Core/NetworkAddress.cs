using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Parley.Core;

/// <summary>An IP address and a port as one value: comparable, hashable and copied without an allocation.</summary>
/// <remarks>
/// A value, not a network: protocol cores route by it and never open anything. IPv4-mapped IPv6 addresses become IPv4
/// when they come in, so that one peer has one address.
/// </remarks>
public readonly struct NetworkAddress : IEquatable<NetworkAddress>
{
    private const int MaxTextLength = 64;

    private readonly ulong _high;      // the first 8 bytes of an IPv6 address, big-endian
    private readonly ulong _low;       // the last 8; of an IPv4 address all 4, in the low half
    private readonly uint _scope;
    private readonly ushort _port;
    private readonly Family _family;

    private enum Family : byte { None, V4, V6 }

    private NetworkAddress(ulong high, ulong low, uint scope, ushort port, Family family)
    {
        (_high, _low, _scope, _port, _family) = (high, low, scope, port, family);
    }

    /// <summary>The port, 0 to 65535.</summary>
    public ushort Port => _port;

    /// <summary>The IPv6 zone (interface index), 0 for none.</summary>
    public uint ScopeId => _scope;

    /// <summary>True when this is an address, false for the default value.</summary>
    public bool IsSpecified => _family != Family.None;

    /// <summary>True for an IPv4 address.</summary>
    public bool IsIPv4 => _family == Family.V4;

    /// <summary>True for an IPv6 address.</summary>
    public bool IsIPv6 => _family == Family.V6;

    /// <summary>True for 0.0.0.0 and ::.</summary>
    public bool IsAny => IsSpecified && (_high | _low) == 0;

    /// <summary>True for 127.0.0.0/8 and ::1.</summary>
    public bool IsLoopback => IsIPv4 ? (_low >> 24) == 127 : IsIPv6 && _high == 0 && _low == 1;

    /// <summary>True for 224.0.0.0/4 and ff00::/8: a group, not a machine.</summary>
    /// <remarks>Source: RFC 5771, RFC 4291 2.7.</remarks>
    public bool IsMulticast => IsIPv4 ? _low >> 28 == 0xE : IsIPv6 && _high >> 56 == 0xFF;

    /// <summary>An IPv4 address.</summary>
    /// <param name="address">The four bytes, the first one in the highest bits: 0x7F000001 is 127.0.0.1.</param>
    /// <param name="port">The port.</param>
    public static NetworkAddress FromIPv4(uint address, ushort port) => new(0, address, 0, port, Family.V4);

    /// <summary>An address of 4 or 16 bytes in network order.</summary>
    /// <exception cref="ArgumentException">The length is another.</exception>
    public static NetworkAddress FromBytes(ReadOnlySpan<byte> address, ushort port, uint scopeId = 0)
    {
        if (address.Length == 4) return FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address), port);
        if (address.Length != 16) throw new ArgumentException("An IP address has 4 or 16 bytes.", nameof(address));
        return FromIPv6(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), scopeId, port);
    }

    /// <summary>The same as the platform's type.</summary>
    public static NetworkAddress From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return From(endPoint.Address, endPoint.Port);
    }

    /// <summary>The same as the platform's types.</summary>
    public static NetworkAddress From(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return FromBytes(bytes[..length], (ushort)port, length == 16 ? (uint)address.ScopeId : 0);
    }

    /// <summary>Reads an address without a port: <c>192.0.2.1</c>, <c>2001:db8::1</c> or <c>[2001:db8::1]</c>.</summary>
    /// <remarks>
    /// What the platform reads besides is a host name in a URI: <c>127.1</c>, <c>0x7f.0.0.1</c>. The parts of an IPv4 address are decimal, leading
    /// zeros or not. An IPv6 zone is a number. Source: RFC 3261 25.1 (IPv4address, IPv6address), RFC 4291 2.2.
    /// </remarks>
    public static bool TryParseHost(ReadOnlySpan<char> text, ushort port, out NetworkAddress address)
    {
        address = default;
        Span<byte> ascii = stackalloc byte[MaxTextLength];
        return text.Length <= MaxTextLength
            && System.Text.Ascii.FromUtf16(text, ascii, out int length) == System.Buffers.OperationStatus.Done
            && TryParseHost(ascii[..length], port, out address);
    }

    /// <inheritdoc cref="TryParseHost(ReadOnlySpan{char}, ushort, out NetworkAddress)"/>
    public static bool TryParseHost(ReadOnlySpan<byte> text, ushort port, out NetworkAddress address)
    {
        address = default;
        if (text.Length is 0 or > MaxTextLength) return false;
        if (IPv4Text.TryParse(text, out uint value))
        {
            address = FromIPv4(value, port);
            return true;
        }

        if (text[0] == '[' && text[^1] == ']') text = text[1..^1];
        if (!IPv6Text.TryParse(text, out ulong high, out ulong low, out uint zone)) return false;
        address = FromIPv6(high, low, zone, port);
        return true;
    }

    /// <summary>Reads <c>192.0.2.1:5060</c> or <c>[2001:db8::1]:5060</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NetworkAddress address)
    {
        address = default;
        int colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text[(colon + 1)..], System.Globalization.NumberStyles.None, null, out ushort port)
            && (text[0] == '[' || !text[..colon].Contains(':'))
            && TryParseHost(text[..colon], port, out address);
    }

    /// <summary>The same address with another port.</summary>
    public NetworkAddress WithPort(ushort port) => new(_high, _low, _scope, port, _family);

    /// <summary>True when the addresses are the same, whatever the ports.</summary>
    public bool SameHost(NetworkAddress other) =>
        _low == other._low && _high == other._high && _family == other._family && _scope == other._scope;

    /// <summary>True when the first <paramref name="prefixLength"/> bits are those of <paramref name="network"/>, of the same family.</summary>
    /// <param name="network">A network's address; its port does not count.</param>
    /// <param name="prefixLength">0 to 32 or 0 to 128.</param>
    public bool IsWithin(NetworkAddress network, int prefixLength)
    {
        if (_family != network._family || !IsSpecified) return false;
        if (IsIPv4) return prefixLength == 0 || (uint)_low >> (32 - prefixLength) == (uint)network._low >> (32 - prefixLength);
        if (prefixLength == 0) return true;
        if (prefixLength <= 64) return _high >> (64 - prefixLength) == network._high >> (64 - prefixLength);
        return _high == network._high && _low >> (128 - prefixLength) == network._low >> (128 - prefixLength);
    }

    /// <summary>Writes the address bytes in network order.</summary>
    /// <returns>4 or 16, the bytes written; 0 for the default value.</returns>
    public int WriteBytes(Span<byte> destination)
    {
        switch (_family)
        {
            case Family.V4:
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
                return 4;
            case Family.V6:
                BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
                BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
                return 16;
            default:
                return 0;
        }
    }

    /// <summary>The same as the platform's type.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), _port);

    /// <summary>The same as the platform's type.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public IPAddress ToIPAddress()
    {
        if (!IsSpecified) throw new InvalidOperationException("No address.");
        Span<byte> bytes = stackalloc byte[16];
        int length = WriteBytes(bytes);
        return IsIPv6 ? new IPAddress(bytes, _scope) : new IPAddress(bytes[..length]);
    }

    /// <summary>The platform's name of the family.</summary>
    public AddressFamily AddressFamily => _family switch
    {
        Family.V4 => AddressFamily.InterNetwork,
        Family.V6 => AddressFamily.InterNetworkV6,
        _ => AddressFamily.Unspecified,
    };

    /// <summary>Writes the address without the port, as a SIP URI or Via has it: IPv6 in brackets and without its zone (RFC 5952).</summary>
    /// <returns>Bytes written, 0 when <paramref name="destination"/> is too short; 41 always suffice.</returns>
    public int FormatHost(Span<byte> destination)
    {
        if (IsIPv4) return IPv4Text.Format((uint)_low, destination);
        if (!IsIPv6 || destination.Length < 2) return 0;
        int written = IPv6Text.Format(_high, _low, destination[1..^1]);
        if (written == 0) return 0;
        destination[0] = (byte)'[';
        destination[written + 1] = (byte)']';
        return written + 2;
    }

    /// <summary>The address without the port, as a SIP URI or Via has it: IPv6 in brackets.</summary>
    public string HostToString()
    {
        Span<byte> text = stackalloc byte[64];
        return System.Text.Encoding.ASCII.GetString(text[..FormatHost(text)]);
    }

    /// <inheritdoc/>
    public bool Equals(NetworkAddress other) => _port == other._port && SameHost(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NetworkAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_high, _low, _port, _scope);

    /// <summary>True when address, zone and port are the same.</summary>
    public static bool operator ==(NetworkAddress left, NetworkAddress right) => left.Equals(right);

    /// <summary>True when they differ.</summary>
    public static bool operator !=(NetworkAddress left, NetworkAddress right) => !left.Equals(right);

    /// <summary><c>192.0.2.1:5060</c> or <c>[2001:db8::1]:5060</c>; "unspecified" for the default value.</summary>
    public override string ToString() => IsSpecified ? $"{HostToString()}:{_port}" : "unspecified";

    private static NetworkAddress FromIPv6(ulong high, ulong low, uint scopeId, ushort port) =>
        high == 0 && low >> 32 == 0xFFFF ? FromIPv4((uint)low, port) : new NetworkAddress(high, low, scopeId, port, Family.V6);
}
