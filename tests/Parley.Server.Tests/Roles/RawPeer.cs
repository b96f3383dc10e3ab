using System.Text;
using Parley.Core;
using Parley.Net;
using Parley.Net.Virtual;

namespace Parley.Server.Tests.Roles;

/// <summary>A datagram socket by hand: sends bytes to the server, and keeps what comes.</summary>
internal sealed class RawPeer : IDatagramHandler, IDisposable
{
    private readonly TestServer _server;
    private readonly IDatagramSocket _socket;

    public RawPeer(TestServer server, string address, VirtualHost? host = null)
    {
        _server = server;
        NetworkAddress local = TestServer.At(address);
        host ??= server.Network.Hosts.FirstOrDefault(known => known.Addresses.Any(own => own.SameHost(local)))
            ?? server.Network.AddHost(local.HostToString(), local.HostToString());
        _socket = host.Loop.OpenDatagram(local, this);
    }

    /// <summary>What came and was not taken yet.</summary>
    public Queue<byte[]> Received { get; } = new();

    /// <summary>Called for each datagram that comes; null for none.</summary>
    public Action<byte[], NetworkAddress>? OnReceived { get; init; }

    public NetworkAddress Address => _socket.LocalAddress;

    public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
    {
        byte[] bytes = datagram.ToArray();
        Received.Enqueue(bytes);
        OnReceived?.Invoke(bytes, remote);
    }

    public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
    {
    }

    public void Dispose() => _socket.Dispose();

    public void Send(ReadOnlySpan<byte> bytes, NetworkAddress to = default) => _socket.Send(bytes, to.IsSpecified ? to : _server.Address);

    public void Send(string text, NetworkAddress to = default) => Send(Encoding.UTF8.GetBytes(text), to);
}
