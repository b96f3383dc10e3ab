namespace Parley.Phone.Screen;

/// <summary>What the keys do, for who presses the question mark.</summary>
internal static class HelpText
{
    public static readonly IReadOnlyList<string> Lines =
    [
        "d          dial: a contact, an address, a user or number of the account's domain",
        "Enter      answer; take a call off hold; call a contact or who was missed; read",
        "a          answer the call that rings, wherever you are",
        "x          hang up; refuse a call that rings (busy)",
        "h          hold the chosen call, or take it off hold",
        "0-9 * #    keys for the other side while you talk; else they begin to dial",
        "t          transfer the chosen call: to an address, or to another call",
        "c          connect the other sides of two calls with each other",
        "y n        call, or not, whom the other side asks you to call",
        "m          write to the other side, the chosen contact, or somebody else",
        "p          say that you can be reached, or cannot",
        "s          take another account for calls and texts",
        "r          try again to register",
        "Up Down    choose; in a question: go through what it may be",
        "Tab        calls, contacts, messages, missed calls, log",
        "Esc        back",
        "Ctrl-L     draw everything anew",
        "q, Ctrl-C  end the calls, unregister and leave (q asks first)",
        "",
        "Who answers a second call, or calls somebody, has the others put on hold.",
    ];
}
