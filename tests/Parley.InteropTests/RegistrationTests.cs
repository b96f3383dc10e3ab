using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Everybody's phones register with Parley's server: RFC 3261 10 and 22, RFC 3665 2.</summary>
public sealed class RegistrationTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_registers_and_one_with_a_wrong_password_does_not(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        var bob = new SippSettings("bob", Bench.Network.NewAddress()) { Transport = transport, Password = ParleyServer.PasswordOf("bob") };
        (string, string)[] words = [("contact", $"sip:bob@{bob.EndPoint}{transport.Parameter()}"), ("expires", "600")];

        ExitedProcess right = await Sipp.RunAsync(Bench, "register", server.EndPoint, bob, [.. words, ("status", "200")]);
        ExitedProcess wrong = await Sipp.RunAsync(Bench, "register", server.EndPoint, bob with { Password = "wrong" }, [.. words, ("status", "403")]);

        Assert.True(right.ExitCode == 0, right.Log);
        Assert.True(wrong.ExitCode == 0, wrong.Log);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["401 REGISTER", "200 REGISTER", "401 REGISTER", "403 REGISTER"], traffic.Ladder(server.Address, bob.Address));
        Assert.Contains($"<sip:bob@{bob.EndPoint}{transport.Parameter()}>;expires=600", traffic.Sip.Single(message => message.Status == 200).Head, StringComparison.Ordinal);
    }

    [PeerTheory(Programs.Sipsak, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipsak_registers_and_one_with_a_wrong_password_does_not(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ExitedProcess right = await Sipsak.RegisterAsync(Bench, "sip:alice@localhost", "sip:alice@127.9.9.9:5070", "alice", ParleyServer.PasswordOf("alice"), server.EndPoint, transport);
        ExitedProcess wrong = await Sipsak.RegisterAsync(Bench, "sip:alice@localhost", "sip:alice@127.9.9.9:5070", "alice", "wrong", server.EndPoint, transport);

        Assert.True(right.ExitCode == 0, right.Log);
        Assert.True(wrong.ExitCode != 0, wrong.Log);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal([401, 200, 401, 403], traffic.AnswersTo("REGISTER"));
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_baresip_registers_and_takes_its_registration_back(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob")
        {
            Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("bob"), Server = server.EndPoint, Transport = transport,
        });

        await bob.QuitAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal([401, 200, 401, 200], traffic.AnswersTo("REGISTER"));    // it asks for a new nonce when it ends
        Assert.DoesNotContain("Contact:", traffic.Sip.Last(message => message.IsResponse("REGISTER")).Head, StringComparison.Ordinal);
    }

    /// <summary>RFC 5626: a phone of others is bound to its connection, and told how often to use it.</summary>
    [PeerFact(Programs.Baresip, Programs.Tshark)]
    public async Task A_baresip_is_bound_to_its_flow()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob")
        {
            Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("bob"), Server = server.EndPoint, Transport = Transport.Tcp, IsOutbound = true,
        });

        await bob.QuitAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        string registered = traffic.Sip.First(message => message is { Status: 200, Method: "REGISTER" }).Head;
        Assert.Contains(";reg-id=1;+sip.instance=", registered, StringComparison.Ordinal);
        Assert.Contains("Require: outbound", registered, StringComparison.Ordinal);
        Assert.Contains("Flow-Timer: 840", registered, StringComparison.Ordinal);
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_parley_phone_registers_and_takes_its_registration_back_at_Ctrl_C(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);

        bob.Process.Process.Interrupt();

        Assert.Equal(130, await bob.Process.ExitAsync());
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["401 REGISTER", "200 REGISTER", "200 REGISTER"], traffic.Ladder(server.Address, bob.Address));
        Assert.DoesNotContain("Contact:", traffic.Sip.Last(message => message.IsResponse("REGISTER")).Head, StringComparison.Ordinal);
    }

    [PeerFact(Programs.Tshark)]
    public async Task A_parley_phone_with_a_wrong_password_says_so()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ParleyProcess bob = ParleyProgram.Start(Bench, "parley answer (bob)",
            ["answer", "--register", "--as", "sip:bob@example.test", "--password", "wrong", "--proxy", $"sip:{server.EndPoint}", "--local", $"{Bench.Network.NewAddress()}:5060"]);

        Assert.Equal(403, (await bob.FailedAsync()).GetProperty("status").GetInt32());
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipsak, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_server_says_what_it_can_do(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ExitedProcess sipsak = await Sipsak.OptionsAsync(Bench, "sip:localhost", server.EndPoint, transport);
        ParleyProcess parley = ParleyProgram.Start(Bench, "parley options", ["options", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060"]);

        Assert.True(sipsak.ExitCode == 0, sipsak.Log);
        await parley.SucceededAsync();
        Assert.Equal(200, (await parley.EventAsync("answer")).GetProperty("status").GetInt32());
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.All(traffic.Sip.Where(message => message.Status == 200), message => Assert.Contains("\r\nAllow:", message.Head, StringComparison.Ordinal));
    }
}
