using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Parley.Core;

namespace Parley.Net.Portable;

/// <summary>Reads and writes addresses as the platform's calls have them.</summary>
/// <remarks>The family's place differs between systems, so the platform writes it; the rest stands at the same places everywhere (see Linux/SocketAddress.cs).</remarks>
internal static class PortableAddress
{
    public static void Write(NetworkAddress address, SocketAddress destination)
    {
        Span<byte> bytes = destination.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], address.Port);
        if (address.IsIPv4)
        {
            address.WriteBytes(bytes[4..8]);
            return;
        }

        bytes[4..8].Clear();
        address.WriteBytes(bytes[8..24]);
        MemoryMarshal.Write(bytes[24..], address.ScopeId);
    }

    public static NetworkAddress Read(SocketAddress source)
    {
        ReadOnlySpan<byte> bytes = source.Buffer.Span;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return source.Family switch
        {
            AddressFamily.InterNetwork => NetworkAddress.FromBytes(bytes[4..8], port),
            AddressFamily.InterNetworkV6 => NetworkAddress.FromBytes(bytes[8..24], port, MemoryMarshal.Read<uint>(bytes[24..])),
            _ => default,
        };
    }
}
