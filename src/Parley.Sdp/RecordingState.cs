namespace Parley.Sdp;

/// <summary>Whether a side of a call records it.</summary>
/// <remarks>Source: RFC 7866 7.1.2.</remarks>
public enum RecordingState
{
    /// <summary>It does not.</summary>
    Off,

    /// <summary>It does.</summary>
    On,

    /// <summary>It does, but not at this moment.</summary>
    Paused,
}
