using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What this server writes into the user part of its Record-Route URIs: proof that it wrote them for this dialog, and the flow to whoever it faces.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0     1  transport of the flow (SipTransport), 0 when there is none
///      1  0/4/16  its address
///      +   0/2  its port, big-endian
///      +     8  keyed hash of the bytes before and of the Call-ID
/// </code>
/// in base64url. A request with such a Route belongs to a dialog that was let through when it was made; nobody can make
/// one up, nor take it to another dialog. A flow is only recorded for a peer behind a NAT. Source: RFC 3261 16.4 and 16.6
/// step 4, RFC 5626 5.2 for the flow.
/// </remarks>
internal readonly struct RouteToken
{
    /// <summary>Room that <see cref="Write"/> needs.</summary>
    public const int MaxBytes = 40;

    private const int TagBytes = 8;
    private const int MaxPlainBytes = 1 + 16 + 2 + TagBytes;

    private RouteToken(SipFlow flow, bool hasFlow) => (Flow, HasFlow) = (flow, hasFlow);

    /// <summary>True when there is a flow.</summary>
    public bool HasFlow { get; }

    /// <summary>Where requests go that come with this token as the last of ours.</summary>
    public SipFlow Flow { get; }

    /// <summary>Writes a token.</summary>
    /// <param name="destination"><see cref="MaxBytes"/> always suffice.</param>
    /// <param name="key">The server's key.</param>
    /// <param name="callId">Call-ID of the dialog.</param>
    /// <param name="flow">The flow to record; null for none.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, in SeededHash128 key, ReadOnlySpan<byte> callId, in SipFlow? flow)
    {
        Span<byte> plain = stackalloc byte[MaxPlainBytes];
        int length = 1;
        plain[0] = 0;
        if (flow is { } value)
        {
            plain[0] = (byte)value.Transport;
            length += value.Remote.WriteBytes(plain[1..]);
            BinaryPrimitives.WriteUInt16BigEndian(plain[length..], value.Remote.Port);
            length += sizeof(ushort);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(plain[length..], Tag(key, plain[..length], callId));
        Base64Url.EncodeToUtf8(plain[..(length + TagBytes)], destination, out _, out int written);
        return written;
    }

    /// <summary>Reads a token.</summary>
    /// <param name="user">The user part of a Route URI that names this server.</param>
    /// <param name="key">The server's key.</param>
    /// <param name="callId">Call-ID of the request.</param>
    /// <param name="token">The token.</param>
    /// <returns>False when this server did not write it for this dialog.</returns>
    public static bool TryRead(ReadOnlySpan<byte> user, in SeededHash128 key, ReadOnlySpan<byte> callId, out RouteToken token)
    {
        token = default;
        Span<byte> plain = stackalloc byte[MaxPlainBytes];
        if (user.Length is 0 or > MaxBytes || !Base64Url.IsValid(user)) return false;
        if (Base64Url.DecodeFromUtf8(user, plain, out _, out int written) != System.Buffers.OperationStatus.Done || written < 1 + TagBytes) return false;
        Span<byte> expected = stackalloc byte[TagBytes];
        int length = written - TagBytes;
        BinaryPrimitives.WriteUInt64LittleEndian(expected, Tag(key, plain[..length], callId));
        if (!CryptographicOperations.FixedTimeEquals(expected, plain[length..written])) return false;
        if (length == 1)
        {
            token = default;
            return true;
        }

        int addressBytes = length - 1 - sizeof(ushort);
        var remote = NetworkAddress.FromBytes(plain.Slice(1, addressBytes), BinaryPrimitives.ReadUInt16BigEndian(plain[(1 + addressBytes)..]));
        token = new RouteToken(new SipFlow((SipTransport)plain[0], remote), hasFlow: true);
        return true;
    }

    private static ulong Tag(in SeededHash128 key, ReadOnlySpan<byte> content, ReadOnlySpan<byte> callId)
    {
        var fields = new KeyedFields(key);
        fields.Add(content);
        fields.Add(callId);
        return (ulong)fields.Result;
    }
}
