using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Parley.Core;

namespace Parley.Net.Linux;

/// <summary>Reads and writes addresses as the system's calls have them.</summary>
/// <remarks>
/// <code>
/// sockaddr_in    0 family (2, host order)   2 port (2)   4 address (4)
/// sockaddr_in6   0 family (2, host order)   2 port (2)   4 flow (4)   8 address (16)   24 zone (4, host order)
/// </code>
/// </remarks>
internal static unsafe class SocketAddress
{
    /// <summary>The longer of the two.</summary>
    public const int MaxLengthBytes = 28;

    private const int IPv4LengthBytes = 16;

    /// <summary>Writes an address.</summary>
    /// <returns>Its length.</returns>
    public static uint Write(NetworkAddress address, byte* destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(destination + 2, 2), address.Port);
        if (address.IsIPv4)
        {
            Unsafe.WriteUnaligned(destination, (ushort)LibC.AF_INET);
            Unsafe.WriteUnaligned(destination + 8, 0L);
            address.WriteBytes(new Span<byte>(destination + 4, 4));
            return IPv4LengthBytes;
        }

        Unsafe.WriteUnaligned(destination, (ushort)LibC.AF_INET6);
        Unsafe.WriteUnaligned(destination + 4, 0);
        address.WriteBytes(new Span<byte>(destination + 8, 16));
        Unsafe.WriteUnaligned(destination + 24, address.ScopeId);
        return MaxLengthBytes;
    }

    /// <summary>Reads an address.</summary>
    /// <returns>The default value when it is of another family.</returns>
    public static NetworkAddress Read(byte* source)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(source + 2, 2));
        return Unsafe.ReadUnaligned<ushort>(source) switch
        {
            LibC.AF_INET => NetworkAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(source + 4, 4)), port),
            LibC.AF_INET6 => NetworkAddress.FromBytes(new ReadOnlySpan<byte>(source + 8, 16), port, Unsafe.ReadUnaligned<uint>(source + 24)),
            _ => default,
        };
    }
}
