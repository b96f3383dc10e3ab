using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Net.Tls;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Tests.Hosting;
using Parley.Server.Tls;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Tls;

/// <summary>SIP over TLS connections that Kestrel accepts.</summary>
public sealed class TlsListenerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly RecordingLogger _log = new();
    private readonly NetworkLoop[] _loops = [NetworkLoop.Start(), NetworkLoop.Start()];
    private readonly TlsFailures _failures;
    private ServerCertificates? _certificates;
    private SipEndpoint? _endpoint;

    public TlsListenerTests() => _failures = new TlsFailures(TimeProvider.System, _log);

    public void Dispose()
    {
        _endpoint?.Dispose();
        foreach (NetworkLoop loop in _loops) loop.Dispose();
        _certificates?.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Requests_are_answered(SslProtocols version)
    {
        Start();
        for (int i = 0; i < 3; i++)
        {
            await using SslStream client = await ConnectAsync(version: version);
            Assert.Equal(version, client.SslProtocol);
            Assert.StartsWith("SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS ", await AskAsync(client, $"call-{i}"), StringComparison.Ordinal);
            Assert.StartsWith("SIP/2.0 200 OK\r\n", await AskAsync(client, $"again-{i}"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_new_connections_and_old_ones_stay()
    {
        using X509Certificate2 first = TestCertificate.Make("one.example"), second = TestCertificate.Make("two.example");
        TestCertificate.Write(first, _folder.File("c.pem"), _folder.File("k.pem"));
        Start(new TlsOptions { Certificate = _folder.File("c.pem"), Key = _folder.File("k.pem") });
        await using SslStream old = await ConnectAsync();
        Assert.Equal("CN=one.example", old.RemoteCertificate!.Subject);

        TestCertificate.Write(second, _folder.File("c.pem"), _folder.File("k.pem"));
        _certificates!.Look();
        _certificates.Look();

        await using SslStream next = await ConnectAsync();
        Assert.Equal("CN=two.example", next.RemoteCertificate!.Subject);
        Assert.StartsWith("SIP/2.0 200 ", await AskAsync(old, "old"), StringComparison.Ordinal);
        Assert.StartsWith("SIP/2.0 200 ", await AskAsync(next, "next"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handshake_that_does_not_end_is_cut()
    {
        Start(timeout: TimeSpan.FromMilliseconds(200));
        using var client = new TcpClient();
        await client.ConnectAsync(_endpoint!.ListenPoints[0].Address.ToIPEndPoint()).WaitAsync(Limit);
        await AssertClosedAsync(client.GetStream());
        Assert.Equal(1, _failures.Count);
        Assert.Contains("the handshake took too long", _log.Lines.Single(), StringComparison.Ordinal);
        Assert.Equal(0, _endpoint.ConnectionCount);
    }

    [Fact]
    public async Task What_is_no_handshake_is_closed()
    {
        Start();
        using var client = new TcpClient();
        await client.ConnectAsync(_endpoint!.ListenPoints[0].Address.ToIPEndPoint()).WaitAsync(Limit);
        await client.GetStream().WriteAsync("OPTIONS sip:example.com SIP/2.0\r\n\r\n"u8.ToArray());
        await AssertClosedAsync(client.GetStream());
        Assert.Equal(1, _failures.Count);
    }

    [Theory]
    [InlineData(ClientCertificates.Optional, true)]
    [InlineData(ClientCertificates.Required, false)]
    public async Task A_client_without_a_certificate_is_refused_where_one_is_required(ClientCertificates wanted, bool isAccepted)
    {
        Start(wanted: wanted);
        Assert.Equal(isAccepted, await IsAnsweredAsync(null));
    }

    [Fact]
    public async Task A_certificate_of_a_client_has_to_be_of_a_known_authority()
    {
        using X509Certificate2 authority = TestCertificate.Make("authority", isAuthority: true);
        using X509Certificate2 known = TestCertificate.Make("client", issuer: authority), unknown = TestCertificate.Make("stranger");
        Start(wanted: ClientCertificates.Required, trust: new TlsTrust([authority]));

        Assert.True(await IsAnsweredAsync(known));
        Assert.False(await IsAnsweredAsync(unknown));
        Assert.Contains("the client's certificate is not accepted", _log.Lines.Single(), StringComparison.Ordinal);
    }

    private async Task<bool> IsAnsweredAsync(X509Certificate2? certificate)
    {
        try
        {
            await using SslStream client = await ConnectAsync(certificate);
            return (await AskAsync(client, "call")).StartsWith("SIP/2.0 200 ", StringComparison.Ordinal);
        }
        catch (Exception problem) when (problem is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private void Start(TlsOptions? options = null, ClientCertificates wanted = ClientCertificates.None, TlsTrust? trust = null, TimeSpan? timeout = null)
    {
        var configuration = new ParleyConfiguration { DataFolder = _folder.Path, Tls = options ?? new TlsOptions() };
        _certificates = ServerCertificates.Open(configuration, [], TimeProvider.System, NullLogger.Instance);
        var acceptor = new TlsAcceptor(_certificates, trust ?? TlsTrust.OfSystem, wanted, _failures, TimeProvider.System) { Timeout = timeout ?? TimeSpan.FromSeconds(30) };
        _endpoint = SipEndpoint.Start(
            new SipEndpointOptions
            {
                Listen = [new SipListen(SipTransport.Tls, NetworkAddress.FromIPv4(0x7F000001, 0))],
                StreamListener = new KestrelListener(NullLoggerFactory.Instance, acceptor),
            },
            _loops,
            _ => new AnsweringUser());
    }

    private async Task<SslStream> ConnectAsync(X509Certificate2? certificate = null, SslProtocols version = SslProtocols.None)
    {
        var client = new TcpClient();
        await client.ConnectAsync(_endpoint!.ListenPoints[0].Address.ToIPEndPoint()).WaitAsync(Limit);
        var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }).WaitAsync(Limit);
        return stream;
    }

    private static async Task AssertClosedAsync(Stream stream)
    {
        try
        {
            byte[] buffer = new byte[1024];
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(Limit) > 0)
            {
                // An alert may come first.
            }
        }
        catch (IOException)
        {
            // Reset: closed as well.
        }
    }

    private static async Task<string> AskAsync(SslStream client, string callId)
    {
        string request = $"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK{callId}\r\nFrom: <sip:a@example.com>;tag=1\r\n"
            + $"To: <sip:example.com>\r\nCall-ID: {callId}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        await client.WriteAsync(Encoding.ASCII.GetBytes(request)).AsTask().WaitAsync(Limit);
        byte[] buffer = new byte[4096];
        int length = await client.ReadAsync(buffer).AsTask().WaitAsync(Limit);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
