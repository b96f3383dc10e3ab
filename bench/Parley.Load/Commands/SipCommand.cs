using System.CommandLine;
using Parley.Core;
using Parley.Load.Measuring;
using Parley.Load.Reports;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load sip</c>: drives a server that runs already.</summary>
internal static class SipCommand
{
    private const int WarmUpCount = 1000;

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("sip", "Drive a server over UDP and tell how long it took and what it cost.",
            "  register   REGISTER, 401, REGISTER with an MD5 digest, 200\n"
            + "  options    OPTIONS to the server itself, 200\n"
            + "  forward    OPTIONS to a registered user whose contact is this tool, which answers 200\n"
            + "  call       INVITE, 180, 200, ACK, BYE, 200 with such a user\n"
            + "  hold       INVITE, 180, 200, ACK: the call is not ended\n"
            + "  ring       INVITE, 180: the call is not answered\n\n"
            + "The server needs a domain (--domain) with the users user0, user1 ... and the passwords pass0, pass1 ...; what comes from 127.0.0.1 has to be "
            + "let through without authentication, but for a REGISTER. With --rate exchanges begin at their times whatever comes back, and the time of each "
            + "counts from when it was due; without, one begins when another has ended. What is not answered is sent again after 0.5, 1.5 and 3.5 s, and has "
            + "failed after 5 s.\n\n"
            + "  parley-load sip --to 127.0.0.1:5060 --work call --rate 1000 --count 5000 --server-pid 4711");
        Option<NetworkAddress> to = Options.Server();
        Option<WorkKind> work = Options.Work();
        Option<int> count = Options.Number("--count", "N", "How many exchanges", 1, Options.Most, 20_000);
        Option<int> window = Options.Number("--window", "W", "How many may be under way at once", 1, 16_384, 64);
        Option<double?> rate = Options.Rate("How many begin in a second (as many as are answered)");
        Option<int?> seconds = Options.OptionalNumber("--seconds", "S", "Begin no more after so many seconds; without --count there is no other end", 1, 3600);
        Option<int> users = Options.Number("--users", "N", "How many users take turns", 1, Options.Most, 20_000);
        Option<string> domain = Options.Domain();
        Option<int?> serverProcess = Options.OptionalNumber("--server-pid", "PID", "The server's process: tell what it and its children use", 1, int.MaxValue);
        Option<int> ports = Options.Ports(1);
        Option<int> firstPort = Options.Number("--local-port", "PORT", "The first of them; 0 takes free ones, which leaves the server with contacts of earlier runs", 0, 65_000, 17_060);
        Option<int?> core = Options.OptionalNumber("--core", "N", "Keep this tool on a processor core; give the server another", 0, Cores.Count - 1);
        Option<int> warmUp = Options.Number("--warm-up", "N", "How many exchanges before those that count", 0, Options.Most, WarmUpCount);
        foreach (Option option in new Option[] { to, work, count, window, rate, seconds, users, domain, serverProcess, ports, firstPort, core, warmUp }) command.Add(option);
        runner.SetAction(command, (parse, output, cancellationToken) =>
        {
            if (parse.GetValue(core) is { } own) Cores.PinThisProcess(own);
            int? process = parse.GetValue(serverProcess);
            if (process is { } id && ProcessTree.Read(id) is null) throw new LoadException($"there is no process {id}");
            bool isCountGiven = parse.GetResult(count) is { Implicit: false };
            var plan = new LoadPlan
            {
                Work = parse.GetValue(work),
                Count = parse.GetValue(seconds) is not null && !isCountGiven ? Options.Most : parse.GetValue(count),
                Window = parse.GetValue(window),
                Rate = parse.GetValue(rate),
                Users = parse.GetValue(users),
                Duration = parse.GetValue(seconds) is { } limit ? TimeSpan.FromSeconds(limit) : null,
            };
            using var session = new LoadSession(new LoadSessionOptions
            {
                Server = parse.GetValue(to),
                Domain = parse.GetRequiredValue(domain),
                Room = Math.Max(plan.Window, WarmUp.Window),
                Ports = parse.GetValue(ports),
                FirstPort = (ushort)parse.GetValue(firstPort),
            });
            LoadResult result = MeasuringThread.Run(() =>
            {
                WarmUp.Prepare(session, plan, Math.Min(parse.GetValue(warmUp), plan.Count), cancellationToken);
                return session.Run(plan, process, cancellationToken);
            });
            output.Write(ResultFigures.Of(parse.GetValue(work).ToString().ToLowerInvariant(), result));
            return Task.FromResult(result.Failed == 0 && result.Done > 0 ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }
}
