using System.Buffers.Binary;
using Parley.Core;

namespace Parley.Ice.Stun;

/// <summary>A STUN message over the bytes it was received in.</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |0 0|        method and class       |            length             |
/// |                     magic cookie 0x2112A442                       |
/// |                     transaction id (96 bits)                      |
/// then attributes: type and length of 16 bits each, a value, padding to a multiple of 4
/// </code>
/// Source: RFC 8489 5 and 14.
/// </remarks>
public readonly ref struct StunMessageView
{
    /// <summary>What each message begins with.</summary>
    public const int HeaderBytes = 20;

    internal const uint MagicCookie = 0x2112A442;
    private const int AttributeHeaderBytes = 4;
    private const ushort FirstOptional = 0x8000;

    private StunMessageView(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>What it is.</summary>
    public StunType Type => (StunType)BinaryPrimitives.ReadUInt16BigEndian(Bytes);

    /// <summary>By which an answer is known: 12 bytes.</summary>
    public ReadOnlySpan<byte> TransactionId => Bytes[8..HeaderBytes];

    /// <summary>True when a datagram cannot be anything but STUN where SIP, RTP and DTLS are its neighbours.</summary>
    /// <remarks>Source: RFC 7983 7.</remarks>
    public static bool IsStun(ReadOnlySpan<byte> datagram) => datagram.Length > 0 && datagram[0] <= 3;

    /// <summary>Reads a message, all of whose attributes are within it.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out StunMessageView message)
    {
        message = default;
        if (datagram.Length < HeaderBytes || !IsStun(datagram)) return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (length % 4 != 0 || datagram.Length != HeaderBytes + length || BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) != MagicCookie) return false;
        for (ReadOnlySpan<byte> rest = datagram[HeaderBytes..]; rest.Length > 0; rest = rest[SizeOf(rest)..])
        {
            if (rest.Length < AttributeHeaderBytes || rest.Length < SizeOf(rest)) return false;
        }

        message = new StunMessageView(datagram);
        return true;
    }

    /// <summary>Finds the value of the first attribute of a type.</summary>
    public bool TryGet(StunAttribute type, out ReadOnlySpan<byte> value)
    {
        value = default;
        for (ReadOnlySpan<byte> rest = Bytes[HeaderBytes..]; rest.Length > 0; rest = rest[SizeOf(rest)..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(rest) != (ushort)type) continue;
            value = rest.Slice(AttributeHeaderBytes, BinaryPrimitives.ReadUInt16BigEndian(rest[2..]));
            return true;
        }

        return false;
    }

    /// <summary>Finds an attribute that has to be understood and is not.</summary>
    /// <param name="known">Those that are understood.</param>
    /// <param name="unknown">The first other one.</param>
    public bool HasUnknown(ReadOnlySpan<StunAttribute> known, out ushort unknown)
    {
        for (ReadOnlySpan<byte> rest = Bytes[HeaderBytes..]; rest.Length > 0; rest = rest[SizeOf(rest)..])
        {
            unknown = BinaryPrimitives.ReadUInt16BigEndian(rest);
            if (unknown < FirstOptional && !known.Contains((StunAttribute)unknown)) return true;
        }

        unknown = 0;
        return false;
    }

    /// <summary>Reads XOR-MAPPED-ADDRESS.</summary>
    /// <returns>False when it is missing or malformed.</returns>
    /// <remarks>Source: RFC 8489 14.2.</remarks>
    public bool TryGetXorMappedAddress(out NetworkAddress address)
    {
        address = default;
        if (!TryGet(StunAttribute.XorMappedAddress, out ReadOnlySpan<byte> value) || value.Length is not (8 or 20) || value[1] != (value.Length == 8 ? 1 : 2)) return false;
        Span<byte> host = stackalloc byte[16];
        host = host[..(value.Length - 4)];
        for (int i = 0; i < host.Length; i++) host[i] = (byte)(value[4 + i] ^ Bytes[4 + i]);
        address = NetworkAddress.FromBytes(host, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ (MagicCookie >> 16)));
        return true;
    }

    private static int SizeOf(ReadOnlySpan<byte> attribute) => AttributeHeaderBytes + ((BinaryPrimitives.ReadUInt16BigEndian(attribute[2..]) + 3) & ~3);
}
