namespace Parley.Sdp;

/// <summary>Whether somebody wants a call to be recorded.</summary>
/// <remarks>Source: RFC 7866 7.3.2.</remarks>
public enum RecordingPreference
{
    /// <summary>Does not mind.</summary>
    NoPreference,

    /// <summary>Wants it recorded.</summary>
    On,

    /// <summary>Does not want it recorded.</summary>
    Off,

    /// <summary>Does not want it recorded at this moment.</summary>
    Pause,
}

/// <summary>The attributes that say whether a stream is recorded, and whether it should be: <c>a=record:on</c>, <c>a=recordpref:off</c>.</summary>
/// <remarks>
/// <code>
/// record-attr = "record:" ( "on" / "off" / "paused" )
/// recordpref-attr = "recordpref:" ( "on" / "off" / "pause" / "nopreference" )
/// </code>
/// Source: RFC 7866 7.1.2, 7.3.2.
/// </remarks>
public static class RecordingAttributes
{
    private const string RecordName = "record";
    private const string PreferenceName = "recordpref";

    /// <summary>What a description says of a stream's recording.</summary>
    /// <returns>Null when it says nothing, or what nobody knows: what was said before holds on.</returns>
    public static RecordingState? RecordingOf(this SessionDescription description, MediaDescription media)
    {
        ArgumentNullException.ThrowIfNull(description);
        return description.AttributeOf(media, RecordName)?.Value switch
        {
            "on" => RecordingState.On,
            "off" => RecordingState.Off,
            "paused" => RecordingState.Paused,
            _ => null,
        };
    }

    /// <summary>What a description wishes for a stream's recording.</summary>
    public static RecordingPreference RecordingPreferenceOf(this SessionDescription description, MediaDescription media)
    {
        ArgumentNullException.ThrowIfNull(description);
        return description.AttributeOf(media, PreferenceName)?.Value switch
        {
            "on" => RecordingPreference.On,
            "off" => RecordingPreference.Off,
            "pause" => RecordingPreference.Pause,
            _ => RecordingPreference.NoPreference,
        };
    }

    /// <summary>What a description wishes for the recording of its first stream of audio.</summary>
    public static RecordingPreference AudioRecordingPreference(this SessionDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        foreach (MediaDescription media in description.Media)
        {
            if (media.Media == "audio" && !media.IsRejected) return description.RecordingPreferenceOf(media);
        }

        return RecordingPreference.NoPreference;
    }

    internal static SdpAttribute ToAttribute(RecordingState state) => new(RecordName, state switch
    {
        RecordingState.On => "on",
        RecordingState.Paused => "paused",
        _ => "off",
    });

    internal static SdpAttribute ToAttribute(RecordingPreference preference) => new(PreferenceName, preference switch
    {
        RecordingPreference.On => "on",
        RecordingPreference.Off => "off",
        RecordingPreference.Pause => "pause",
        _ => "nopreference",
    });
}
