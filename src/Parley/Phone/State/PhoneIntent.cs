using Parley.Sip.Messages;
using Parley.UserAgent.Infos;

namespace Parley.Phone.State;

/// <summary>Something that the user wants done.</summary>
internal abstract record PhoneIntent;

internal sealed record Dial(int Account, SipUri Uri) : PhoneIntent;

internal sealed record Answer(int Call) : PhoneIntent;

internal sealed record Refuse(int Call, int StatusCode) : PhoneIntent;

internal sealed record HangUp(int Call) : PhoneIntent;

internal sealed record Hold(int Call) : PhoneIntent;

internal sealed record Resume(int Call) : PhoneIntent;

internal sealed record SendDigits(int Call, string Digits, KeyTransport By = KeyTransport.Rtp) : PhoneIntent;

/// <summary>Have the other side call somebody else.</summary>
internal sealed record TransferTo(int Call, SipUri Target) : PhoneIntent;

/// <summary>Connect the other sides of two calls with each other.</summary>
internal sealed record Connect(int Call, int Other) : PhoneIntent;

/// <summary>Do, or do not, what the other side of a call asks: to call somebody else.</summary>
internal sealed record DecideTransfer(int Transfer, bool IsAccepted) : PhoneIntent;

internal sealed record SendText(int Account, SipUri Uri, string Text) : PhoneIntent;

/// <summary>Say whether the user can be reached.</summary>
internal sealed record Publish(bool IsOpen, string Note) : PhoneIntent;

/// <summary>Try again to register an account.</summary>
internal sealed record RegisterAgain(int Account) : PhoneIntent;

/// <summary>End everything and leave.</summary>
internal sealed record Quit(bool IsInterrupt = false) : PhoneIntent;
