using Parley.Media.Streams;
using Parley.Phone.State;
using Parley.UserAgent;

namespace Parley.Phone.Desk;

/// <summary>What intents are called when they fail.</summary>
internal static class DeskCalls
{
    /// <summary>The call that an intent is about; null for none.</summary>
    public static int? CallOf(PhoneIntent intent) => intent switch
    {
        Answer answer => answer.Call,
        Refuse refuse => refuse.Call,
        HangUp hangUp => hangUp.Call,
        Hold hold => hold.Call,
        Resume resume => resume.Call,
        SendDigits digits => digits.Call,
        TransferTo transfer => transfer.Call,
        Connect connect => connect.Call,
        _ => null,
    };

    /// <summary>The tone that an event of an outgoing call is told by: it rings, and the other side is not heard (RFC 3960 3.2).</summary>
    /// <returns>False when what sounds goes on.</returns>
    public static bool TellsTone(CallEvent happened, out CallTone? tone)
    {
        tone = happened is CallProgress { StatusCode: 180, HasEarlyMedia: false } ? CallTone.Ringing : null;
        return tone is not null || happened is CallAnswered or CallProgress { HasEarlyMedia: true };
    }

    /// <summary>The tone that the end of a call is told by; null when the user knows.</summary>
    public static CallTone? ToneOf(CallEnd end) => end.Reason switch
    {
        CallEndReason.Refused => end.StatusCode is 486 or 600 ? CallTone.Busy : CallTone.Congestion,
        CallEndReason.NotLocated or CallEndReason.TransportFailed or CallEndReason.AuthenticationFailed => CallTone.Congestion,
        _ => null,
    };

    /// <summary>What was tried.</summary>
    public static string Words(PhoneIntent intent) => intent switch
    {
        Dial dial => $"calling {PhoneState.Short(dial.Uri.ToString())}",
        Answer => "answering",
        Refuse => "refusing",
        HangUp => "hanging up",
        Hold => "hold",
        Resume => "resume",
        SendDigits => "keys",
        TransferTo transfer => $"transfer to {PhoneState.Short(transfer.Target.ToString())}",
        Connect => "connecting the two calls",
        DecideTransfer => "transfer",
        SendText text => $"text to {PhoneState.Short(text.Uri.ToString())}",
        _ => "this",
    };

    /// <summary>Why something does not work that the user agent takes for a mistake of who asks.</summary>
    public static string Advice(PhoneIntent intent) => intent switch
    {
        SendDigits => "the call is not answered, or the other side takes no keys",
        Answer or Refuse => "the call does not ring any more",
        Hold or Resume or TransferTo => "the call is not answered yet",
        Connect => "both calls must be answered first",
        DecideTransfer => "nobody waits for it any more",
        Dial or SendText => "this is no SIP address",
        _ => "this cannot be done now",
    };
}
