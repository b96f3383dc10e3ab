using System.Net;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Calls over TLS, by sips URIs and without, through Parley's server with a certificate that it made itself.</summary>
public sealed class SipsTests(ITestOutputHelper output) : InteropTest(output)
{
    private const string AliceUri = "sips:alice@example.test", BobUri = "sips:bob@example.test";

    [Fact]
    public async Task A_call_to_a_sips_uri_has_sips_in_every_hop_and_in_the_dialog()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        ParleyProcess bob = await AnswerAsync(server, BobUri, "--count", "1");
        ParleyProcess alice = Start(server, AliceUri, ["call", BobUri, "--duration", "500ms"]);
        await alice.SucceededAsync();
        await bob.SucceededAsync();
        string[] requests = [.. Requests(bob).Concat(Requests(alice))];
        Assert.Contains(requests, line => line.StartsWith("INVITE sips:bob@", StringComparison.Ordinal));
        Assert.Contains(requests, line => line.StartsWith("ACK sips:bob@", StringComparison.Ordinal));
        Assert.Contains(requests, line => line.StartsWith("BYE sips:bob@", StringComparison.Ordinal));
        Assert.DoesNotContain(requests, line => line.Split(' ')[1].StartsWith("sip:", StringComparison.Ordinal));
    }

    /// <summary>RFC 5630 5.3: whoever registered without sips is not reached by it.</summary>
    [Fact]
    public async Task A_call_to_the_sips_uri_of_somebody_with_a_sip_contact_is_refused()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        await AnswerAsync(server, "sip:bob@example.test", "--count", "1");
        ParleyProcess alice = Start(server, AliceUri, ["call", BobUri]);
        Assert.Equal(480, (await alice.FailedAsync()).GetProperty("status").GetInt32());
    }

    [PeerFact(Programs.Baresip, Programs.EspeakNg, Programs.Sox)]
    public async Task A_baresip_registers_over_tls_and_is_called_over_that_connection()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob") with { Answers = true, Play = await Speech.OfCalleeAsync() });
        ParleyProcess alice = Start(server, AliceUri, ["call", "sip:bob@example.test", "--duration", "500ms"]);
        await bob.EventAsync("CALL_ESTABLISHED");
        await alice.SucceededAsync();
        await bob.EventAsync("CALL_CLOSED");
    }

    [PeerFact(Programs.Baresip, Programs.EspeakNg, Programs.Sox)]
    public async Task A_baresip_over_tls_calls_a_phone_that_registered_by_sips()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        ParleyProcess bob = await AnswerAsync(server, BobUri, "--count", "1");
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice") with { Play = await Speech.OfCallerAsync() });
        await alice.DialAsync("sip:bob@example.test");
        await alice.EventAsync("CALL_ESTABLISHED");
        await alice.HangUpAsync();
        await bob.SucceededAsync();
    }

    private static BaresipSettings Account(ParleyServer server, string user) => new(user)
    {
        Domain = ParleyServer.Domain,
        Password = ParleyServer.PasswordOf(user),
        Server = server.SecureEndPoint,
        Transport = Transport.Tls,
        Authorities = server.Certificate,
    };

    private static IEnumerable<string> Requests(ParleyProcess phone) =>
        phone.Events.Where(told => told.GetProperty("event").GetString() == "message").Select(told => told.GetProperty("text").GetString()!.Split("\r\n")[0])
            .Where(line => line.EndsWith(" SIP/2.0", StringComparison.Ordinal));

    private async Task<ParleyProcess> AnswerAsync(ParleyServer server, string identity, params string[] more)
    {
        ParleyProcess phone = Start(server, identity, ["answer", "--register", .. more]);
        await phone.EventAsync("ready");
        return phone;
    }

    private ParleyProcess Start(ParleyServer server, string identity, string[] command)
    {
        IPAddress address = Bench.Network.NewAddress();
        string user = identity.Split(':', '@')[1];
        return ParleyProgram.Start(Bench, $"parley {command[0]} ({user})",
        [
            .. command, "--as", identity, "--password", ParleyServer.PasswordOf(user), "--proxy", $"sips:{server.SecureEndPoint}",
            "--authorities", server.Certificate, "--local", $"{address}:5060", "--trace",
        ]);
    }
}
