using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
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
using Parley.UserAgent;

namespace Parley.Server.Tests.Tls;

/// <summary>TLS connections that an endpoint makes, to servers that are who they should be and to others.</summary>
public sealed class TlsConnectingTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly NetworkLoop _loop = NetworkLoop.Start();
    private readonly X509Certificate2 _authority = TestCertificate.Make("authority", isAuthority: true);
    private readonly List<string> _reasons = [];
    private ServerCertificates? _certificates;
    private SipEndpoint? _server;

    public void Dispose()
    {
        _server?.Dispose();
        _loop.Dispose();
        _certificates?.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_proves_its_domain_is_asked_over_one_connection()
    {
        Start(names => names.AddUri(new Uri("sip:localhost")));
        await using SipUserAgent agent = await ConnectAsync();
        for (int i = 0; i < 3; i++) Assert.Equal(200, (await agent.OptionsAsync($"sip:localhost:{Port};transport=tls").WaitAsync(Limit)).StatusCode);
        Assert.Equal(1, _server!.ConnectionCount);
    }

    [Fact]
    public async Task A_server_at_an_address_proves_the_address()
    {
        Start(names => names.AddIpAddress(IPAddress.Loopback));
        await using SipUserAgent agent = await ConnectAsync();
        Assert.Equal(200, (await agent.OptionsAsync($"sip:127.0.0.1:{Port};transport=tls").WaitAsync(Limit)).StatusCode);
    }

    [Fact]
    public async Task A_connection_is_not_used_for_another_host_than_it_was_made_for()
    {
        Start(names => names.AddDnsName("localhost"));
        await using SipUserAgent agent = await ConnectAsync();
        Assert.Equal(200, (await agent.OptionsAsync($"sip:localhost:{Port};transport=tls").WaitAsync(Limit)).StatusCode);
        await AssertRefusedAsync(agent, "127.0.0.1", "its certificate is for localhost and not for 127.0.0.1");
    }

    [Fact]
    public async Task A_server_with_another_name_is_refused()
    {
        Start(names => names.AddDnsName("*.localhost"));
        await using SipUserAgent agent = await ConnectAsync();
        await AssertRefusedAsync(agent, "localhost", "its certificate is for *.localhost and not for localhost");
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_refused()
    {
        Start(names => names.AddDnsName("localhost"));
        await using SipUserAgent agent = await ConnectAsync(TlsTrust.OfSystem);
        await AssertRefusedAsync(agent, "localhost", "its certificate is not trusted: ");
    }

    [Fact]
    public async Task A_server_may_ask_for_a_certificate()
    {
        Start(names => names.AddDnsName("localhost"), ClientCertificates.Required);
        await using (SipUserAgent without = await ConnectAsync()) await Assert.ThrowsAsync<SipRequestException>(() => without.OptionsAsync($"sip:localhost:{Port};transport=tls")).WaitAsync(Limit);
        using X509Certificate2 own = TestCertificate.Make("client", issuer: _authority);
        await using SipUserAgent agent = await ConnectAsync(own: SslStreamCertificateContext.Create(own, null, offline: true));
        Assert.Equal(200, (await agent.OptionsAsync($"sip:localhost:{Port};transport=tls").WaitAsync(Limit)).StatusCode);
    }

    private int Port => _server!.ListenPoints[0].Address.Port;

    private async Task AssertRefusedAsync(SipUserAgent agent, string host, string reason)
    {
        await Assert.ThrowsAsync<SipRequestException>(() => agent.OptionsAsync($"sip:{host}:{Port};transport=tls")).WaitAsync(Limit);
        lock (_reasons) Assert.Contains(_reasons, line => line.StartsWith($"{host}: {reason}", StringComparison.Ordinal));
    }

    private Task<SipUserAgent> ConnectAsync(TlsTrust? trust = null, SslStreamCertificateContext? own = null) => SipUserAgent.StartAsync(new SipUserAgentOptions
    {
        Listen = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0x7F000001, 0)),
        Tls = new SipTlsOptions { Trust = trust ?? new TlsTrust([_authority]), OwnCertificate = () => own, OnNotConnected = OnNotConnected },
    });

    private void OnNotConnected(NetworkAddress remote, string host, string reason)
    {
        lock (_reasons) _reasons.Add($"{host}: {reason}");
    }

    private void Start(Action<SubjectAlternativeNameBuilder> names, ClientCertificates wanted = ClientCertificates.None)
    {
        using X509Certificate2 certificate = TestCertificate.Make("server", names, _authority);
        TestCertificate.Write(certificate, _folder.File("c.pem"), _folder.File("k.pem"));
        var configuration = new ParleyConfiguration { Tls = new TlsOptions { Certificate = _folder.File("c.pem"), Key = _folder.File("k.pem") } };
        _certificates = ServerCertificates.Open(configuration, [], TimeProvider.System, NullLogger.Instance);
        var failures = new TlsFailures(TimeProvider.System, NullLogger.Instance);
        var acceptor = new TlsAcceptor(_certificates, new TlsTrust([_authority]), wanted, failures, TimeProvider.System) { Timeout = Limit };
        _server = SipEndpoint.Start(
            new SipEndpointOptions
            {
                Listen = [new SipListen(SipTransport.Tls, NetworkAddress.FromIPv4(0x7F000001, 0))],
                StreamListener = new KestrelListener(NullLoggerFactory.Instance, acceptor),
            },
            [_loop],
            _ => new AnsweringUser());
    }
}
