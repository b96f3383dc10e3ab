using Parley.Media.Streams;
using Parley.Sdp;

namespace Parley.UserAgent.Calls;

/// <summary>What this side records of one call: what it wants to, as far as it follows the other side's wish.</summary>
/// <remarks>
/// <code>
///        Start          Pause
/// Off --------&gt; On -----------&gt; Paused
///  ^            |  &lt;-----------   |
///  +----Stop----+     Resume      |
///  +-------------Stop-------------+
/// </code>
/// That is what this side wants. While the other side wants no recording it is Off all the same, and while it wants a pause it is at most Paused. Source: RFC 7866 7.1.2, 7.1.3.
/// </remarks>
internal sealed class CallRecording
{
    private IAudioTap? _recorder;
    private IAudioTap? _hearing;        // what hears the call at this moment
    private RecordingState _wanted;
    private RecordingPreference _preference;
    private bool _hasBeen;              // on or paused at some time
    private bool _isSinkRecording;      // it is the call's own affair, which no wish changes

    /// <summary>Where it is.</summary>
    public RecordingState State => _isSinkRecording ? RecordingState.On
        : _wanted == RecordingState.Off || _preference == RecordingPreference.Off ? RecordingState.Off
        : _preference == RecordingPreference.Pause ? RecordingState.Paused
        : _wanted;

    /// <summary>What the other side is told; null when it was never recorded.</summary>
    public RecordingState? Told => State != RecordingState.Off || _hasBeen ? State : null;

    /// <summary>Who hears the call at this moment; null for nobody.</summary>
    public IAudioTap? Hearing => State == RecordingState.On ? _recorder : null;

    /// <summary>The call's sink records.</summary>
    public void OnSinkRecords() => _isSinkRecording = true;

    /// <summary>Begins to record.</summary>
    /// <returns>False when it does already.</returns>
    public bool TryStart(IAudioTap recorder)
    {
        if (_wanted != RecordingState.Off) return false;
        _recorder = recorder;
        return TryChange(RecordingState.Off, RecordingState.On);
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
        if (_wanted == RecordingState.Off) return false;
        TryChange(_wanted, RecordingState.Off);
        _recorder = null;
        return true;
    }

    /// <summary>Takes the other side's wish.</summary>
    /// <returns>What it was before.</returns>
    public RecordingPreference Prefer(RecordingPreference preference)
    {
        RecordingPreference before = _preference;
        _preference = preference;
        Settle();
        return before;
    }

    private bool TryChange(RecordingState from, RecordingState to)
    {
        if (_wanted != from) return false;
        _wanted = to;
        Settle();
        return true;
    }

    private void Settle()
    {
        _hasBeen |= State != RecordingState.Off;
        if (Hearing != _hearing) _hearing?.OnPaused();
        _hearing = Hearing;
    }
}
