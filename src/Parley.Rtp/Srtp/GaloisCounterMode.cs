using System.Security.Cryptography;

namespace Parley.Rtp.Srtp;

/// <summary>AES in Galois/counter mode with one key, in place; what is not authentic costs no exception.</summary>
/// <remarks>Source: NIST SP 800-38D 7.</remarks>
internal abstract class GaloisCounterMode : IDisposable
{
    public const int TagLengthBytes = 16;
    public const int NonceLengthBytes = 12;

    /// <summary>The fastest that this processor has.</summary>
    /// <param name="key">16 or 32 bytes.</param>
    public static GaloisCounterMode Create(ReadOnlySpan<byte> key) =>
        GHash.IsSupported ? new GHashCounterMode(key) : new PlatformGaloisCounterMode(key);

    /// <summary>Encrypts.</summary>
    /// <param name="nonce">Never the same twice.</param>
    /// <param name="associated">What is authenticated only.</param>
    /// <param name="content">What is encrypted.</param>
    /// <param name="tag">Is written.</param>
    public abstract void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, Span<byte> tag);

    /// <summary>Checks the tag and then decrypts.</summary>
    /// <returns>False when it is not authentic.</returns>
    public abstract bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, ReadOnlySpan<byte> tag);

    public abstract void Dispose();
}

/// <summary>The platform's GCM, where there are no instructions that are used here.</summary>
internal sealed class PlatformGaloisCounterMode(ReadOnlySpan<byte> key) : GaloisCounterMode
{
    private readonly AesGcm _cipher = new(key, TagLengthBytes);

    public override void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, Span<byte> tag) =>
        _cipher.Encrypt(nonce, content, content, tag, associated);

    public override bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, ReadOnlySpan<byte> tag)
    {
        try
        {
            _cipher.Decrypt(nonce, content, tag, content, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;       // the platform has no other way to say it
        }
    }

    public override void Dispose() => _cipher.Dispose();
}
