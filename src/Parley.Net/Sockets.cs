using System.Net;
using System.Net.Sockets;
using Parley.Core;

namespace Parley.Net;

/// <summary>Opens sockets with the platform's means, which know how to say why it did not work.</summary>
internal static class Sockets
{
    private const int Backlog = 1024;

    /// <summary>A bound datagram socket.</summary>
    /// <param name="local">Where.</param>
    /// <param name="bufferBytes">The system's receive and send buffer, as far as it allows.</param>
    /// <param name="groupInterface">Where a multicast group is joined.</param>
    /// <param name="beforeBind">Sets what the platform has no name for.</param>
    public static Socket OpenDatagram(NetworkAddress local, int bufferBytes, NetworkAddress groupInterface = default, Action<Socket>? beforeBind = null)
    {
        Socket opened = Open(local, SocketType.Dgram, ProtocolType.Udp, socket =>
        {
            socket.ReceiveBufferSize = bufferBytes;
            socket.SendBufferSize = bufferBytes;
            if (local.IsMulticast) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            beforeBind?.Invoke(socket);
        });
        if (!local.IsMulticast) return opened;
        try
        {
            Join(opened, local, groupInterface);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Sets how far datagrams to a group go.</summary>
    public static void SetTimeToLive(Socket socket, int hops) =>
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, hops);

    // Groups of IPv6 are SIP's no business (RFC 3261 18.1.1), and need an interface with each address.
    private static void Join(Socket socket, NetworkAddress group, NetworkAddress groupInterface)
    {
        if (!group.IsIPv4) throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        IPAddress via = groupInterface is { IsIPv4: true, IsAny: false } ? groupInterface.ToIPEndPoint().Address : IPAddress.Any;
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(group.ToIPEndPoint().Address, via));
        if (!via.Equals(IPAddress.Any)) socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, via.GetAddressBytes());
    }

    /// <summary>A socket that listens for connections.</summary>
    public static Socket OpenListener(NetworkAddress local)
    {
        Socket socket = Open(local, SocketType.Stream, ProtocolType.Tcp, null);
        try
        {
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Where a socket is bound.</summary>
    public static NetworkAddress LocalAddress(Socket socket) => NetworkAddress.From((IPEndPoint)socket.LocalEndPoint!);

    private static Socket Open(NetworkAddress local, SocketType type, ProtocolType protocol, Action<Socket>? beforeBind)
    {
        if (!local.IsSpecified) throw new ArgumentException("No address.", nameof(local));
        var socket = new Socket(local.AddressFamily, type, protocol);
        try
        {
            socket.Blocking = false;
            // Each family has its own socket, so that both can be bound to the same port.
            if (local.IsIPv6) socket.DualMode = false;
            beforeBind?.Invoke(socket);
            socket.Bind(local.ToIPEndPoint());
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
