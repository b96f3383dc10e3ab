using Parley.Phone.State;

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
