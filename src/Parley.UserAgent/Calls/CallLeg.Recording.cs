using Parley.Media.Streams;
using Parley.Sdp;

namespace Parley.UserAgent.Calls;

// What is recorded of it, here and there.
public sealed partial class CallLeg
{
    /// <summary>Whether this side records the call.</summary>
    public RecordingState Recording => _session.Recording;

    /// <summary>Whether the other side says that it records the call.</summary>
    public RecordingState RemoteRecording => _session.RemoteRecording;

    /// <summary>Begins to record the call, which nobody does yet.</summary>
    /// <param name="recorder">Who hears both directions from now on.</param>
    /// <returns>False when the call is not established, or is recorded already.</returns>
    public bool StartRecording(IAudioTap recorder)
    {
        ArgumentNullException.ThrowIfNull(recorder);
        return ChangeRecording(recording => recording.TryStart(recorder));
    }

    /// <summary>Records nothing for now; the time until it goes on is left out of the recording.</summary>
    /// <returns>False when the call is not established, or is not recorded.</returns>
    public bool PauseRecording() => ChangeRecording(recording => recording.TryPause());

    /// <summary>Goes on recording.</summary>
    /// <returns>False when the call is not established, or its recording is not paused.</returns>
    public bool ResumeRecording() => ChangeRecording(recording => recording.TryResume());

    /// <summary>Ends the recording, not the call; whoever owns the recorder closes it.</summary>
    /// <returns>False when the call is not established, or is not recorded.</returns>
    public bool StopRecording() => ChangeRecording(recording => recording.TryStop());

    private void TellRecording()
    {
        if (State != CallState.Established) return;
        if (_core.Options.IsRecordAware && _session.TryTakeRecording(out RecordingState state)) Observer.OnRecorded(this, state);
        if (_session.TryTakeRecordingPreference(out RecordingPreference preference)) Observer.OnRecordingPreferred(this, preference);
    }

    private bool ChangeRecording(Func<CallRecording, bool> change)
    {
        if (State != CallState.Established || !_session.ChangeRecording(change)) return false;
        _changes!.TryStart();       // the other side is told
        return true;
    }
}
