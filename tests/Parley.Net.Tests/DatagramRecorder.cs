using System.Threading.Channels;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>Keeps what a socket's handler hears.</summary>
internal sealed class DatagramRecorder : IDatagramHandler
{
    private readonly Channel<(byte[] Bytes, NetworkAddress Remote)> _datagrams = Channel.CreateUnbounded<(byte[], NetworkAddress)>();
    private readonly Channel<NetworkAddress> _unreachable = Channel.CreateUnbounded<NetworkAddress>();

    public ChannelReader<(byte[] Bytes, NetworkAddress Remote)> Datagrams => _datagrams.Reader;

    public ChannelReader<NetworkAddress> Unreachable => _unreachable.Reader;

    /// <summary>Called before a datagram is kept; may throw.</summary>
    public Action<IDatagramSocket, byte[], NetworkAddress>? Inspect { get; init; }

    public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
    {
        byte[] bytes = datagram.ToArray();
        Inspect?.Invoke(socket, bytes, remote);
        _datagrams.Writer.TryWrite((bytes, remote));
    }

    public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote) => _unreachable.Writer.TryWrite(remote);
}
