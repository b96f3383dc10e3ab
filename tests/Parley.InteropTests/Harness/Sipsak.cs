using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>sipsak (0.9.8): sends one request and says what came back. Exit code 0: a 200 came; 1: another final answer; 2 and 3: none.</summary>
internal static class Sipsak
{
    public static Task<ExitedProcess> OptionsAsync(Bench bench, string uri, IPEndPoint server, Transport transport) =>
        RunAsync(bench, ["-s", uri], server, transport);

    public static Task<ExitedProcess> RegisterAsync(Bench bench, string uri, string contact, string user, string password, IPEndPoint server, Transport transport) =>
        RunAsync(bench, ["-U", "-s", uri, "-C", contact, "-x", "600", "-u", user, "-a", password], server, transport);

    private static Task<ExitedProcess> RunAsync(Bench bench, string[] arguments, IPEndPoint server, Transport transport)
    {
        IPAddress address = bench.Network.NewAddress();
        return bench.RunAsync("sipsak", Programs.Sipsak,
            [.. arguments, "-vv", "-E", transport.Word(), "-p", server.ToString(), "-k", address.ToString(), "-H", address.ToString()], Limit.Call);
    }
}
