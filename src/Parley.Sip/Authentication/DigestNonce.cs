using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Parley.Core.Hashing;

namespace Parley.Sip.Authentication;

/// <summary>What a nonce of this server says of itself.</summary>
/// <remarks>
/// <code>
///  0                8                16                              32
/// +----------------+----------------+--------------------------------+
/// | issued, ms     | origin, id     | HMAC-SHA256(key, the rest      |   as base64url: 43 characters
/// | since 1970, BE | 24 + 40 bits   | and the realm), first 16 bytes |
/// +----------------+----------------+--------------------------------+
/// </code>
/// So it is checked without a table, on any machine that has the key, and is good in its realm only.
/// </remarks>
internal readonly struct DigestNonce
{
    public const int TextLengthBytes = 43;

    private const int IdOffset = 8;
    private const int TagOffset = 16;
    private const int LengthBytes = 32;

    private DigestNonce(long issuedMilliseconds, ulong id) => (IssuedMilliseconds, Id) = (issuedMilliseconds, id);

    /// <summary>When it was made: milliseconds since 1970, UTC.</summary>
    public long IssuedMilliseconds { get; }

    /// <summary>Origin and number; no two nonces of a key have the same.</summary>
    public ulong Id { get; }

    /// <summary>Of whom it was made for; 24 bits.</summary>
    public uint Origin => (uint)(Id >> NumberBits);

    private const int NumberBits = 40;

    /// <summary>Joins an origin, of which 24 bits count, and a number, of which 40 do, to an id.</summary>
    public static ulong IdOf(uint origin, ulong number) => ((ulong)origin << NumberBits) | (number & ((1UL << NumberBits) - 1));

    /// <summary>Makes a new one.</summary>
    /// <param name="key">The server's key.</param>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="id">Another one for every nonce; it need not be secret, as the key is.</param>
    /// <param name="realm">The realm it is for.</param>
    /// <param name="text">Gets <see cref="TextLengthBytes"/> characters.</param>
    public static void Write(HmacSha256Key key, DateTimeOffset now, ulong id, ReadOnlySpan<byte> realm, Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, now.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[IdOffset..], id);
        ComputeTag(key, bytes[..TagOffset], realm, bytes[TagOffset..]);
        Base64Url.EncodeToUtf8(bytes, text, out _, out _);
    }

    /// <summary>Reads one that came back.</summary>
    /// <returns>False when it was not made with this key for this realm.</returns>
    public static bool TryRead(HmacSha256Key key, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> text, out DigestNonce nonce)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        nonce = default;
        if (text.Length != TextLengthBytes || Base64Url.DecodeFromUtf8(text, bytes, out _, out int written) != OperationStatus.Done || written != LengthBytes) return false;

        Span<byte> tag = stackalloc byte[LengthBytes - TagOffset];
        ComputeTag(key, bytes[..TagOffset], realm, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, bytes[TagOffset..])) return false;
        nonce = new DigestNonce(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[IdOffset..]));
        return true;
    }

    private static void ComputeTag(HmacSha256Key key, ReadOnlySpan<byte> head, ReadOnlySpan<byte> realm, Span<byte> tag)
    {
        const int stackBytes = 272;
        Span<byte> input = head.Length + realm.Length <= stackBytes ? stackalloc byte[stackBytes] : new byte[head.Length + realm.Length];
        head.CopyTo(input);
        realm.CopyTo(input[head.Length..]);
        Span<byte> hash = stackalloc byte[HmacSha256Key.LengthBytes];
        key.Compute(input[..(head.Length + realm.Length)], hash);
        hash[..tag.Length].CopyTo(tag);
    }
}
