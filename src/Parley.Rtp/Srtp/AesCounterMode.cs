using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace Parley.Rtp.Srtp;

/// <summary>AES in counter mode with one key.</summary>
/// <remarks>Source: RFC 3711 4.1.1, NIST SP 800-38A 6.5.</remarks>
internal abstract class AesCounterMode : IDisposable
{
    public const int BlockLengthBytes = 16;

    /// <summary>The fastest that this processor has.</summary>
    /// <param name="key">16, 24 or 32 bytes; not kept as they are.</param>
    public static AesCounterMode Create(ReadOnlySpan<byte> key) =>
        System.Runtime.Intrinsics.X86.Aes.IsSupported && Sse41.IsSupported ? new AesInstructionsCounterMode(key) : new PlatformCounterMode(key);

    /// <summary>Encrypts or decrypts in place.</summary>
    /// <param name="counter">The first block of the counter; its last 32 bits are counted up, modulo 2^32.</param>
    /// <param name="data">Of any length.</param>
    public abstract void Apply(ReadOnlySpan<byte> counter, Span<byte> data);

    public abstract void Dispose();
}

/// <summary>The platform's AES, where there are no instructions that are used here.</summary>
internal sealed class PlatformCounterMode : AesCounterMode
{
    private const int ChunkLengthBytes = 256;

    private readonly System.Security.Cryptography.Aes _aes = System.Security.Cryptography.Aes.Create();

    public PlatformCounterMode(ReadOnlySpan<byte> key) => _aes.SetKey(key);

    public override void Apply(ReadOnlySpan<byte> counter, Span<byte> data)
    {
        Span<byte> keystream = stackalloc byte[ChunkLengthBytes];
        uint number = BinaryPrimitives.ReadUInt32BigEndian(counter[12..]);
        while (!data.IsEmpty)
        {
            Span<byte> chunk = data[..Math.Min(data.Length, ChunkLengthBytes)];
            Span<byte> blocks = keystream[..((chunk.Length + BlockLengthBytes - 1) & -BlockLengthBytes)];
            for (int at = 0; at < blocks.Length; at += BlockLengthBytes)
            {
                counter[..12].CopyTo(blocks[at..]);
                BinaryPrimitives.WriteUInt32BigEndian(blocks[(at + 12)..], number++);
            }

            _aes.EncryptEcb(blocks, blocks, PaddingMode.None);
            for (int i = 0; i < chunk.Length; i++) chunk[i] ^= blocks[i];
            data = data[chunk.Length..];
        }

        CryptographicOperations.ZeroMemory(keystream);
    }

    public override void Dispose() => _aes.Dispose();
}
