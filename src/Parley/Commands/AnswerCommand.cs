using System.CommandLine;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Media.Files;
using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Infos;
using Parley.UserAgent.Messages;

namespace Parley.Commands;

/// <summary><c>parley answer</c>: waits for calls and answers, echoes or refuses them.</summary>
internal static class AnswerCommand
{
    private const int MaxWaitingMessages = 256;

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("answer",
            "Wait for calls and answer them; texts that come are shown.\n\n"
            + "  parley answer --local 127.0.0.1:5070 --echo\n"
            + "  parley answer --as sip:bob@localhost --password P --proxy sip:127.0.0.1:5060 --register --after 2s --record call.wav");
        var phone = new PhoneOptions(command);
        var files = new CallFiles(command);
        var register = new Option<bool>("--register") { Description = "Register --as first, and again in time; unregister at the end" };
        Option<TimeSpan?> after = Parsing.Time("--after", "Let it ring this long before answering (0s)");
        Option<TimeSpan?> duration = Parsing.Time("--duration", "Hang up this long after the answer");
        var echo = new Option<bool>("--echo") { Description = "Send back what is heard, keys too" };
        var dtmf = new Option<string?>("--dtmf") { Description = "Press these keys once answered: 0-9, *, #, A-D", HelpName = "KEYS" };
        Option<KeyTransport?> dtmfBy = Parsing.KeyTransport();
        Option<int?> count = Parsing.Number("--count", "N", "End after this many calls", 1, int.MaxValue);
        Option<int?> lines = Parsing.Number("--lines", "N", "Calls at once; one more hears busy (1)", 1, 10_000);
        Option<int?> reject = Parsing.Number("--reject", "STATUS", "Refuse calls with this status, such as 603 or 486", 300, 699);
        var allowTransfer = new Option<bool>("--allow-transfer") { Description = "Call whom the other side of a call, or anybody else, asks this phone to call (REFER)" };
        Option<SipUri?> report = Parsing.QualityReport();
        foreach (Option option in new Option[] { report, allowTransfer, register, after, duration, echo, dtmf, dtmfBy, count, lines, reject }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            if (parse.GetValue(register) && !phone.HasIdentity(parse)) throw CommandException.Usage("--register needs --as: who is to be registered?");
            if (parse.GetValue(echo) && files.HasPlay(parse)) throw CommandException.Usage("--echo and --play do not go together");
            bool hasTone = files.HasRecordTone(parse);
            PcmAudio? play = files.ReadPlay(parse);
            await using AudioRecorder? firstRecord = files.OpenRecord(parse);
            var plan = new Plan(
                parse.GetValue(after) ?? TimeSpan.Zero, parse.GetValue(duration), parse.GetValue(echo), CallCommand.CheckKeys(parse.GetValue(dtmf)), parse.GetValue(dtmfBy) ?? KeyTransport.Rtp, parse.GetValue(count), parse.GetValue(lines) ?? 1,
                parse.GetValue(reject), parse.GetValue(allowTransfer), hasTone, play, number => number == 1 ? firstRecord : files.OpenRecord(parse, number));
            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken, maxWaitingMessages: MaxWaitingMessages, takesTransfers: parse.GetValue(allowTransfer)).ConfigureAwait(false);
            Task showing = ShowMessagesAsync(line.Agent, output);
            foreach (SipListenPoint point in line.Agent.ListenPoints)
            {
                output.Event("listening", ("uri", point.ToString()));
                output.Say($"listening on {point}");
            }

            if (parse.GetValue(register))
            {
                TimeSpan lifetime = await line.Agent.RegisterAsync(cancellationToken).ConfigureAwait(false);
                string? push = line.Agent.PushService?.Provider;
                output.Event("registered", ("seconds", lifetime.TotalSeconds), ("push", push));
                output.Say($"registered for {lifetime.TotalSeconds:0} s{(push is null ? "" : $", woken by {push}")}");
            }

            output.Event("ready");
            bool isDone = await new Switchboard(line.Agent, plan, parse.GetValue(report) is { } collector ? new QualityReporter(line.Agent, collector, phone.IdentityOf(parse)) : null, output).RunAsync(cancellationToken).ConfigureAwait(false);
            await line.DisposeAsync().ConfigureAwait(false);
            await showing.ConfigureAwait(false);        // what was answered with 200 is shown
            return isDone ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static async Task ShowMessagesAsync(SipUserAgent agent, CommandOutput output)
    {
        await foreach (TextMessage message in agent.IncomingMessages.ConfigureAwait(false))
        {
            output.Event("message", ("from", message.From), ("name", message.DisplayName), ("to", message.To), ("text", message.Text));
            output.Say($"{message.From}: {message.Text}");
        }
    }

    private sealed record Plan(
        TimeSpan After, TimeSpan? Duration, bool Echoes, string? Keys, KeyTransport KeysBy, int? Count, int Lines, int? Reject, bool AllowsTransfer, bool HasRecordTone, PcmAudio? Play, Func<int, AudioRecorder?> OpenRecord);

    /// <summary>Takes calls as they come, as many at once as there are lines.</summary>
    private sealed class Switchboard(SipUserAgent agent, Plan plan, QualityReporter? reporter, CommandOutput output)
    {
        private readonly List<(Call Call, Task Task)> _calls = [];
        private readonly List<Task> _referred = [];        // calls that others asked for; locked
        private volatile bool _hasFailed;

        /// <returns>False when a call could not be handled as the command line asks for; why was said then.</returns>
        public async Task<bool> RunAsync(CancellationToken cancellationToken)
        {
            int taken = 0;
            Task? transfers = plan.AllowsTransfer ? TakeTransfersAsync(cancellationToken) : null;
            try
            {
                await foreach (Call call in agent.IncomingCalls.WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    output.Event("incoming", ("call", call.CallId), ("from", call.RemoteUri), ("name", call.RemoteDisplayName), ("to", call.RequestUri));
                    output.Say($"call from {call.RemoteUri}");
                    _calls.RemoveAll(taken => taken.Task.IsCompletedSuccessfully);
                    // A call that is over needs no line, though its last sound may still be played and its recording closed.
                    if (call.Replaced is null && _calls.Count(taken => taken.Call.State is not (CallState.Ending or CallState.Ended)) >= plan.Lines)
                    {
                        await RefuseAsync(call, 486).ConfigureAwait(false);
                        continue;
                    }

                    taken++;
                    _calls.Add((call, TakeAsync(call, taken, cancellationToken)));
                    if (taken == plan.Count) break;
                }
            }
            finally
            {
                await Task.WhenAll(_calls.Select(taken => taken.Task)).ConfigureAwait(false);
                Task[] referred;
                lock (_referred) referred = [.. _referred];
                await Task.WhenAll(referred).ConfigureAwait(false);
                _ = transfers;      // ends with the agent
            }

            return !_hasFailed;
        }

        private async Task TakeTransfersAsync(CancellationToken cancellationToken)
        {
            await foreach (TransferRequest request in agent.IncomingTransfers.ConfigureAwait(false))
            {
                output.Event("transfer", ("call", request.Call?.CallId), ("target", request.Target.ToString()), ("by", request.ReferredBy));
                output.Say($"asked to call {request.Target}");
                try
                {
                    Call call = await request.AcceptAsync(new CallOptions { Audio = plan.Echoes ? CallAudio.Echo() : CallFiles.Join(plan.Play, null, hangUpAfterPlay: false) }).ConfigureAwait(false);
                    lock (_referred) _referred.Add(FollowReferredAsync(call, cancellationToken));
                }
                catch (InvalidOperationException)
                {
                    // Who asked has gone, or there are too many calls.
                }
            }
        }

        private async Task FollowReferredAsync(Call call, CancellationToken cancellationToken)
        {
            Task following = CallReport.FollowAsync(call, output);
            try
            {
                await call.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ended below.
            }

            await CallSteps.HangUpAsync(call, output).ConfigureAwait(false);
            await following.ConfigureAwait(false);
            await CallReport.EndAsync(call, output, reporter).ConfigureAwait(false);
        }

        private async Task TakeAsync(Call call, int number, CancellationToken cancellationToken)
        {
            Task following = CallReport.FollowAsync(call, output);
            AudioRecorder? record = null;
            try
            {
                if (plan.Reject is { } status)
                {
                    await call.RejectAsync(status).ConfigureAwait(false);
                    await call.Ended.ConfigureAwait(false);
                    return;
                }

                record = plan.OpenRecord(number);
                if (call.Replaced is null)
                {
                    await call.RingAsync().ConfigureAwait(false);
                    if (await CallSteps.EndsWithinAsync(call, plan.After, cancellationToken).ConfigureAwait(false)) return;
                }

                CallAudio audio = plan.Echoes ? CallAudio.Echo() with { Recorder = record } : CallFiles.Join(plan.Play, record, hangUpAfterPlay: false);
                await call.AnswerAsync(audio with { HasRecordingTone = plan.HasRecordTone }, cancellationToken).ConfigureAwait(false);
                if (plan.Keys is not null) await CallSteps.PressAsync(call, plan.Keys, plan.KeysBy, cancellationToken).ConfigureAwait(false);
                if (plan.Duration is { } duration) await CallSteps.EndsWithinAsync(call, duration, cancellationToken).ConfigureAwait(false);
                else await call.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (CommandException problem)
            {
                Fail(problem);
            }
            catch (Exception problem) when (problem is CallFailedException or InvalidOperationException && call.State is CallState.Ending or CallState.Ended)
            {
                // The caller was faster; how it ended is told below.
            }
            finally
            {
                await CallSteps.HangUpAsync(call, output).ConfigureAwait(false);
                await CloseAsync(record).ConfigureAwait(false);
                await following.ConfigureAwait(false);
                await CallReport.EndAsync(call, output, reporter).ConfigureAwait(false);
            }
        }

        private async Task CloseAsync(AudioRecorder? record)
        {
            try
            {
                await CallReport.CloseAsync(record).ConfigureAwait(false);
            }
            catch (CommandException problem)
            {
                Fail(problem);
            }
        }

        /// <summary>Tells that a call was not handled as asked; the next one may fare better.</summary>
        private void Fail(CommandException problem)
        {
            _hasFailed = true;
            output.Fail(problem.Message);
        }

        private async Task RefuseAsync(Call call, int status)
        {
            Task following = CallReport.FollowAsync(call, output);
            try
            {
                await call.RejectAsync(status).ConfigureAwait(false);
            }
            catch (InvalidOperationException)
            {
                // It ended before it could be refused.
            }

            await following.ConfigureAwait(false);
            await CallReport.EndAsync(call, output, reporter).ConfigureAwait(false);
        }
    }
}
