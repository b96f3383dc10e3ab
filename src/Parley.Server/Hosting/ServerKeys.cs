using System.Buffers.Binary;
using System.Security.Cryptography;
using Parley.Core;

namespace Parley.Server.Hosting;

/// <summary>The secrets by which a server knows its own marks again: in Record-Route, in branches, in nonces.</summary>
/// <remarks>
/// All come from one secret of 32 bytes in the data folder, so that calls which were set up before a restart can still be
/// ended after it. Derived by HKDF (RFC 5869), so that none tells anything about another.
/// </remarks>
internal sealed class ServerKeys
{
    /// <summary>The name of the file in the data folder.</summary>
    public const string FileName = "server.key";

    private const int SecretBytes = 32;

    private readonly byte[] _secret;

    private ServerKeys(byte[] secret)
    {
        _secret = secret;
        Route = Hash("record-route"u8);
        Loop = Hash("loop"u8);
        Path = Hash("path"u8);
        Phone = Hash("phone"u8);
    }

    /// <summary>The key of <see cref="Proxy.RouteToken"/>.</summary>
    public SeededHash128 Route { get; }

    /// <summary>The key of <see cref="Proxy.LoopMark"/>.</summary>
    public SeededHash128 Loop { get; }

    /// <summary>The key of the <see cref="Proxy.RouteToken"/> in a Path, which holds for all requests to a phone.</summary>
    public SeededHash128 Path { get; }

    /// <summary>The key by which phones that are woken are known again.</summary>
    public SeededHash128 Phone { get; }

    /// <summary>The key of what <see cref="SealedToken"/> hides.</summary>
    /// <param name="purpose">What it is for: a token of one purpose is none of another.</param>
    public byte[] SealingKey(ReadOnlySpan<byte> purpose) => Derive(purpose);

    /// <summary>Keys that nobody else has, and that are gone with this object.</summary>
    public static ServerKeys CreateRandom() => new(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>The keys of a data folder; makes them when there are none.</summary>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">There are no rights to it.</exception>
    public static ServerKeys Open(string dataFolder)
    {
        string path = System.IO.Path.Combine(dataFolder, FileName);
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: SecretBytes } secret) return new ServerKeys(secret);
        secret = RandomNumberGenerator.GetBytes(SecretBytes);
        string temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(secret);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return new ServerKeys(secret);
    }

    /// <summary>The key of a lane's nonces: no lane knows the counts of another's (RFC 7616 3.4).</summary>
    public byte[] NonceKey(int lane)
    {
        Span<byte> info = stackalloc byte[16];
        "nonce"u8.CopyTo(info);
        BinaryPrimitives.WriteInt32LittleEndian(info[12..], lane);
        return Derive(info);
    }

    private SeededHash128 Hash(ReadOnlySpan<byte> purpose)
    {
        byte[] key = Derive(purpose);
        return new SeededHash128(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key.AsSpan(8)));
    }

    private byte[] Derive(ReadOnlySpan<byte> purpose)
    {
        byte[] key = new byte[SecretBytes];
        HKDF.Expand(HashAlgorithmName.SHA256, _secret, key, purpose);
        return key;
    }
}
