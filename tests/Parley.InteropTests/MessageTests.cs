using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Texts between phones through the server.</summary>
public sealed class MessageTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_text_is_delivered_to_a_registered_phone_and_shown(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);

        ExitedProcess sent = await ParleyProgram.SucceedAsync(Bench,
            "message", $"sip:bob@{ParleyServer.Domain}", "Grüße aus Köln", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060", "--json");

        JsonElement outcome = ParleyProgram.Events(sent.Output).Single(told => told.GetProperty("event").GetString() == "sent");
        Assert.True(outcome.GetProperty("delivered").GetBoolean());
        JsonElement message = await bob.Process.EventAsync("message");
        Assert.Equal("Grüße aus Köln", message.GetProperty("text").GetString());
        Assert.Equal($"sip:alice@{ParleyServer.Domain}", message.GetProperty("from").GetString());
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
        (await capture.StopAsync()).AssertClean();
    }

    [Theory]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_text_to_somebody_who_is_not_there_waits_and_survives_a_crash(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ExitedProcess sent = await ParleyProgram.SucceedAsync(Bench,
            "message", $"sip:bob@{ParleyServer.Domain}", "See you later", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--json");
        JsonElement outcome = ParleyProgram.Events(sent.Output).Single(told => told.GetProperty("event").GetString() == "sent");
        Assert.Equal(202, outcome.GetProperty("status").GetInt32());
        Assert.False(outcome.GetProperty("delivered").GetBoolean());

        await server.Process.Process.KillAsync();
        await server.StartAgainAsync();
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);
        JsonElement message = await bob.Process.EventAsync("message");
        Assert.Equal("See you later", message.GetProperty("text").GetString());
        Assert.Equal($"sip:alice@{ParleyServer.Domain}", message.GetProperty("from").GetString());
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
    }

    [PeerTheory(Programs.Baresip)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_text_that_waits_reaches_a_baresip_when_it_registers(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        await ParleyProgram.SucceedAsync(Bench,
            "message", $"sip:bob@{ParleyServer.Domain}", "See you later", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}");
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob")
        {
            Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("bob"), Server = server.EndPoint, Transport = transport,
        });
        await bob.SaysAsync("the text", "See you later");
        await bob.QuitAsync();
    }

    [Fact]
    public async Task A_text_to_somebody_whom_nobody_knows_fails_in_one_line()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ExitedProcess sent = await ParleyProgram.RunAsync(Bench,
            "message", $"sip:nobody@{ParleyServer.Domain}", "Hello", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}");

        Assert.Equal(1, sent.ExitCode);
        Assert.StartsWith("parley: MESSAGE failed: 404 ", Assert.Single(sent.Errors), StringComparison.Ordinal);
    }
}
