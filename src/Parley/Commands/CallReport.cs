using System.Globalization;
using Parley.Endpoint.Media;
using Parley.Output;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary>Tells what happens to a call, as it happens and at its end.</summary>
internal static class CallReport
{
    /// <summary>Tells a call's events until it is over.</summary>
    public static async Task FollowAsync(Call call, CommandOutput output)
    {
        await foreach (CallEvent happened in call.Events.ConfigureAwait(false))
        {
            switch (happened)
            {
                case CallProgress progress:
                    output.Event("progress", ("call", call.CallId), ("status", progress.StatusCode), ("reason", progress.ReasonPhrase), ("earlyMedia", progress.HasEarlyMedia));
                    output.Say($"{progress.StatusCode} {progress.ReasonPhrase}");
                    break;

                case CallRedirected redirected:
                    output.Event("redirected", ("call", call.CallId), ("uri", redirected.Uri));
                    output.Say($"goes on to {redirected.Uri}");
                    break;

                case CallAnswered answered:
                    output.Event("answered", ("call", call.CallId), ("codec", answered.Codec));
                    output.Say(answered.Codec.Length > 0 ? $"answered, {answered.Codec}" : "answered");
                    break;

                case CallHeld held:
                    output.Event("held", ("call", call.CallId), ("held", held.IsHeld));
                    output.Say(held.IsHeld ? "put on hold" : "taken off hold");
                    break;

                case CallTransferring { Progress: var progress }:
                    output.Event("transferring", ("call", call.CallId), ("status", progress.StatusCode), ("reason", progress.ReasonPhrase));
                    output.Say($"transfer: {progress.StatusCode} {progress.ReasonPhrase}");
                    break;

                case CallReplaced replaced:
                    output.Event("replaced", ("call", call.CallId), ("by", replaced.By?.CallId));
                    output.Say(replaced.By is { } by ? $"replaced by the call with {by.RemoteUri}" : "replaced by another call");
                    break;

                case DigitReceived digit:
                    output.Event("dtmf", ("call", call.CallId), ("digit", digit.Digit.ToString()), ("milliseconds", digit.Duration.TotalMilliseconds));
                    output.Say($"key {digit.Digit}");
                    break;

                case SourceEnded:
                    output.Event("played", ("call", call.CallId));
                    break;
            }
        }
    }

    /// <summary>Tells how a call ended and how its sound went.</summary>
    public static async Task EndAsync(Call call, CommandOutput output)
    {
        CallEnd end = await call.Ended.ConfigureAwait(false);
        AudioStatistics? audio = await call.GetStatisticsAsync().ConfigureAwait(false);
        output.Event("ended",
            ("call", call.CallId), ("reason", end.Reason.ToString()), ("status", end.StatusCode), ("phrase", end.ReasonPhrase), ("codec", audio?.Codec),
            ("sent", audio?.Rtp.PacketsSent), ("received", audio?.Rtp.PacketsReceived), ("lost", audio?.Rtp.PacketsLost),
            ("jitterMilliseconds", audio?.Rtp.Jitter.TotalMilliseconds));
        output.Say($"ended: {end}");
        if (audio?.Codec is not null) output.Say(Describe(audio));
    }

    /// <summary>Closes a recording.</summary>
    /// <exception cref="CommandException">It is not whole.</exception>
    public static async Task CloseAsync(WavRecorder? record)
    {
        if (record is null) return;
        await record.DisposeAsync().ConfigureAwait(false);
        if (record.Failure is { } failure) throw CommandException.Failed($"the recording is not whole: {failure.Message}");
        if (record.DroppedSamples > 0) throw CommandException.Failed($"the recording is not whole: the disk was too slow for {record.DroppedSamples} samples");
    }

    /// <summary>How a call's sound went, in a line.</summary>
    public static string Describe(AudioStatistics audio) => string.Create(CultureInfo.InvariantCulture,
        $"{audio.Codec}: {audio.Rtp.PacketsSent} packets sent, {audio.Rtp.PacketsReceived} received, {audio.Rtp.PacketsLost} lost, jitter {audio.Rtp.Jitter.TotalMilliseconds:0.0} ms");
}
