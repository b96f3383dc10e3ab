using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Parley.Core;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Protection;

namespace Parley.Server.Tests.Protection;

/// <summary>A running server closes what one source has too much of, and goes on with what it has and with others.</summary>
public sealed class SourceConnectionTests : IDisposable
{
    private const int PerSource = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly TestFolder _folder = new();
    private readonly List<Socket> _clients = [];
    private IReadOnlyList<ListenUri> _listening = [];

    public void Dispose()
    {
        foreach (Socket client in _clients) client.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task More_connections_than_a_source_may_have_are_closed_at_once(int listening)
    {
        await using ParleyServer server = await StartAsync(PerSource);
        var standing = new List<(Socket Client, Task<bool> End)>();
        for (int i = 0; i < PerSource + 2; i++)
        {
            Socket client = await ConnectAsync(listening, "127.0.0.2");
            standing.Add((client, IsClosedAsync(client)));
        }

        // Which two come last is for the server's threads to say.
        for (int i = 0; i < 2; i++)
        {
            await Task.WhenAny(standing.Select(one => one.End));
            int closed = standing.FindIndex(one => one.End.IsCompleted);
            Assert.True(await standing[closed].End);
            standing.RemoveAt(closed);
        }

        Assert.True(await IsServedAsync(await ConnectAsync(0, "127.0.0.3")));       // others have their own
        Assert.DoesNotContain(standing, one => one.End.IsCompleted);                // what stands goes on
        standing[0].Client.Dispose();
        Socket again;
        do again = await ConnectAsync(listening, "127.0.0.2"); while (await IsClosedSoonAsync(again));      // its place is free once the server has seen the end
    }

    /// <summary>Handshakes that never end have a bound of their own, below that of connections.</summary>
    [Fact]
    public async Task More_handshakes_than_a_source_may_have_are_closed_and_others_get_theirs()
    {
        await using ParleyServer server = await StartAsync(connectionsPerSource: 1000);
        for (int i = 0; i < SourceConnections.HandshakesPerSource; i++) await ConnectAsync(1, "127.0.0.2");
        Socket tooMany;
        do tooMany = await ConnectAsync(1, "127.0.0.2"); while (!await IsClosedSoonAsync(tooMany));         // the last of them may not have begun

        using Socket other = await ConnectAsync(1, "127.0.0.3");
        await using var tls = new SslStream(new NetworkStream(other), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "example.com" }).WaitAsync(Limit);
        await tls.WriteAsync(Question);
        Assert.StartsWith("SIP/2.0 200", await ReadAsync(tls), StringComparison.Ordinal);
    }

    private static byte[] Question => Encoding.ASCII.GetBytes(
        "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\nFrom: <sip:x@example.org>;tag=x\r\n"
        + $"To: <sip:example.com>\r\nCall-ID: {Guid.NewGuid()}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");

    private async Task<ParleyServer> StartAsync(int connectionsPerSource)
    {
        var server = new ParleyServer(new ParleyConfiguration
        {
            Domains = [new DomainOptions("example.com")],
            Listen = [.. new[] { ListenTransport.Tcp, ListenTransport.Tls, ListenTransport.Http }.Select(transport => new ListenUri(transport, AnyPort))],
            DataFolder = _folder.Path,
            Protection = new ProtectionOptions { ConnectionsPerSource = connectionsPerSource },
        });
        await server.StartAsync().WaitAsync(Limit);
        _listening = server.Listening;
        return server;
    }

    private async Task<Socket> ConnectAsync(int listening, string from)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        try
        {
            await client.ConnectAsync(_listening[listening].Address.ToIPEndPoint()).WaitAsync(Limit);
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It was closed before this side knew that it stood.
        }

        return client;
    }

    private static async Task<bool> IsServedAsync(Socket client)
    {
        var stream = new NetworkStream(client);
        await stream.WriteAsync(Question);
        return (await ReadAsync(stream)).StartsWith("SIP/2.0 200", StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        byte[] buffer = new byte[4096];
        int length = await stream.ReadAsync(buffer).AsTask().WaitAsync(Limit);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private static async Task<bool> IsClosedAsync(Socket client)
    {
        try
        {
            return await client.ReceiveAsync(new byte[1]).WaitAsync(Limit) == 0;
        }
        catch (SocketException)
        {
            return true;        // reset
        }
    }

    private static async Task<bool> IsClosedSoonAsync(Socket client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        try
        {
            return await client.ReceiveAsync(new byte[1], SocketFlags.None, limit.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
