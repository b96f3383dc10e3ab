namespace Parley.Phone.State;

/// <summary>A call that nobody answered here.</summary>
/// <param name="Uri">Who called.</param>
/// <param name="Name">What he is called.</param>
/// <param name="Account">Which account was called.</param>
/// <param name="At">When.</param>
internal sealed record MissedCall(string Uri, string Name, int Account, DateTimeOffset At);

/// <summary>A line of the log.</summary>
internal sealed record LogLine(DateTimeOffset At, string Words);

/// <summary>Somebody at the other side of a call asks this phone to call somebody else.</summary>
internal sealed record PendingTransfer(int Number, int Call, string Target);
