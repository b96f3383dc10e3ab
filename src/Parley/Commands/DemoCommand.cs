using System.CommandLine;
using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Tracing;
using Parley.Media.Streams;
using Parley.Output;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary><c>parley demo</c>: a server and two phones in one process make a real call over real sockets, and show it.</summary>
internal static class DemoCommand
{
    private const string Domain = "demo.invalid";
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("demo", "A server and two phones in one process make a call; shows the messages that went over their sockets, and how it sounded");
        var ladder = new Option<string?>("--ladder") { Description = "Draw what was exchanged as a picture", HelpName = "FILE.svg" };
        Option<TimeSpan?> duration = Parsing.Time("--duration", "How long the two talk (3s)");
        command.Add(ladder);
        command.Add(duration);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            await using LadderFile? drawing = LadderFile.Open(parse.GetValue(ladder));
            DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-demo-");
            try
            {
                await RunAsync(folder.FullName, parse.GetValue(duration) ?? TimeSpan.FromSeconds(3), drawing, output, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                folder.Delete(recursive: true);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task RunAsync(string folder, TimeSpan duration, LadderFile? drawing, CommandOutput output, CancellationToken cancellationToken)
    {
        string alicePassword = AddUser(folder, "alice"), bobPassword = AddUser(folder, "bob");
        var log = new MessageLog();
        ParleyConfiguration configuration = new()
        {
            Domains = [new DomainOptions(Domain)],
            Listen = [new ListenUri(ListenTransport.Udp, AnyPort), new ListenUri(ListenTransport.Tcp, AnyPort)],
            DataFolder = folder,
            Lanes = 1,
        };
        output.Note("parley: a server and two phones start on this machine");
        await using var server = new ParleyServer(configuration, new ParleyServerOptions { Trace = log });
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        NetworkAddress address = server.Listening[0].Address;
        await using SipUserAgent alice = await StartAsync("alice", alicePassword, address, log).ConfigureAwait(false);
        await using SipUserAgent bob = await StartAsync("bob", bobPassword, address, log).ConfigureAwait(false);
        await bob.RegisterAsync(cancellationToken).ConfigureAwait(false);
        Task<Call> answering = AnswerAsync(bob, cancellationToken);
        output.Note($"parley: alice calls bob, and they talk for {duration.TotalSeconds:0.#} s");
        Call call = await alice.CallAsync($"sip:bob@{Domain}", new CallOptions { Audio = new CallAudio { Source = new MelodySource() } }, cancellationToken).ConfigureAwait(false);
        Call answered = await answering.ConfigureAwait(false);
        Instant talkingSince = log.Messages[^1].At;
        await CallSteps.EndsWithinAsync(call, duration, cancellationToken).ConfigureAwait(false);
        await call.HangUpAsync(CancellationToken.None).ConfigureAwait(false);
        await answered.Ended.ConfigureAwait(false);
        await ShowAsync(log, server, alice, bob, call, answered, talkingSince, drawing, output).ConfigureAwait(false);
    }

    private static string AddUser(string folder, string name)
    {
        string password = RandomNumberGenerator.GetHexString(24, lowercase: true);
        using var store = new AccountStore(folder);
        AccountName.TryCreate(name, Domain, out AccountName account, out _);
        store.Add(account, Domain, password);
        return password;
    }

    private static Task<SipUserAgent> StartAsync(string name, string password, NetworkAddress server, ISipTrace trace) =>
        SipUserAgent.StartAsync(new SipUserAgentOptions
        {
            Identity = new SipUri(name, Domain),
            Password = password,
            OutboundProxy = new SipUri(user: null, server.HostToString(), server.Port),
            Listen = SipUserAgentOptions.ListenOn(AnyPort),
            Product = $"Parley/{CommandVersion.Text}",
            Trace = trace,
        });

    private static async Task<Call> AnswerAsync(SipUserAgent bob, CancellationToken cancellationToken)
    {
        await foreach (Call call in bob.IncomingCalls.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await call.RingAsync().ConfigureAwait(false);
            await call.AnswerAsync(CallAudio.Echo(), cancellationToken).ConfigureAwait(false);
            return call;
        }

        throw new OperationCanceledException(cancellationToken);
    }

    private static async Task ShowAsync(
        MessageLog log, ParleyServer server, SipUserAgent alice, SipUserAgent bob, Call call, Call answered, Instant talkingSince, LadderFile? drawing, CommandOutput output)
    {
        LadderDiagram ladder = LadderDiagram.Create(log.Messages,
        [
            new LadderParticipant("alice", alice.ListenPoints[0].Address),
            new LadderParticipant("parley", server.Listening[0].Address),
            new LadderParticipant("bob", bob.ListenPoints[0].Address),
        ]);
        AudioStatistics fromAlice = (await call.GetStatisticsAsync().ConfigureAwait(false))!, fromBob = (await answered.GetStatisticsAsync().ConfigureAwait(false))!;
        string there = Sound(fromAlice, fromBob), back = Sound(fromBob, fromAlice);
        ladder.AddMedia(0, 2, talkingSince, there);
        ladder.AddMedia(2, 0, talkingSince, back);
        foreach (LadderStep step in ladder.Steps)
        {
            output.Event("step",
                ("from", ladder.Participants[step.From].Name), ("to", ladder.Participants[step.To].Name), ("milliseconds", step.At.TotalMilliseconds),
                ("kind", step.Kind.ToString().ToLowerInvariant()), ("label", step.Label), ("repeated", step.IsRepeated));
        }

        output.Say(writer => LadderText.Write(ladder, writer));
        Tell(output, "alice", "bob", fromAlice, fromBob);
        Tell(output, "bob", "alice", fromBob, fromAlice);
        if (drawing is not null) await drawing.DrawAsync(ladder, "A call through Parley", output).ConfigureAwait(false);
    }

    private static string Sound(AudioStatistics sender, AudioStatistics receiver) =>
        $"{sender.Codec}: {sender.Rtp.PacketsSent} packets sent, {receiver.Rtp.PacketsReceived} received, {receiver.Rtp.PacketsLost} lost";

    private static void Tell(CommandOutput output, string from, string to, AudioStatistics sender, AudioStatistics receiver)
    {
        output.Event("audio",
            ("from", from), ("to", to), ("codec", sender.Codec), ("sent", sender.Rtp.PacketsSent), ("received", receiver.Rtp.PacketsReceived),
            ("lost", receiver.Rtp.PacketsLost), ("jitterMilliseconds", receiver.Rtp.Jitter.TotalMilliseconds));
        output.Say($"{from,5} to {to,-5}  {Sound(sender, receiver)}, jitter {receiver.Rtp.Jitter.TotalMilliseconds:0.0} ms");
    }
}
