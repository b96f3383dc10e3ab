namespace Parley.Media.Recording;

/// <summary>What of a call is recorded, and how.</summary>
public enum RecordAs
{
    /// <summary>What the other side says; mono.</summary>
    Received,

    /// <summary>What this side says; mono.</summary>
    Sent,

    /// <summary>Both, apart; stereo: left what is heard, right what is said.</summary>
    Both,

    /// <summary>Both in one; mono.</summary>
    Mixed,
}
