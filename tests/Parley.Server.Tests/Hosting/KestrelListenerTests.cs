using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Hosting;

/// <summary>SIP over connections that Kestrel accepts.</summary>
public sealed class KestrelListenerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly NetworkLoop[] _loops = [NetworkLoop.Start(), NetworkLoop.Start()];
    private readonly SipEndpoint _endpoint;

    public KestrelListenerTests() => _endpoint = Start(NetworkAddress.FromIPv4(0x7F000001, 0));

    public void Dispose()
    {
        _endpoint.Dispose();
        foreach (NetworkLoop loop in _loops) loop.Dispose();
    }

    private SipEndpoint Start(NetworkAddress address) => SipEndpoint.Start(
        new SipEndpointOptions { Listen = [new SipListen(SipTransport.Tcp, address)], StreamListener = new KestrelListener(NullLoggerFactory.Instance) },
        _loops,
        _ => new AnsweringUser());

    [Fact]
    public async Task Requests_are_answered_over_their_connections()
    {
        for (int i = 0; i < 4; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(_endpoint.ListenPoints[0].Address.ToIPEndPoint()).WaitAsync(Limit);
            string answer = await AskAsync(client, $"call-{i}");
            Assert.StartsWith("SIP/2.0 200 OK\r\n", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_end_of_the_endpoint_ends_its_connections()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_endpoint.ListenPoints[0].Address.ToIPEndPoint()).WaitAsync(Limit);
        await AskAsync(client, "call");
        Assert.Equal(1, _endpoint.ConnectionCount);
        _endpoint.Dispose();
        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Limit));
        using var late = new TcpClient();
        await Assert.ThrowsAnyAsync<SocketException>(() => late.ConnectAsync(_endpoint.ListenPoints[0].Address.ToIPEndPoint()));
    }

    [Fact]
    public void A_port_that_is_taken_is_told()
    {
        SipListenException problem = Assert.Throws<SipListenException>(() => Start(_endpoint.ListenPoints[0].Address));
        Assert.Equal(SocketError.AddressAlreadyInUse, problem.SocketError);
    }

    [Fact]
    public void An_address_that_is_not_ours_is_told()
    {
        SipListenException problem = Assert.Throws<SipListenException>(() => Start(NetworkAddress.From(IPAddress.Parse("192.0.2.1"), 0)));
        Assert.Equal(SocketError.AddressNotAvailable, problem.SocketError);
    }

    private static async Task<string> AskAsync(TcpClient client, string callId)
    {
        string request = "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=1\r\n"
            + $"To: <sip:example.com>\r\nCall-ID: {callId}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request)).AsTask().WaitAsync(Limit);
        byte[] buffer = new byte[4096];
        int length = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Limit);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
