using Parley.Media.Streams;
using Parley.Sdp;

namespace Parley.UserAgent.Calls;

/// <summary>What this side records of one call.</summary>
/// <remarks>
/// <code>
///        Start          Pause
/// Off --------&gt; On -----------&gt; Paused
///  ^            |  &lt;-----------   |
///  +----Stop----+     Resume      |
///  +-------------Stop-------------+
/// </code>
/// </remarks>
internal sealed class CallRecording
{
    private IAudioTap? _recorder;
    private IAudioTap? _hearing;        // what hears the call at this moment

    /// <summary>Where it is.</summary>
    public RecordingState State { get; private set; }

    /// <summary>Who hears the call at this moment; null for nobody.</summary>
    public IAudioTap? Hearing => State == RecordingState.On ? _recorder : null;

    /// <summary>Begins to record.</summary>
    /// <returns>False when it does already.</returns>
    public bool TryStart(IAudioTap recorder)
    {
        if (State != RecordingState.Off) return false;
        _recorder = recorder;
        Become(RecordingState.On);
        return true;
    }

    /// <summary>Records nothing for now.</summary>
    /// <returns>False when nothing is recorded.</returns>
    public bool TryPause() => TryChange(RecordingState.On, RecordingState.Paused);

    /// <summary>Goes on.</summary>
    /// <returns>False when it was not paused.</returns>
    public bool TryResume() => TryChange(RecordingState.Paused, RecordingState.On);

    /// <summary>Records no more.</summary>
    /// <returns>False when it does not.</returns>
    public bool TryStop()
    {
        if (State == RecordingState.Off) return false;
        Become(RecordingState.Off);
        _recorder = null;
        return true;
    }

    private bool TryChange(RecordingState from, RecordingState to)
    {
        if (State != from) return false;
        Become(to);
        return true;
    }

    private void Become(RecordingState state)
    {
        State = state;
        if (Hearing != _hearing) _hearing?.OnPaused();
        _hearing = Hearing;
    }
}
