using Parley.Sip.Messages;

namespace Parley.Phone.State;

/// <summary>What a busy lamp shows.</summary>
internal enum Lamp
{
    /// <summary>Nothing is known of the contact's calls.</summary>
    Unknown,

    /// <summary>There is no call.</summary>
    Free,

    /// <summary>It rings there.</summary>
    Ringing,

    /// <summary>There is a call.</summary>
    Busy,
}

/// <summary>Somebody whom the user knows.</summary>
/// <param name="name">What the user calls him.</param>
/// <param name="uri">His address.</param>
/// <param name="account">By which account he is called and watched.</param>
internal sealed class PhoneContact(string name, SipUri uri, int account)
{
    public string Name => name;

    public SipUri Uri => uri;

    public int Account => account;

    /// <summary>Whether he can be reached; null while that is not known.</summary>
    public bool? IsOpen { get; internal set; }

    /// <summary>What his presence says beside, in words.</summary>
    public string Note { get; internal set; } = "";

    /// <summary>His calls.</summary>
    public Lamp Lamp { get; internal set; }

    /// <summary>Presence and calls in a word.</summary>
    public string Words => (Lamp, IsOpen) switch
    {
        (Lamp.Busy, _) => "in a call",
        (Lamp.Ringing, _) => "ringing",
        (_, true) => "open",
        (_, false) => "closed",
        (Lamp.Free, _) => "free",
        _ => "?",
    };
}
