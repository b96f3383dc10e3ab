using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Servers that are found by a real DNS server (RFC 3263), and what happens when the first of them is gone.</summary>
public sealed class LocatingTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Dnsmasq)]
    public async Task The_classic_zone_is_shown_step_by_step()
    {
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench,
            "naptr-record=zone.test,100,50,s,SIP+D2U,,_sip._udp.zone.test",
            "srv-host=_sip._udp.zone.test,sip1.zone.test,5060,10,0",
            "srv-host=_sip._udp.zone.test,sip2.zone.test,5070,20,0",
            "host-record=sip1.zone.test,127.0.0.11,::1",
            "host-record=sip2.zone.test,127.0.0.12");

        ExitedProcess located = await ParleyProgram.SucceedAsync(Bench, "locate", "sip:bob@zone.test", "--dns", dns.ToString(), "--json");

        JsonElement[] events = [.. ParleyProgram.Events(located.Output)];
        Assert.Equal(
            ["NAPTR zone.test", "SRV _sip._udp.zone.test", "AAAA sip1.zone.test", "A sip1.zone.test", "AAAA sip2.zone.test", "A sip2.zone.test"],
            events.Where(told => Text(told, "event") == "query").Select(told => $"{Text(told, "type")} {Text(told, "name")}"));
        Assert.Equal(["100 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.zone.test"], events[0].GetProperty("records").EnumerateArray().Select(record => record.GetString()));
        Assert.Equal(
            ["udp [::1]:5060", "udp 127.0.0.11:5060", "udp 127.0.0.12:5070"],
            events.Where(told => Text(told, "event") == "target").Select(told => $"{Text(told, "transport")} {Text(told, "address")}"));
    }

    [PeerFact(Programs.Dnsmasq)]
    public async Task An_answer_that_is_too_long_for_a_datagram_comes_whole()
    {
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench,
        [
            .. Enumerable.Range(1, 60).Select(i => $"srv-host=_sip._tcp.zone.test,a-long-name-of-a-server-{i}.zone.test,5060,{i},0"),
            .. Enumerable.Range(1, 60).Select(i => $"host-record=a-long-name-of-a-server-{i}.zone.test,127.0.1.{i}"),
        ]);

        ExitedProcess located = await ParleyProgram.SucceedAsync(Bench, "locate", "sip:zone.test;transport=tcp", "--dns", dns.ToString(), "--json");

        JsonElement[] events = [.. ParleyProgram.Events(located.Output)];
        Assert.Equal(60, events[0].GetProperty("records").GetArrayLength());
        Assert.Equal("127.0.1.1:5060", Text(events.First(told => Text(told, "event") == "target"), "address"));
    }

    [PeerFact(Programs.Dnsmasq)]
    public async Task What_does_not_exist_and_a_DNS_server_that_is_gone_are_told_apart()
    {
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench);

        ExitedProcess nobody = await ParleyProgram.RunAsync(Bench, "locate", "sip:nobody.test", "--dns", dns.ToString());
        ExitedProcess gone = await ParleyProgram.RunAsync(Bench, "locate", "sip:nobody.test", "--dns", $"{Bench.Network.Nobody}:5353");

        Assert.Equal((1, 1), (nobody.ExitCode, gone.ExitCode));
        Assert.Contains("parley: nobody.test has no address", nobody.Errors);
        Assert.Contains("parley: no DNS server answers", gone.Errors);
    }

    [PeerTheory(Programs.Dnsmasq, Programs.Sipp)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_phone_calls_the_second_server_when_the_first_is_down(Transport transport)
    {
        SippSettings second = User("bob", transport);
        IPEndPoint dns = await StartZoneAsync(Bench.Network.Nobody, second.Address, transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer", second, ("ring", "100"));

        await ParleyProgram.SucceedAsync(Bench, "call", "sip:bob@zone.test", "--dns", dns.ToString(), "--local", $"{Bench.Network.NewAddress()}:5060", "--duration", "500ms");

        await Sipp.SucceededAsync(Bench, answering);
    }

    [PeerFact(Programs.Dnsmasq, Programs.Sipp)]
    public async Task A_proxy_goes_on_to_the_second_server_when_the_first_is_stopped_while_the_call_is_set_up()
    {
        using var first = new UdpClient(new IPEndPoint(Bench.Network.NewAddress(), 5060));
        SippSettings second = User("bob", Transport.Udp);
        IPEndPoint dns = await StartZoneAsync(((IPEndPoint)first.Client.LocalEndPoint!).Address, second.Address, Transport.Udp);
        ParleyServer server = await ParleyServer.StartAsync(Bench, dns: dns);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer", second, ("ring", "100"));

        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "sip:bob@zone.test", Transport.Udp, "--duration", "500ms");
        using var limit = new CancellationTokenSource(Limit.Soon);
        UdpReceiveResult invite = await first.ReceiveAsync(limit.Token);
        Assert.StartsWith("INVITE sip:bob@zone.test SIP/2.0", System.Text.Encoding.ASCII.GetString(invite.Buffer), StringComparison.Ordinal);
        first.Close();

        await alice.Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, answering);
    }

    [PeerTheory(Programs.Dnsmasq, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Users_of_two_domains_call_each_other_through_both_proxies(Transport transport)
    {
        // Each server has to know DNS, and DNS the servers: the zone is written once their addresses are known.
        IPAddress[] hosts = [Bench.Network.NewAddress(), Bench.Network.NewAddress()];
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench, new[] { "a.test", "b.test" }.SelectMany((domain, i) => (string[])
        [
            $"naptr-record={domain},100,50,s,SIP+D2{(transport == Transport.Udp ? "U" : "T")},,_sip._{transport.Word()}.{domain}",
            $"srv-host=_sip._{transport.Word()}.{domain},sip.{domain},5060,0,0",
            $"host-record=sip.{domain},{hosts[i]}",
        ]));
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer left = await ParleyServer.StartAsync(Bench, domain: "a.test", dns: dns, address: hosts[0]);
        ParleyServer right = await ParleyServer.StartAsync(Bench, domain: "b.test", dns: dns, address: hosts[1]);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, right, "bob", transport, "--count", "1", "--duration", "1s");

        ParleyPhone alice = ParleyPhone.Call(Bench, left, "alice", "sip:bob@b.test", transport);

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "200 BYE"], traffic.Ladder(left.Address, right.Address));
        Assert.Equal(["180 INVITE", "200 INVITE", "BYE"], traffic.Ladder(right.Address, left.Address).Where(line => line != "100 INVITE"));
    }

    [PeerTheory(Programs.Dnsmasq, Programs.Kamailio, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Users_of_a_Kamailio_and_of_a_Parley_call_each_other(Transport transport)
    {
        IPAddress[] hosts = [Bench.Network.NewAddress(), Bench.Network.NewAddress()];
        IPEndPoint dns = await Dnsmasq.StartAsync(Bench, $"srv-host=_sip._{transport.Word()}.k.test,sip.k.test,5060,0,0", $"host-record=sip.k.test,{hosts[1]}");
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer ours = await ParleyServer.StartAsync(Bench, domain: "a.test", dns: dns, address: hosts[0]);
        IPEndPoint theirs = await Kamailio.StartAsync(Bench, "k.test", ours.EndPoint, hosts[1]);
        ParleyPhone bob = await AnswerAtKamailioAsync(theirs, transport, "--count", "1", "--duration", "1s");
        ParleyPhone alice = ParleyPhone.Call(Bench, ours, "alice", "sip:bob@k.test", transport);
        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        ParleyPhone carol = await ParleyPhone.AnswerAsync(Bench, ours, "carol", transport, "--count", "1", "--duration", "1s");
        ExitedProcess calling = await ParleyProgram.RunAsync(Bench,
            "call", "sip:carol@a.test", "--as", "sip:bob@k.test", "--proxy", $"sip:{theirs}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060");
        Assert.True(calling.ExitCode == 0, calling.Log);
        await carol.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(
            ["INVITE", "ACK", "200 BYE", "180 INVITE", "200 INVITE", "BYE"],
            traffic.Ladder(ours.Address, theirs.Address).Where(line => line != "100 INVITE"));
    }

    private async Task<ParleyPhone> AnswerAtKamailioAsync(IPEndPoint kamailio, Transport transport, params string[] more)
    {
        IPAddress address = Bench.Network.NewAddress();
        ParleyProcess process = ParleyProgram.Start(Bench, "parley answer (bob)",
            ["answer", "--register", "--as", "sip:bob@k.test", "--proxy", $"sip:{kamailio}{transport.Parameter()}", "--local", $"{address}:5060", .. more]);
        await process.EventAsync("ready");
        return new ParleyPhone(process, address);
    }

    private Task<IPEndPoint> StartZoneAsync(IPAddress first, IPAddress second, Transport transport) => Dnsmasq.StartAsync(Bench,
        $"naptr-record=zone.test,100,50,s,SIP+D2{(transport == Transport.Udp ? "U" : "T")},,_sip._{transport.Word()}.zone.test",
        $"srv-host=_sip._{transport.Word()}.zone.test,sip1.zone.test,5060,10,0",
        $"srv-host=_sip._{transport.Word()}.zone.test,sip2.zone.test,5060,20,0",
        $"host-record=sip1.zone.test,{first}",
        $"host-record=sip2.zone.test,{second}");

    private SippSettings User(string name, Transport transport) => new(name, Bench.Network.NewAddress()) { Transport = transport };

    private static string? Text(JsonElement told, string name) => told.GetProperty(name).GetString();
}
