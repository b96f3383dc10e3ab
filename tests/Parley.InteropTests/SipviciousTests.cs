using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>sipvicious (0.3.3), with which the Internet's scanners look for servers: it finds no user of ours, and no password.</summary>
public sealed class SipviciousTests(ITestOutputHelper output) : InteropTest(output)
{
    private static readonly string[] Users = ["100,1007", "101,1017", "104,1047"];

    [PeerTheory(Programs.Svwar)]
    [InlineData("REGISTER")]
    [InlineData("INVITE")]
    [InlineData("OPTIONS")]
    public async Task It_finds_no_user(string method)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, moreUsers: Users);

        ExitedProcess scan = await Bench.RunAsync("svwar", Programs.PathOf(Programs.Svwar), ["-m", method, "-e", "95-110", "--force", server.Address.ToString()], Limit.Call);

        Assert.Contains("found nothing", scan.Log, StringComparison.Ordinal);
    }

    [PeerFact(Programs.Svcrack)]
    public async Task It_is_stopped_before_it_comes_to_the_password()
    {
        // It sends to the domain that it was told, which is the address.
        System.Net.IPAddress address = Bench.Network.NewAddress();
        ParleyServer server = await ParleyServer.StartAsync(Bench, moreUsers: Users, domain: address.ToString(), address: address);
        string passwords = Bench.PathOf("passwords.txt");
        await File.WriteAllLinesAsync(passwords, [.. Enumerable.Range(1, 200).Select(i => $"wrong{i}"), "1007"]);

        ExitedProcess crack = await Bench.RunAsync("svcrack", Programs.PathOf(Programs.Svcrack), ["-u", "100", "-d", passwords, server.Address.ToString()], Limit.Call);

        Assert.Contains("found nothing", crack.Log, StringComparison.Ordinal);
    }
}
