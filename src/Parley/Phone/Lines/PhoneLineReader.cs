using System.Globalization;
using Parley.Phone.State;
using Parley.Sip.Messages;

namespace Parley.Phone.Lines;

/// <summary>What a line of standard input means: something to do, something to show, or nothing, and why.</summary>
/// <param name="Intent">What is to be done.</param>
/// <param name="View">What is to be shown: a name of <see cref="PhoneLineReader.Views"/>.</param>
/// <param name="Account">The account that is taken from now on: an index.</param>
/// <param name="Problem">What is wrong with the line.</param>
internal readonly record struct LineMeaning(PhoneIntent? Intent = null, string? View = null, int? Account = null, string? Problem = null);

/// <summary>Reads commands, a line each. A call is named by its number; without one that is meant which it must be.</summary>
internal static class PhoneLineReader
{
    /// <summary>What can be shown.</summary>
    public static readonly IReadOnlyList<string> Views = ["help", "accounts", "calls", "contacts", "missed"];

    /// <summary>The commands, for people.</summary>
    public static readonly IReadOnlyList<(string Form, string Words)> Commands =
    [
        ("dial WHOM", "call an address, a contact or a number; calls that are up are put on hold"),
        ("answer [CALL]", "answer the call that rings; the one that is up is put on hold"),
        ("reject [CALL] [STATUS]", "refuse it, as busy (486) when no status is given"),
        ("hangup [CALL]", "end a call, answered or not"),
        ("hold [CALL], resume [CALL]", "put the other side on hold, and talk again"),
        ("digits KEYS [CALL]", "press keys: 0-9, *, #, A-D"),
        ("transfer WHOM [CALL]", "have the other side call somebody else (blind)"),
        ("connect [CALL OTHER]", "connect the other sides of two calls with each other (attended)"),
        ("accept [N], decline [N]", "call, or not, whom the other side of a call asks to be called"),
        ("message WHOM TEXT", "send a text"),
        ("presence open|closed [NOTE]", "say whether you can be reached"),
        ("account N|ADDRESS", "take another account for what follows"),
        ("register [N]", "try again to register"),
        ("accounts, calls, contacts, missed, help", "show them"),
        ("quit", "end the calls, unregister and leave; the end of the input does so too"),
    ];

    /// <summary>Reads a line.</summary>
    public static LineMeaning Read(string line, PhoneState state)
    {
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0 || words[0].StartsWith('#')) return default;
        string command = words[0].ToLowerInvariant();
        string[] rest = words[1..];
        if (Views.Contains(command) && rest.Length == 0) return new LineMeaning(View: command);
        return command switch
        {
            "quit" or "exit" when rest.Length == 0 => new LineMeaning(new Quit()),
            "dial" or "call" when rest.Length >= 1 => WithAddress(state, string.Join(' ', rest), uri => new Dial(state.ChosenAccount, uri)),
            "answer" when rest.Length <= 1 => WithCall(state, rest, call => call.Phase == CallPhase.Ringing, "rings", call => new Answer(call.Number)),
            "reject" when rest.Length <= 2 => ReadRefusal(state, rest),
            "hangup" when rest.Length <= 1 => WithCall(state, rest, _ => true, "is there", call => new HangUp(call.Number)),
            "hold" when rest.Length <= 1 => WithCall(state, rest, call => call is { Phase: CallPhase.Talking, IsHolding: false }, "is answered and not on hold", call => new Hold(call.Number)),
            "resume" when rest.Length <= 1 => WithCall(state, rest, call => call is { Phase: CallPhase.Talking, IsHolding: true }, "is on hold", call => new Resume(call.Number)),
            "digits" when rest.Length is 1 or 2 => ReadDigits(state, rest),
            "transfer" when rest.Length is 1 or 2 => ReadTransfer(state, rest),
            "connect" when rest.Length is 0 or 2 => ReadConnection(state, rest),
            "accept" or "decline" when rest.Length <= 1 => ReadDecision(state, rest, command == "accept"),
            "message" when rest.Length >= 2 => ReadText(state, line.TrimStart()[words[0].Length..].TrimStart()),
            "presence" when rest.Length >= 1 && rest[0] is "open" or "closed" => new LineMeaning(new Publish(rest[0] == "open", string.Join(' ', rest[1..]))),
            "account" when rest.Length == 1 => WithAccount(state, rest[0], account => new LineMeaning(Account: account)),
            "register" when rest.Length <= 1 => WithAccount(state, rest.FirstOrDefault() ?? Text(state.ChosenAccount + 1), account => new LineMeaning(new RegisterAgain(account))),
            _ => Wrong(Commands.FirstOrDefault(known => known.Form.Split(' ', ',').Contains(command)) is { Form: { } form }
                ? $"{command}: the form is: {form}"
                : $"'{words[0]}' is no command; help shows them"),
        };
    }

    private static LineMeaning Wrong(string problem) => new(Problem: problem);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryReadNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static LineMeaning WithAddress(PhoneState state, string text, Func<SipUri, PhoneIntent> make) =>
        Addresses.TryRead(state, state.ChosenAccount, text, out SipUri? uri) ? new LineMeaning(make(uri)) : Wrong($"'{text}' is no address such as sip:bob@example.com, and no contact");

    /// <summary>The call of a number; without one the only call that it can be, or the chosen one of those.</summary>
    private static LineMeaning WithCall(PhoneState state, string[] words, Func<PhoneCall, bool> fits, string what, Func<PhoneCall, PhoneIntent> make)
    {
        if (words.Length > 0)
        {
            if (!TryReadNumber(words[0], out int number) || state.Find(number) is not { } named) return Wrong($"there is no call {words[0]}");
            return fits(named) ? new LineMeaning(make(named)) : Wrong($"call {number} is another kind: it is {named.Words}, and not one that {what}");
        }

        PhoneCall? call = state.Chosen is { } chosen && fits(chosen) ? chosen : state.Calls.FirstOrDefault(fits);
        return call is null ? Wrong($"no call {what}") : new LineMeaning(make(call));
    }

    private static LineMeaning ReadRefusal(PhoneState state, string[] words)
    {
        int status = 486;
        if (words.Length > 0 && TryReadNumber(words[^1], out int last) && (words.Length == 2 || last >= 300))
        {
            if (last is < 400 or > 699) return Wrong("reject: the status is 400 to 699, such as 486 (busy) or 603 (declined)");
            (status, words) = (last, words[..^1]);
        }

        return WithCall(state, words, call => call.Phase == CallPhase.Ringing, "rings", call => new Refuse(call.Number, status));
    }

    private static LineMeaning ReadDigits(PhoneState state, string[] words)
    {
        if (words[0].Length > 64 || !words[0].All(key => "0123456789*#ABCDabcd".Contains(key, StringComparison.Ordinal))) return Wrong("digits: allowed are 1 to 64 of 0-9, *, # and A-D");
        return WithCall(state, words[1..], call => call is { Phase: CallPhase.Talking }, "is answered", call => new SendDigits(call.Number, words[0]));
    }

    private static LineMeaning ReadTransfer(PhoneState state, string[] words)
    {
        if (!Addresses.TryRead(state, state.ChosenAccount, words[0], out SipUri? target)) return Wrong($"'{words[0]}' is no address such as sip:bob@example.com, and no contact");
        return WithCall(state, words[1..], call => call is { Phase: CallPhase.Talking }, "is answered", call => new TransferTo(call.Number, target));
    }

    private static LineMeaning ReadConnection(PhoneState state, string[] words)
    {
        if (words.Length == 2)
        {
            if (!TryReadNumber(words[0], out int first) || !TryReadNumber(words[1], out int second) || first == second) return Wrong("connect: two numbers of calls");
            return state.Find(first) is null || state.Find(second) is null ? Wrong("connect: there are no such calls") : new LineMeaning(new Connect(first, second));
        }

        PhoneCall[] answered = [.. state.Calls.Where(call => call.Phase == CallPhase.Talking)];
        return answered.Length == 2 ? new LineMeaning(new Connect(answered[0].Number, answered[1].Number)) : Wrong("connect: say which two, unless exactly two calls are answered");
    }

    private static LineMeaning ReadDecision(PhoneState state, string[] words, bool isAccepted)
    {
        PendingTransfer? pending = words.Length == 0 ? state.Transfers.Count > 0 ? state.Transfers[0] : null
            : TryReadNumber(words[0], out int number) ? state.Transfers.FirstOrDefault(transfer => transfer.Number == number)
            : null;
        return pending is null ? Wrong("nobody asks this phone to call somebody") : new LineMeaning(new DecideTransfer(pending.Number, isAccepted));
    }

    /// <summary>The address ends at the first blank, but for a contact whose name has some.</summary>
    private static LineMeaning ReadText(PhoneState state, string rest)
    {
        PhoneContact? contact = state.Contacts.Where(known => rest.StartsWith(known.Name + " ", StringComparison.OrdinalIgnoreCase)).MaxBy(known => known.Name.Length);
        int end = contact?.Name.Length ?? rest.IndexOfAny([' ', '\t']);
        string text = rest[end..].Trim();
        return WithAddress(state, rest[..end], uri => new SendText(contact?.Account ?? state.ChosenAccount, uri, text));
    }

    private static LineMeaning WithAccount(PhoneState state, string text, Func<int, LineMeaning> make)
    {
        for (int i = 0; i < state.Accounts.Count; i++)
        {
            PhoneAccount account = state.Accounts[i];
            if (text == Text(i + 1) || text.Equals(account.Name, StringComparison.OrdinalIgnoreCase) || text.Equals(account.Uri?.ToString(), StringComparison.OrdinalIgnoreCase)) return make(i);
        }

        return Wrong($"there is no account {text}; accounts shows them");
    }
}
