using System.CommandLine;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Net.Dns;
using Parley.Output;
using Parley.Sip.Messages;

namespace Parley.Commands;

/// <summary><c>parley locate</c>: shows where requests to a URI go, question by question.</summary>
internal static class LocateCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("locate", "Show where requests to a URI go: each DNS query, and the servers in the order in which they are tried (RFC 3263)");
        Argument<SipUri> uri = Parsing.Uri("Where to, such as sip:example.com, sips:bob@example.com or 'sip:example.com;transport=tcp'");
        Option<NetworkAddress?> dns = Parsing.Dns();
        command.Add(uri);
        command.Add(dns);
        runner.SetAction(command, (parse, output, cancellationToken) => RunAsync(parse.GetRequiredValue(uri), parse.GetValue(dns), output, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(SipUri uri, NetworkAddress? server, CommandOutput output, CancellationToken cancellationToken)
    {
        if (!SipUriView.TryParse(uri.ToBytes(), out SipUriView view) || !SipDestination.TryFrom(view, out SipDestination destination))
        {
            output.Fail($"{uri} asks for a transport that is not known, or that its scheme does not allow");
            return ExitCode.Failed;
        }

        DnsConfiguration configuration = server is { } given ? DnsConfiguration.Of([given]) : DnsConfiguration.FromSystem();
        var locator = new SipLocator(new DnsClient(configuration));
        SipLocation location = await locator.LocateAsync(destination, TransportsFor(destination), cancellationToken).ConfigureAwait(false);
        foreach (SipLocateStep step in location.Steps) Show(step, output);
        for (int i = 0; i < location.Targets.Count; i++)
        {
            SipTarget target = location.Targets[i];
            string transport = target.Transport.ToString().ToLowerInvariant();
            output.Event("target", ("number", i + 1), ("transport", transport), ("address", target.Address.ToString()), ("host", target.Host.Length > 0 ? target.Host : null));
            output.Say($"{i + 1}. {target}");
        }

        if (location.Problem is null) return ExitCode.Done;
        output.Fail(location.Problem);
        return ExitCode.Failed;
    }

    /// <summary>TLS is shown where it is asked for, even where nothing can be sent by it.</summary>
    private static IReadOnlyList<SipTransport> TransportsFor(SipDestination destination) =>
        destination.Transport == SipTransport.Tls ? [SipTransport.Tls] : SipLane.ClientTransports;

    private static void Show(SipLocateStep step, CommandOutput output)
    {
        string type = step.Type?.ToString().ToUpperInvariant() ?? "hosts file";
        string outcome = step.Status switch
        {
            DnsStatus.Found => "found",
            DnsStatus.NoData => "no record of this type",
            DnsStatus.NoSuchName => "no such name",
            DnsStatus.Refused => "refused",
            _ => "no answer",
        };
        double milliseconds = step.Time.TotalMilliseconds;
        output.Event("query", ("type", type), ("name", step.Name), ("outcome", outcome), ("records", step.Records), ("milliseconds", milliseconds));
        output.Say($"{type,-5} {step.Name}{(step.Status == DnsStatus.Found ? "" : $": {outcome}")}{(step.Type is null ? "" : $" ({milliseconds:0.0} ms)")}");
        foreach (string record in step.Records) output.Say($"        {record}");
    }
}
