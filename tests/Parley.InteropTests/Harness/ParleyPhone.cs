using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>A <c>parley call</c> or <c>parley answer</c> of one user.</summary>
internal sealed class ParleyPhone(ParleyProcess process, IPAddress address)
{
    public ParleyProcess Process => process;

    /// <summary>Where it sends from and receives, on port 5060.</summary>
    public IPAddress Address => address;

    /// <summary>Calls a user of the server's domain.</summary>
    public static ParleyPhone Call(Bench bench, ParleyServer server, string user, string callee, Transport transport, params string[] more) =>
        Start(bench, user, ["call", callee.Contains(':', StringComparison.Ordinal) ? callee : $"sip:{callee}@{ParleyServer.Domain}", .. Account(server, user, transport), .. more]);

    /// <summary>Calls a phone with no server between.</summary>
    public static ParleyPhone CallDirectly(Bench bench, IPAddress callee, Transport transport, params string[] more) =>
        CallDirectly(bench, $"sip:{callee}{transport.Parameter()}", more);

    /// <summary>As the other one, for a phone that wants to be called by its user's name.</summary>
    public static ParleyPhone CallDirectly(Bench bench, string uri, params string[] more) => Start(bench, "alice", ["call", uri, .. more]);

    /// <summary>Registers and waits for calls.</summary>
    public static async Task<ParleyPhone> AnswerAsync(Bench bench, ParleyServer server, string user, Transport transport, params string[] more)
    {
        ParleyPhone phone = Start(bench, user, ["answer", "--register", .. Account(server, user, transport), .. more]);
        await phone.Process.EventAsync("ready");
        return phone;
    }

    /// <summary>Waits for calls with no server.</summary>
    public static async Task<ParleyPhone> AnswerDirectlyAsync(Bench bench, params string[] more)
    {
        ParleyPhone phone = Start(bench, "bob", ["answer", .. more]);
        await phone.Process.EventAsync("ready");
        return phone;
    }

    private static ParleyPhone Start(Bench bench, string user, string[] arguments)
    {
        // As a rule G.711, which has one right answer for each sample; tests of other codecs say so.
        if (!arguments.Contains("--codec")) arguments = [.. arguments, "--codec", "pcmu,pcma"];
        IPAddress address = bench.Network.NewAddress();
        return new ParleyPhone(ParleyProgram.Start(bench, $"parley {arguments[0]} ({user})", [.. arguments, "--local", $"{address}:5060"]), address);
    }

    private static string[] Account(ParleyServer server, string user, Transport transport) =>
        ["--as", $"sip:{user}@{server.Name}", "--password", ParleyServer.PasswordOf(user), "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}"];
}
