using System.Text;
using Parley.Core;
using Parley.Net;
using Parley.Net.Virtual;

namespace Parley.Server.Tests.Roles;

/// <summary>A stream connection to the server by hand: sends bytes as they are, and keeps what comes.</summary>
internal sealed class RawStream : IStreamHandler
{
    private readonly IStreamConnection _connection;
    private readonly StringBuilder _received = new();

    public RawStream(TestServer server, VirtualHost host) => _connection = host.Loop.ConnectStream(server.Address, this);

    public string Received => _received.ToString();

    public bool IsClosed { get; private set; }

    /// <summary>Sends bytes; before the connection stands they wait for it.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = BufferPool.Shared.Copy(bytes);
        _connection.Send(buffer);
        buffer.Release();
    }

    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    public void Close() => _connection.Close();

    public void OnConnected(Instant now, IStreamConnection connection)
    {
    }

    public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes) => _received.Append(Encoding.Latin1.GetString(bytes));

    public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason) => IsClosed = true;
}
