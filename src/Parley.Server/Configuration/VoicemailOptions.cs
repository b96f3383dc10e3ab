namespace Parley.Server.Configuration;

/// <summary>The mailboxes of users, into which rules for calls lead: <c>voicemail</c> as a target.</summary>
public sealed record VoicemailOptions
{
    /// <summary>The longest message; the recording ends then.</summary>
    /// <value>5 s to an hour. Default 3 minutes.</value>
    public TimeSpan MaxLength { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Messages that a user may have, heard ones included; one more is refused with 480.</summary>
    /// <value>0 to 10000; 0 has no voicemail: the name is an ordinary user then. Default 100.</value>
    public int MaxPerUser { get; init; } = 100;

    /// <summary>Megabytes (2^20 bytes) that the messages of all may take; one more is refused with 480.</summary>
    /// <value>1 to 1000000. Default 1024: about nine hours at 16 kHz, eighteen at 8 kHz.</value>
    public int MaxMegabytes { get; init; } = 1024;
}
