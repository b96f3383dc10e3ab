using Parley.Media.Streams;
using Parley.Sdp;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent;

// What is recorded of it.
public sealed partial class Call
{
    /// <summary>Whether this side records the call.</summary>
    public RecordingState Recording => _leg?.Recording ?? RecordingState.Off;

    /// <summary>Whether the other side says that it records the call.</summary>
    public RecordingState RemoteRecording => _leg?.RemoteRecording ?? RecordingState.Off;

    /// <summary>Begins to record the call. The other side is told where its phone shows it; <see cref="CallAudio.HasRecordingTone"/> is for the others.</summary>
    /// <param name="recorder">Who hears both directions from now on. Close it after <see cref="StopRecordingAsync"/>, or when the call has ended.</param>
    /// <exception cref="InvalidOperationException">The call is not established, or is recorded already.</exception>
    public Task StartRecordingAsync(IAudioTap recorder)
    {
        ArgumentNullException.ThrowIfNull(recorder);
        return RecordAsync(leg => leg.StartRecording(recorder));
    }

    /// <summary>Records nothing for now; the time until <see cref="ResumeRecordingAsync"/> is left out of the recording.</summary>
    /// <exception cref="InvalidOperationException">The call is not established, or is not recorded.</exception>
    public Task PauseRecordingAsync() => RecordAsync(leg => leg.PauseRecording());

    /// <summary>Goes on recording.</summary>
    /// <exception cref="InvalidOperationException">The call is not established, or its recording is not paused.</exception>
    public Task ResumeRecordingAsync() => RecordAsync(leg => leg.ResumeRecording());

    /// <summary>Ends the recording, not the call.</summary>
    /// <exception cref="InvalidOperationException">The call is not established, or is not recorded.</exception>
    public Task StopRecordingAsync() => RecordAsync(leg => leg.StopRecording());

    void ICallObserver.OnRecorded(CallLeg call, RecordingState state) => _events.Writer.TryWrite(new CallRecorded(state));

    void ICallObserver.OnRecordingPreferred(CallLeg call, RecordingPreference preference) => _events.Writer.TryWrite(new CallRecordingPreferred(preference));

    private async Task RecordAsync(Func<CallLeg, bool> change)
    {
        if (!await OnLane(() => _leg is { } leg && change(leg)).ConfigureAwait(false)) throw new InvalidOperationException($"The call is {State}, and its recording {Recording}.");
    }
}
