namespace Parley.Server.Voicemail;

/// <summary>A message in a mailbox.</summary>
/// <param name="Id">Its name among the messages of the server, by which they are in the order in which they came: letters, digits and <c>-</c>.</param>
/// <param name="User">Whose: the canonical address of record.</param>
/// <param name="Caller">Who left it: the URI of From.</param>
/// <param name="DisplayName">The name that the caller gave; may be empty.</param>
/// <param name="Received">When.</param>
internal sealed record VoicemailMessage(string Id, string User, string Caller, string DisplayName, DateTimeOffset Received)
{
    /// <summary>How long it sounds; zero while it is recorded.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>True once the user has heard it, or kept it.</summary>
    public bool IsHeard { get; init; }

    /// <summary>The bytes of its sound.</summary>
    public long LengthBytes { get; init; }
}
