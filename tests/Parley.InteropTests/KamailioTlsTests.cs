using System.Net;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Servers that reach each other by TLS: Kamailio with its TLS module is that of the other domain.</summary>
public sealed class KamailioTlsTests(ITestOutputHelper output) : InteropTest(output)
{
    private const string TheirDomain = "k.test", OurDomain = "a.test";

    [PeerFact(Programs.Dnsmasq, Programs.Kamailio, Programs.KamailioTls, Programs.OpenSsl)]
    public async Task Users_of_a_Kamailio_and_of_a_Parley_call_each_other_by_tls()
    {
        (ParleyServer ours, IPEndPoint theirs) = await StartAsync(certificateName: TheirDomain);
        ParleyProcess bob = await AnswerAtKamailioAsync(theirs);
        ParleyPhone alice = ParleyPhone.Call(Bench, ours, "alice", $"sip:bob@{TheirDomain}", Transport.Udp);
        await alice.Process.SucceededAsync();
        await bob.SucceededAsync();

        ParleyPhone carol = await ParleyPhone.AnswerAsync(Bench, ours, "carol", Transport.Udp, "--count", "1", "--duration", "1s");
        ExitedProcess calling = await ParleyProgram.RunAsync(Bench,
            "call", $"sip:carol@{OurDomain}", "--as", $"sip:bob@{TheirDomain}", "--proxy", $"sip:{theirs}", "--local", $"{Bench.Network.NewAddress()}:5060");
        Assert.True(calling.ExitCode == 0, calling.Log);
        await carol.Process.SucceededAsync();
    }

    /// <summary>RFC 5922 7.3: the domain that was asked for has to be in the certificate, whatever its server is called.</summary>
    [PeerFact(Programs.Dnsmasq, Programs.Kamailio, Programs.KamailioTls, Programs.OpenSsl)]
    public async Task A_Kamailio_with_the_certificate_of_another_domain_gets_no_call()
    {
        (ParleyServer ours, IPEndPoint theirs) = await StartAsync(certificateName: "wrong.test");
        ParleyProcess bob = await AnswerAtKamailioAsync(theirs);
        ParleyPhone alice = ParleyPhone.Call(Bench, ours, "alice", $"sip:bob@{TheirDomain}", Transport.Udp);
        await alice.Process.FailedAsync();
        await ours.Process.Process.LineAsync("a line in its log", line => line.Contains($"No TLS connection to {TheirDomain} at {theirs.Address}:5061: its certificate is for wrong.test, {theirs.Address} and not for {TheirDomain}", StringComparison.Ordinal));
        Assert.DoesNotContain(bob.Process.Output, line => line.Contains("INVITE", StringComparison.Ordinal));
    }

    // Both servers speak UDP to their phones; DNS says that the other domain is reached by TLS alone.
    private async Task<(ParleyServer Ours, IPEndPoint Theirs)> StartAsync(string certificateName)
    {
        IPAddress[] hosts = [Bench.Network.NewAddress(), Bench.Network.NewAddress()];
        (string Certificate, string Key) files = (Bench.PathOf("kamailio.pem"), Bench.PathOf("kamailio.key"));
        ExitedProcess made = await Bench.RunAsync("openssl req", Programs.OpenSsl,
        [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files.Key, "-out", files.Certificate,
            "-days", "2", "-subj", "/CN=kamailio", "-addext", $"subjectAltName=DNS:{certificateName},IP:{hosts[1]}",
        ]);
        Assert.True(made.ExitCode == 0, made.Log);
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench,
            $"naptr-record={TheirDomain},50,50,s,SIPS+D2T,,_sips._tcp.{TheirDomain}",
            $"srv-host=_sips._tcp.{TheirDomain},sip.{TheirDomain},5061,0,0",
            $"host-record=sip.{TheirDomain},{hosts[1]}");
        ParleyServer ours = await ParleyServer.StartAsync(Bench, domain: OurDomain, dns: dns, address: hosts[0], isSecure: true, authorities: files.Certificate);
        IPEndPoint theirs = await Kamailio.StartAsync(Bench, TheirDomain, ours.SecureEndPoint, hosts[1], files);
        return (ours, theirs);
    }

    private async Task<ParleyProcess> AnswerAtKamailioAsync(IPEndPoint kamailio)
    {
        ParleyProcess process = ParleyProgram.Start(Bench, "parley answer (bob)",
            ["answer", "--register", "--as", $"sip:bob@{TheirDomain}", "--proxy", $"sip:{kamailio}", "--local", $"{Bench.Network.NewAddress()}:5060", "--count", "1", "--duration", "1s"]);
        await process.EventAsync("ready");
        return process;
    }
}
