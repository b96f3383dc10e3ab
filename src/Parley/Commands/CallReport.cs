using System.Globalization;
using Parley.Endpoint.Media;
using Parley.Output;
using Parley.Sdp;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary>Tells what happens to a call, as it happens and at its end.</summary>
internal static class CallReport
{
    /// <summary>Tells a call's events until it is over.</summary>
    public static async Task FollowAsync(Call call, CommandOutput output)
    {
        await foreach (CallEvent happened in call.Events.ConfigureAwait(false)) Tell(happened, call.CallId, output);
    }

    /// <summary>Tells one event.</summary>
    /// <param name="happened">What; the end is not told here.</param>
    /// <param name="callId">Of which call.</param>
    /// <param name="output">Where to.</param>
    /// <param name="number">The call's number, where there are several; null where there is one.</param>
    public static void Tell(CallEvent happened, string callId, CommandOutput output, int? number = null)
    {
        string start = number is null ? "" : string.Create(CultureInfo.InvariantCulture, $"call {number}: ");
        switch (happened)
        {
            case CallProgress progress:
                output.Event("progress", ("call", callId), ("number", number), ("status", progress.StatusCode), ("reason", progress.ReasonPhrase), ("earlyMedia", progress.HasEarlyMedia));
                output.Say($"{start}{progress.StatusCode} {progress.ReasonPhrase}");
                break;

            case CallRedirected redirected:
                output.Event("redirected", ("call", callId), ("number", number), ("uri", redirected.Uri));
                output.Say($"{start}goes on to {redirected.Uri}");
                break;

            case CallAnswered answered:
                output.Event("answered", ("call", callId), ("number", number), ("codec", answered.Codec));
                output.Say(start + (answered.Codec.Length > 0 ? $"answered, {answered.Codec}" : "answered"));
                break;

            case CallHeld held:
                output.Event("held", ("call", callId), ("number", number), ("held", held.IsHeld));
                output.Say(start + (held.IsHeld ? "put on hold" : "taken off hold"));
                break;

            case CallRecorded recorded:
                output.Event("recorded", ("call", callId), ("number", number), ("state", recorded.State.ToString().ToLowerInvariant()));
                output.Say(start + Words(recorded.State));
                break;

            case CallRecordingPreferred { Preference: var preference }:
                output.Event("recordingPreferred", ("call", callId), ("number", number), ("preference", preference.ToString().ToLowerInvariant()));
                output.Say(start + Words(preference));
                break;

            case CallTransferring { Progress: var progress }:
                output.Event("transferring", ("call", callId), ("number", number), ("status", progress.StatusCode), ("reason", progress.ReasonPhrase));
                output.Say($"{start}transfer: {progress.StatusCode} {progress.ReasonPhrase}");
                break;

            case CallReplaced replaced:
                output.Event("replaced", ("call", callId), ("number", number), ("by", replaced.By?.CallId));
                output.Say(start + (replaced.By is { } by ? $"replaced by the call with {by.RemoteUri}" : "replaced by another call"));
                break;

            case DigitReceived digit:
                output.Event("dtmf", ("call", callId), ("number", number), ("digit", digit.Digit.ToString()), ("milliseconds", digit.Duration.TotalMilliseconds));
                output.Say($"{start}key {digit.Digit}");
                break;

            case CallQualityMeasured { Interval: var interval }:
                QualityWords.Tell(output, callId, number, "receiving", interval.Number, interval.Receiving);
                QualityWords.Tell(output, callId, number, "sending", interval.Number, interval.Sending);
                output.Live(start + QualityWords.Line(interval));
                break;

            case SourceEnded:
                output.Event("played", ("call", callId), ("number", number));
                break;
        }
    }

    /// <summary>Tells how a call ended and how its sound went.</summary>
    /// <param name="call">The call.</param>
    /// <param name="output">Where to.</param>
    /// <param name="reporter">Who tells a collector too; null for nobody.</param>
    public static async Task EndAsync(Call call, CommandOutput output, QualityReporter? reporter = null)
    {
        CallEnd end = await call.Ended.ConfigureAwait(false);
        TellEnd(end, await call.GetStatisticsAsync().ConfigureAwait(false), call.CallId, output);
        if (reporter is not null) await reporter.SendAsync(call, output).ConfigureAwait(false);
    }

    /// <summary>Tells an end.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="audio">How its sound went; null where there was none.</param>
    /// <param name="callId">Of which call.</param>
    /// <param name="output">Where to.</param>
    /// <param name="number">The call's number, where there are several; null where there is one.</param>
    public static void TellEnd(CallEnd end, AudioStatistics? audio, string callId, CommandOutput output, int? number = null)
    {
        string start = number is null ? "" : string.Create(CultureInfo.InvariantCulture, $"call {number}: ");
        output.Event("ended",
            ("call", callId), ("number", number), ("reason", end.Reason.ToString()), ("status", end.StatusCode), ("phrase", end.ReasonPhrase), ("codec", audio?.Codec),
            ("sent", audio?.Rtp.PacketsSent), ("received", audio?.Rtp.PacketsReceived), ("lost", audio?.Rtp.PacketsLost), ("recovered", audio?.Recovered), ("late", audio?.Playout.Late), ("redundancy", audio?.RedundancyDepth), ("suppressedSeconds", audio?.Suppressed.TotalSeconds), ("playoutMilliseconds", audio?.PlayoutDelay.TotalMilliseconds),
            ("jitterMilliseconds", audio?.Rtp.Jitter.TotalMilliseconds),
            ("srtp", audio?.CryptoSuite), ("notAuthentic", audio?.CryptoSuite is null ? null : audio.NotAuthentic), ("replayed", audio?.CryptoSuite is null ? null : audio.Replayed));
        output.Say($"{start}ended: {end}");
        if (audio?.Codec is null) return;
        output.Say(start + Describe(audio));
        QualityWords.TellWhole(output, audio, callId, number, start);
    }

    /// <summary>Closes a recording.</summary>
    /// <exception cref="CommandException">It is not whole.</exception>
    public static async Task CloseAsync(AudioRecorder? record)
    {
        if (record is null) return;
        await record.DisposeAsync().ConfigureAwait(false);
        if (record.Failure is { } failure) throw CommandException.Failed($"the recording is not whole: {failure.Message}");
        if (record.DroppedSamples > 0) throw CommandException.Failed($"the recording is not whole: the disk was too slow for {record.DroppedSamples} samples");
    }

    /// <summary>What the other side's recording is doing, for people.</summary>
    public static string Words(RecordingState state) => state switch
    {
        RecordingState.On => "the other side records this call",
        RecordingState.Paused => "the other side has paused its recording",
        _ => "the other side does not record this call any more",
    };

    /// <summary>What the other side wants of a recording, for people.</summary>
    public static string Words(RecordingPreference preference) => preference switch
    {
        RecordingPreference.On => "the other side wants this call to be recorded",
        RecordingPreference.Off => "the other side wants this call not to be recorded",
        RecordingPreference.Pause => "the other side wants no recording for now",
        _ => "the other side does not mind a recording any more",
    };

    /// <summary>How a call's sound went, in a line.</summary>
    public static string Describe(AudioStatistics audio) => string.Create(CultureInfo.InvariantCulture,
        $"{audio.Codec}: {audio.Rtp.PacketsSent} packets sent, {audio.Rtp.PacketsReceived} received, {audio.Rtp.PacketsLost} lost{(audio.Recovered == 0 ? "" : $" ({audio.Recovered} of them recovered)")}, jitter {audio.Rtp.Jitter.TotalMilliseconds:0.0} ms{(audio.CryptoSuite is null ? "" : $", protected by {audio.CryptoSuite}")}");
}
