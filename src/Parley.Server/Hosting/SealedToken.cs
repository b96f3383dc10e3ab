using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Parley.Server.Hosting;

/// <summary>A few bytes that only this server can read and make, as a word that stands in URIs and in quoted strings: what others hold so that this server needs no table.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0    12  nonce, random
///     12     n  the content, encrypted by AES-256-GCM; padded with zeros to a multiple of 16, so that its length tells little
///   12+n    16  tag
/// </code>
/// in base64url. The same content looks different each time, so two tokens do not tell that they mean the same. With random nonces one key serves for 2^32
/// tokens at the chance of 2^-33 that two share one (NIST SP 800-38D 8.3), and for a hundred times as many at 2^-20. One lane's own.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its lane; what it holds is a native cipher, which its handle frees.")]
internal sealed class SealedToken(byte[] key)
{
    /// <summary>The longest content.</summary>
    public const int MaxContentBytes = 512;

    /// <summary>The longest token.</summary>
    public const int MaxBytes = (NonceBytes + MaxContentBytes + TagBytes + 2) / 3 * 4;

    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int BlockBytes = 16;

    private readonly AesGcm _cipher = new(key, TagBytes);

    /// <summary>Writes a token.</summary>
    /// <param name="content">At most <see cref="MaxContentBytes"/> bytes; zeros at its end are not given back.</param>
    /// <param name="destination"><see cref="MaxBytes"/> always suffice.</param>
    /// <returns>Bytes written.</returns>
    public int Write(ReadOnlySpan<byte> content, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, MaxContentBytes);
        Span<byte> padded = stackalloc byte[MaxContentBytes];
        int length = (content.Length + BlockBytes - 1) / BlockBytes * BlockBytes;
        padded = padded[..length];
        padded[content.Length..].Clear();
        content.CopyTo(padded);
        Span<byte> plain = stackalloc byte[NonceBytes + length + TagBytes];
        RandomNumberGenerator.Fill(plain[..NonceBytes]);
        _cipher.Encrypt(plain[..NonceBytes], padded, plain.Slice(NonceBytes, length), plain[(NonceBytes + length)..]);
        Base64Url.EncodeToUtf8(plain, destination, out _, out int written);
        return written;
    }

    /// <summary>Reads a token.</summary>
    /// <param name="token">What may be one.</param>
    /// <param name="content">Room for <see cref="MaxContentBytes"/>.</param>
    /// <param name="length">The content's length without zeros at its end.</param>
    /// <returns>False when this server did not write it for this purpose.</returns>
    public bool TryRead(ReadOnlySpan<byte> token, scoped Span<byte> content, out int length)
    {
        length = 0;
        Span<byte> sealedBytes = stackalloc byte[NonceBytes + MaxContentBytes + TagBytes];
        if (token.Length is 0 or > MaxBytes || Base64Url.DecodeFromUtf8(token, sealedBytes, out _, out int written) != OperationStatus.Done) return false;
        int size = written - NonceBytes - TagBytes;
        if (size <= 0 || size > content.Length) return false;
        try
        {
            _cipher.Decrypt(sealedBytes[..NonceBytes], sealedBytes.Slice(NonceBytes, size), sealedBytes[(NonceBytes + size)..written], content[..size]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        length = content[..size].LastIndexOfAnyExcept((byte)0) + 1;
        return length > 0;
    }
}
