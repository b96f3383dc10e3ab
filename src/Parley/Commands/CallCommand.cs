using System.CommandLine;
using Parley.Endpoint.Media;
using Parley.Endpoint.Tracing;
using Parley.Media.Files;
using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Infos;

namespace Parley.Commands;

/// <summary><c>parley call</c>: places a call, plays and records, presses keys, and tells how it went.</summary>
internal static class CallCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("call",
            "Place a call. Without --duration it lasts until the played file ends, the other side hangs up, or Ctrl-C. How good it is in both directions is shown meanwhile and at its end.\n\n"
            + "  parley call sip:echo@localhost --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060\n"
            + "  parley call sip:127.0.0.1:5070 --play speech.wav --record answer.wav\n"
            + "  parley call sip:bob@example.com --hold 5s --transfer sip:carol@example.com");
        Argument<SipUri> uri = Parsing.Uri("Who to call, such as sip:bob@example.com, or sip:127.0.0.1:5070 with no server");
        var phone = new PhoneOptions(command);
        var files = new CallFiles(command);
        var dtmf = new Option<string?>("--dtmf") { Description = "Press these keys once answered: 0-9, *, #, A-D", HelpName = "KEYS" };
        Option<KeyTransport?> dtmfBy = Parsing.KeyTransport();
        Option<TimeSpan?> hold = Parsing.Time("--hold", "Once answered, put the other side on hold for this time", allowsZero: false);
        Option<SipUri?> transfer = Parsing.Uri("--transfer", "Have the other side call this address instead, and hang up when it does");
        Option<TimeSpan?> after = Parsing.Time("--after", "Wait this long after the answer before --transfer (0s)");
        Option<TimeSpan?> duration = Parsing.Time("--duration", "Hang up this long after the answer");
        Option<TimeSpan?> ringTimeout = Parsing.Time("--ring-timeout", "Give up when nobody has answered after this time (3m)", allowsZero: false);
        Option<int?> redirects = Parsing.Number("--redirects", "N", "Follow this many redirections (0)", 0, 16);
        var ladder = new Option<string?>("--ladder") { Description = "Draw what was exchanged as a picture", HelpName = "FILE.svg" };
        Option<SipUri?> report = Parsing.QualityReport();
        command.Add(uri);
        foreach (Option option in new Option[] { report, dtmf, dtmfBy, hold, transfer, after, duration, ringTimeout, redirects, ladder }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            if (parse.GetValue(after) is not null && parse.GetValue(transfer) is null) throw CommandException.Usage("--after needs --transfer: after what time is what to be done?");
            var steps = new Steps(
                CheckKeys(parse.GetValue(dtmf)), parse.GetValue(dtmfBy) ?? KeyTransport.Rtp, parse.GetValue(hold), parse.GetValue(transfer), parse.GetValue(after) ?? TimeSpan.Zero, parse.GetValue(duration));
            bool hasTone = files.HasRecordTone(parse);
            PcmAudio? play = files.ReadPlay(parse);
            AudioRecorder? record = files.OpenRecord(parse);
            try
            {
                var options = new CallOptions
                {
                    Audio = CallFiles.Join(play, record, hangUpAfterPlay: steps is { Duration: null, Keys: null, Hold: null, Transfer: null }) with { HasRecordingTone = hasTone },
                    RingTimeout = parse.GetValue(ringTimeout) ?? TimeSpan.FromMinutes(3),
                    MaxRedirects = parse.GetValue(redirects) ?? 0,
                };
                string? picture = parse.GetValue(ladder);
                await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken, keepsLog: picture is not null).ConfigureAwait(false);
                await using LadderFile? drawing = LadderFile.Open(picture);
                try
                {
                    QualityReporter? reporter = parse.GetValue(report) is { } collector ? new QualityReporter(line.Agent, collector, phone.IdentityOf(parse)) : null;
                    return await RunAsync(line, parse.GetRequiredValue(uri), options, steps, reporter, output, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    // A call that failed is what people want to see most.
                    if (drawing is not null) await DrawAsync(line, parse.GetRequiredValue(uri), drawing, output).ConfigureAwait(false);
                }
            }
            finally
            {
                await CallReport.CloseAsync(record).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(
        PhoneLine line, SipUri uri, CallOptions options, Steps steps, QualityReporter? reporter, CommandOutput output, CancellationToken cancellationToken)
    {
        output.Event("calling", ("uri", uri.ToString()));
        output.Say($"calling {uri}");
        Call call = line.Agent.StartCall(uri, options);
        Task following = CallReport.FollowAsync(call, output);
        try
        {
            await call.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (steps.Keys is { } keys) await CallSteps.PressAsync(call, keys, steps.KeysBy, cancellationToken).ConfigureAwait(false);
            if (steps.Hold is { } time) await CallSteps.HoldAsync(call, time, cancellationToken).ConfigureAwait(false);
            if (steps.Transfer is { } target && !await CallSteps.EndsWithinAsync(call, steps.After, cancellationToken).ConfigureAwait(false))
            {
                await CallSteps.TransferAsync(call, target, cancellationToken).ConfigureAwait(false);
            }

            if (steps.Duration is { } limit) await CallSteps.EndsWithinAsync(call, limit, cancellationToken).ConfigureAwait(false);
            else if (steps is { Keys: null, Hold: null } || options.Audio.Source is null) await call.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            else await CallSteps.SourceEndsAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (CallFailedException) when (call.Ended.IsCompleted)
        {
            // How it ended is told below.
        }
        finally
        {
            await CallSteps.HangUpAsync(call, output).ConfigureAwait(false);
            await following.ConfigureAwait(false);
            await CallReport.EndAsync(call, output, reporter).ConfigureAwait(false);
        }

        CallEnd end = await call.Ended.ConfigureAwait(false);
        if (end.Reason is CallEndReason.HungUp or CallEndReason.HungUpByPeer) return ExitCode.Done;
        throw CommandException.Failed($"the call to {uri} failed: {end}", end.StatusCode);
    }

    private static Task DrawAsync(PhoneLine line, SipUri uri, LadderFile drawing, CommandOutput output)
    {
        LadderDiagram diagram = LadderDiagram.Create(line.Log!.Messages, [.. line.Agent.ListenPoints.Take(1).Select(point => new LadderParticipant("this phone", point.Address))]);
        return drawing.DrawAsync(diagram, $"Call to {uri}", output);
    }

    /// <summary>What is done once the call is answered.</summary>
    private sealed record Steps(string? Keys, KeyTransport KeysBy, TimeSpan? Hold, SipUri? Transfer, TimeSpan After, TimeSpan? Duration);

    internal static string? CheckKeys(string? keys)
    {
        if (keys is null) return null;
        foreach (char key in keys)
        {
            if (!"0123456789*#ABCDabcd".Contains(key, StringComparison.Ordinal)) throw CommandException.Usage($"--dtmf: '{key}' is no key; allowed are 0-9, *, # and A-D");
        }

        return keys.Length is > 0 and <= 64 ? keys : throw CommandException.Usage("--dtmf: 1 to 64 keys");
    }
}
