using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Parley.Endpoint.Sip;
using Parley.Output;
using Parley.Server.Configuration;
using Parley.Server.Hosting;

namespace Parley.Commands;

/// <summary><c>parley serve</c>, and <c>parley</c> alone: runs the server until it is asked to end.</summary>
internal static class ServeCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("serve",
            "Run the server: registrar, proxy, redirect server and services.\n\n"
            + "  parley serve --domain example.com\n"
            + "  parley serve --config parley.json --listen udp://192.0.2.1:5060 --listen tcp://192.0.2.1:5060");
        AddTo(command, runner);
        return command;
    }

    /// <summary>Gives a command the server's options and work.</summary>
    public static void AddTo(Command command, CommandRunner runner)
    {
        var files = new ServerFiles(command);
        var domains = new Option<string[]>("--domain") { Description = "A domain that this server is responsible for (localhost and the machine's name); may be repeated", HelpName = "D" };
        var listen = new Option<string[]>("--listen")
        {
            Description = "Where to listen, such as udp://0.0.0.0:5060 tls://0.0.0.0:5061 or https://0.0.0.0:8443; port 0 takes a free one; may be repeated",
            HelpName = "URI",
        };
        var trace = new Option<bool>("--trace") { Description = "Print every SIP message with its direction, peer and time, secrets left out" };
        var verbose = new Option<bool>("--verbose") { Description = "Log what the server does in detail" };
        foreach (Option option in new Option[] { domains, listen, trace, verbose }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            List<ConfigurationOverride> overrides = [];
            if (parse.GetValue(domains) is { Length: > 0 } names) overrides.Add(new ConfigurationOverride("domains", "--domain", names));
            if (parse.GetValue(listen) is { Length: > 0 } uris) overrides.Add(new ConfigurationOverride("listen", "--listen", uris));
            ParleyConfiguration configuration = files.Load(parse, [.. overrides]);
            await using ConsoleTrace? console = parse.GetValue(trace) ? new ConsoleTrace(output, TimeProvider.System) : null;
            using ILoggerFactory logging = CreateLogging(parse.GetValue(verbose));
            await RunAsync(configuration, files.Sources(parse, overrides), console, logging, output, cancellationToken).ConfigureAwait(false);
            return runner.IsTermination ? ExitCode.Done : ExitCode.Interrupted;
        });
    }

    private static async Task RunAsync(
        ParleyConfiguration configuration, ConfigurationSources sources, ISipTrace? trace, ILoggerFactory logging, CommandOutput output, CancellationToken cancellationToken)
    {
        await using var server = new ParleyServer(configuration, new ParleyServerOptions { Logging = logging, Trace = trace });
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        foreach (ListenUri uri in server.Listening)
        {
            output.Event("listening", ("uri", uri.ToString()));
            output.Say($"listening on {uri}");
        }

        using var watcher = new ConfigurationWatcher(configuration, sources, server.Reconfigure, TimeProvider.System, logging.CreateLogger("Parley.Configuration"));

        output.Event("ready", ("domains", configuration.Domains.Select(domain => domain.Name)));
        output.Say($"ready for {string.Join(", ", configuration.Domains.Select(domain => domain.Name))}; Ctrl-C ends it");
        RequestPath.Prepare(logging.CreateLogger("Parley.Start"));
        var ending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.Register(ending.SetResult).ConfigureAwait(false))
        {
            await ending.Task.ConfigureAwait(false);
        }

        output.Event("stopping");
        output.Note("parley: ending calls and storing bindings; Ctrl-C once more ends it at once");
        await server.StopAsync().ConfigureAwait(false);
        output.Event("stopped");
    }

    private static ILoggerFactory CreateLogging(bool isVerbose) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(isVerbose ? LogLevel.Debug : LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);      // what the web server does in detail is said by the server itself
        logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
