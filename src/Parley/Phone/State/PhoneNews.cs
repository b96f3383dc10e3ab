using Parley.Endpoint.Media;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.State;

/// <summary>Something that has happened to the phone: what the state is fed with, and what programs are told.</summary>
internal abstract record PhoneNews : PhoneInput;

/// <summary>An account listens.</summary>
internal sealed record AccountListens(int Account, IReadOnlyList<string> Points) : PhoneNews;

/// <summary>An account's registration has changed.</summary>
internal sealed record RegistrationChanged(int Account, RegistrationState State, TimeSpan? Lifetime = null, RegistrationFailure? Failure = null, TimeSpan? RetryIn = null) : PhoneNews;

/// <summary>Every account has been tried once.</summary>
internal sealed record PhoneReady : PhoneNews;

/// <summary>A call comes in.</summary>
/// <param name="Account">On which account.</param>
/// <param name="Call">Its number on this phone, from 1.</param>
/// <param name="CallId">Its Call-ID.</param>
/// <param name="Uri">Who calls.</param>
/// <param name="Name">The name that the caller gives himself; may be empty.</param>
/// <param name="To">Who is called.</param>
/// <param name="Replaces">The number of the call whose place it takes; null for none.</param>
internal sealed record CallCame(int Account, int Call, string CallId, string Uri, string Name, string To, int? Replaces = null) : PhoneNews;

/// <summary>A call goes out.</summary>
/// <param name="Account">From which account.</param>
/// <param name="Call">Its number on this phone.</param>
/// <param name="CallId">Its Call-ID.</param>
/// <param name="Uri">Who is called.</param>
internal sealed record CallWent(int Account, int Call, string CallId, string Uri) : PhoneNews;

/// <summary>Something happened to a call, but for its end.</summary>
internal sealed record CallTold(int Call, CallEvent Event) : PhoneNews;

/// <summary>This side has put the other one on hold, or taken it off.</summary>
internal sealed record HoldChanged(int Call, bool IsHolding) : PhoneNews;

/// <summary>Keys were sent in a call.</summary>
internal sealed record DigitsSent(int Call, string Digits) : PhoneNews;

/// <summary>How a call sounds at this moment.</summary>
internal sealed record QualityMeasured(int Call, AudioStatistics Audio) : PhoneNews;

/// <summary>A call is over.</summary>
internal sealed record CallOver(int Call, CallEnd End, AudioStatistics? Audio = null) : PhoneNews;

/// <summary>The other side of a call asks this phone to call somebody else.</summary>
internal sealed record TransferAsked(int Call, int Transfer, string Target) : PhoneNews;

/// <summary>A request to call somebody else was decided, or nobody waits for it any more.</summary>
internal sealed record TransferDecided(int Transfer) : PhoneNews;

/// <summary>A text came.</summary>
internal sealed record TextCame(int Account, string Uri, string Name, string Text) : PhoneNews;

/// <summary>A text goes out.</summary>
internal sealed record TextWent(int Account, int Text, string Uri, string Words) : PhoneNews;

/// <summary>What became of a text.</summary>
/// <param name="Text">Its number.</param>
/// <param name="StatusCode">The SIP status; 202 is kept by a server for later.</param>
/// <param name="Reason">Why it was not delivered; null when it was.</param>
internal sealed record TextAnswered(int Text, int StatusCode, string? Reason) : PhoneNews;

/// <summary>A contact's presence is known, or not any more.</summary>
internal sealed record PresenceKnown(int Contact, bool? IsOpen, string Words) : PhoneNews;

/// <summary>A contact's calls are known, or not any more.</summary>
internal sealed record LampKnown(int Contact, Lamp Lamp) : PhoneNews;

/// <summary>Messages wait for an account, or none does.</summary>
internal sealed record MessagesWait(int Account, bool IsWaiting, long NewVoice) : PhoneNews;

/// <summary>What this phone publishes of its user has changed.</summary>
internal sealed record PresencePublished(int Account, bool IsOpen, string Words) : PhoneNews;

/// <summary>Something that was asked for could not be done.</summary>
/// <param name="Reason">Why, in words that people can act on.</param>
/// <param name="StatusCode">The SIP status, where there is one.</param>
/// <param name="Call">The call that it is about.</param>
internal sealed record ProblemArose(string Reason, int? StatusCode = null, int? Call = null) : PhoneNews;

/// <summary>Something to know that asks for nothing.</summary>
internal sealed record Noted(string Words) : PhoneNews;
