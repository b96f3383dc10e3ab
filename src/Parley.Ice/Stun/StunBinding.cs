using System.Buffers.Binary;
using Parley.Core;

namespace Parley.Ice.Stun;

/// <summary>The one thing that STUN is asked for beside a SIP port: by which address a phone is seen.</summary>
/// <remarks>No credentials and no fingerprint, as the usage has none. Source: RFC 5626 8, RFC 8489 6.3.1.</remarks>
public static class StunBinding
{
    /// <summary>Room that an answer needs.</summary>
    public const int MaxAnswerBytes = StunMessageView.HeaderBytes + AddressBytes;

    /// <summary>Bytes of a transaction id.</summary>
    public const int TransactionIdBytes = 12;

    private const int AddressBytes = 4 + 20;        // an IPv6 address
    private const int UnknownAttributeCode = 420;

    /// <summary>Writes a request without attributes.</summary>
    /// <param name="destination"><see cref="StunMessageView.HeaderBytes"/> at least.</param>
    /// <param name="transactionId"><see cref="TransactionIdBytes"/> that nobody can guess.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteRequest(Span<byte> destination, ReadOnlySpan<byte> transactionId)
    {
        WriteHeader(destination, StunType.BindingRequest, transactionId);
        return StunMessageView.HeaderBytes;
    }

    /// <summary>Answers a Binding request.</summary>
    /// <param name="message">What came.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="destination"><see cref="MaxAnswerBytes"/> at least.</param>
    /// <returns>Bytes written, at most 24 more than the request has; 0 when it is to be left without an answer, as indications and responses are.</returns>
    public static int WriteAnswer(scoped in StunMessageView message, NetworkAddress source, Span<byte> destination)
    {
        if (message.Type != StunType.BindingRequest || !source.IsSpecified) return 0;
        bool isUnknown = message.HasUnknown([], out ushort unknown);
        WriteHeader(destination, isUnknown ? StunType.BindingError : StunType.BindingSuccess, message.TransactionId);
        Span<byte> attributes = destination[StunMessageView.HeaderBytes..];
        int length = isUnknown ? WriteUnknown(attributes, unknown) : WriteAddress(attributes, source, destination);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
        return StunMessageView.HeaderBytes + length;
    }

    /// <summary>Reads by which address the other side sees who asked.</summary>
    /// <param name="message">A Binding success response.</param>
    /// <param name="address">The address.</param>
    /// <returns>False when there is none that can be read.</returns>
    /// <remarks>Source: RFC 8489 14.2.</remarks>
    public static bool TryReadAddress(scoped in StunMessageView message, out NetworkAddress address)
    {
        address = default;
        if (!message.TryGet(StunAttribute.XorMappedAddress, out ReadOnlySpan<byte> value) || value.Length < 4) return false;
        int hostBytes = value[1] switch { 1 => 4, 2 => 16, _ => 0 };
        if (hostBytes == 0 || value.Length != 4 + hostBytes) return false;
        Span<byte> host = stackalloc byte[16];
        host = host[..hostBytes];
        for (int i = 0; i < hostBytes; i++) host[i] = (byte)(value[4 + i] ^ message.Bytes[4 + i]);
        address = NetworkAddress.FromBytes(host, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ (StunMessageView.MagicCookie >> 16)));
        return true;
    }

    private static void WriteHeader(Span<byte> destination, StunType type, ReadOnlySpan<byte> transactionId)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], StunMessageView.MagicCookie);
        transactionId.CopyTo(destination[8..]);
    }

    /// <remarks>Each byte of the address is combined with the one of cookie and transaction id that stands at its place in the header. RFC 8489 14.2.</remarks>
    private static int WriteAddress(Span<byte> destination, NetworkAddress address, ReadOnlySpan<byte> header)
    {
        Span<byte> value = destination[4..];
        value[0] = 0;
        value[1] = (byte)(address.IsIPv4 ? 1 : 2);
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(address.Port ^ (StunMessageView.MagicCookie >> 16)));
        int hostBytes = address.WriteBytes(value[4..]);
        for (int i = 0; i < hostBytes; i++) value[4 + i] ^= header[4 + i];
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)StunAttribute.XorMappedAddress);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(4 + hostBytes));
        return 8 + hostBytes;
    }

    /// <remarks>ERROR-CODE without a phrase, and the first attribute that is not known. RFC 8489 14.8 and 14.13.</remarks>
    private static int WriteUnknown(Span<byte> destination, ushort unknown)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)StunAttribute.ErrorCode);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], 4);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], ((UnknownAttributeCode / 100) << 8) | (UnknownAttributeCode % 100));
        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], (ushort)StunAttribute.UnknownAttributes);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], 2);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], (uint)unknown << 16);
        return 16;
    }
}
