using System.Net;
using System.Net.Sockets;
using System.Text;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>What the other tests here rely on: a capture that finds faults, and programs that end with their test.</summary>
public sealed class HarnessTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Tshark)]
    public async Task A_capture_finds_what_is_malformed()
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(Bench.Network.NewAddress(), 5060));
        var target = (IPEndPoint)receiver.LocalEndPoint!;
        string request = $"""
            OPTIONS sip:{target} SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bK1
            Max-Forwards: 70
            From: <sip:a@example.test>;tag=1
            To: <sip:b@example.test>
            Call-ID: 1@example.test
            CSeq: 1 OPTIONS
            Content-Length: 0


            """.ReplaceLineEndings("\r\n");
        Capture capture = await Capture.StartAsync(Bench);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await sender.SendToAsync(Encoding.UTF8.GetBytes(request), target);
        await sender.SendToAsync(Encoding.UTF8.GetBytes(request), target);
        await sender.SendToAsync(Encoding.UTF8.GetBytes(request.Replace("CSeq: 1 OPTIONS", "CSeq: one OPTIONS", StringComparison.Ordinal)), target);
        await sender.SendToAsync("neither this nor that"u8.ToArray(), new IPEndPoint(target.Address, 6000));

        CapturedTraffic traffic = await capture.StopAsync();

        Assert.Contains(traffic.Faults, fault => fault.Contains("neither SIP", StringComparison.Ordinal) && fault.Contains(":6000", StringComparison.Ordinal));
        Assert.Single(traffic.Faults);
        Assert.Contains("CSeq: one OPTIONS", MessageGrammar.FaultsOf(traffic.Sip[2].Head, traffic.Sip[2].Body));
        Assert.Empty(MessageGrammar.FaultsOf(traffic.Sip[1].Head, traffic.Sip[1].Body));
        Assert.EndsWith("ms", Assert.Single(Retransmissions.OutOfPlace([.. traffic.Sip.Take(2)])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_gone_when_its_test_ends_and_so_are_its_own()
    {
        ChildProcess shell;
        await using (var bench = new Bench("gone", Output))
        {
            shell = bench.Start("sh", "/bin/sh", ["-c", "sleep 300 & echo $!; echo $$; wait"]);
            await shell.WaitAsync("two process ids", () => shell.Output.Count == 2);
            Assert.All(shell.Output, id => Assert.True(IsAlive(id)));
        }

        await Limit.UntilAsync("both to be gone", () => !shell.Output.Any(IsAlive));
    }

    [Fact]
    public async Task A_program_hears_Ctrl_C_and_its_exit_code_is_told()
    {
        ChildProcess shell = Bench.Start("sh", "/bin/sh", ["-c", "trap 'echo interrupted; exit 130' INT; echo ready; while :; do sleep 0.1; done"]);
        await shell.LineAsync("it to be ready", line => line == "ready");

        shell.Interrupt();

        Assert.Equal(130, await shell.ExitAsync());
        Assert.Contains("interrupted", shell.Output);
    }

    [Fact]
    public async Task Waiting_for_a_line_that_will_not_come_ends_with_the_program()
    {
        ChildProcess shell = Bench.Start("sh", "/bin/sh", ["-c", "echo one; echo two >&2; exit 3"]);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => shell.LineAsync("a third line", line => line == "three"));

        Assert.Contains("two", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, await shell.ExitAsync());
    }

    private static bool IsAlive(string processId) =>
        File.Exists($"/proc/{processId}/stat") && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
}
