using System.Net;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>TLS with OpenSSL's own client and server on the other side.</summary>
public sealed class TlsTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.OpenSsl)]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task A_client_that_trusts_the_server_s_certificate_is_answered(string version)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        ChildProcess client = Bench.Start("openssl s_client", Programs.OpenSsl,
            ["s_client", "-connect", $"{server.Address}:5061", "-CAfile", server.Certificate, "-verify_return_error", "-verify_hostname", ParleyServer.Domain, "-quiet", version]);

        await client.WriteAsync($"OPTIONS sip:{ParleyServer.Domain} SIP/2.0\r\nVia: SIP/2.0/TLS {server.Address};branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@{ParleyServer.Domain}>;tag=1\r\n"
            + $"To: <sip:{ParleyServer.Domain}>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");

        await client.LineAsync("an answer", line => line == "SIP/2.0 200 OK");
        await client.LineAsync("its Via", line => line.StartsWith("Via: SIP/2.0/TLS ", StringComparison.Ordinal));
    }

    [PeerFact(Programs.OpenSsl)]
    public async Task A_client_with_an_old_version_is_refused()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        ExitedProcess client = await Bench.RunAsync("openssl s_client", Programs.OpenSsl, ["s_client", "-connect", $"{server.Address}:5061", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]);
        Assert.NotEqual(0, client.ExitCode);
        await server.Process.Process.LineAsync("a line in its log", line => line.Contains("A TLS handshake of", StringComparison.Ordinal));
    }

    [PeerFact(Programs.OpenSsl)]
    public async Task A_server_that_is_who_it_should_be_gets_the_request()
    {
        (IPEndPoint peer, string certificate, ChildProcess process) = await StartServerAsync(address => $"IP:{address}");
        ParleyProcess options = ParleyProgram.Start(Bench, "parley options", ["options", $"sip:{peer};transport=tls", "--authorities", certificate]);
        await process.LineAsync("a request", line => line.StartsWith($"OPTIONS sip:{peer};transport=tls SIP/2.0", StringComparison.Ordinal));
        options.Process.Interrupt();
        await options.ExitAsync();
    }

    [PeerFact(Programs.OpenSsl)]
    public async Task A_server_with_another_name_gets_nothing()
    {
        (IPEndPoint peer, string certificate, ChildProcess process) = await StartServerAsync(_ => "DNS:wrong.example");
        ExitedProcess options = await ParleyProgram.RunAsync(Bench, "options", $"sip:{peer};transport=tls", "--authorities", certificate);
        Assert.Equal(1, options.ExitCode);
        Assert.DoesNotContain(process.Output, line => line.Contains("OPTIONS", StringComparison.Ordinal));
    }

    [PeerFact(Programs.OpenSsl)]
    public async Task The_proxy_says_why_it_did_not_connect()
    {
        (IPEndPoint peer, string _, ChildProcess process) = await StartServerAsync(address => $"IP:{address}");
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ExitedProcess options = await ParleyProgram.RunAsync(Bench, "options", $"sip:{peer};transport=tls", "--as", $"sip:alice@{ParleyServer.Domain}",
            "--password", ParleyServer.PasswordOf("alice"), "--proxy", $"sip:{server.EndPoint}", "--local", $"{Bench.Network.NewAddress()}:5060");
        Assert.Equal(1, options.ExitCode);
        await server.Process.Process.LineAsync("a line in its log",
            line => line.Contains($"No TLS connection to {peer.Address} at {peer}: its certificate is not trusted", StringComparison.Ordinal));
        Assert.DoesNotContain(process.Output, line => line.Contains("OPTIONS", StringComparison.Ordinal));
    }

    private async Task<(IPEndPoint Peer, string Certificate, ChildProcess Process)> StartServerAsync(Func<IPAddress, string> name)
    {
        var peer = new IPEndPoint(Bench.Network.NewAddress(), 5061);
        string certificate = Bench.PathOf("peer.pem"), key = Bench.PathOf("peer.key");
        ExitedProcess made = await Bench.RunAsync("openssl req", Programs.OpenSsl,
        [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate,
            "-days", "2", "-subj", "/CN=peer", "-addext", $"subjectAltName={name(peer.Address)}",
        ]);
        Assert.True(made.ExitCode == 0, made.Log);
        ChildProcess process = Bench.Start("openssl s_server", Programs.OpenSsl, ["s_server", "-accept", peer.ToString(), "-cert", certificate, "-key", key, "-quiet", "-naccept", "1"]);
        await Loopback.BoundAsync(peer, System.Net.Sockets.ProtocolType.Tcp);
        return (peer, certificate, process);
    }
}
