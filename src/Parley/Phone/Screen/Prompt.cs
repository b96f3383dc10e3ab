using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.Sip.Messages;

namespace Parley.Phone.Screen;

/// <summary>What is asked for.</summary>
internal enum PromptKind
{
    Dial,
    Transfer,
    MessageTo,
    Text,
    Quit,
}

/// <summary>A question at the bottom of the screen, and the line that answers it. Up and Down go through what it may be.</summary>
internal sealed class Prompt(PromptKind kind, string label, string text, IReadOnlyList<string> candidates)
{
    private int _candidate = -1;

    public PromptKind Kind => kind;

    /// <summary>The question.</summary>
    public string Label => label;

    public LineEditor Editor { get; } = new(text);

    /// <summary>The call that is transferred.</summary>
    public int Call { get; init; }

    /// <summary>Whom a text goes to, and by which account.</summary>
    public (SipUri Uri, int Account)? Recipient { get; init; }

    /// <summary>Asks whom to call.</summary>
    public static Prompt ToDial(PhoneState state, string text) => new(
        PromptKind.Dial, state.Accounts.Count > 1 ? $"Dial, as {state.Accounts[state.ChosenAccount].Name}: " : "Dial: ", text,
        [.. state.Contacts.Select(contact => contact.Name), .. state.Missed.Select(missed => missed.Uri).Distinct(StringComparer.Ordinal)]);

    /// <summary>Asks who is to be called instead; another call of this phone may be it.</summary>
    public static Prompt ToTransfer(PhoneState state, PhoneCall call, bool startsWithCall)
    {
        string[] others = [.. state.Calls.Where(other => other != call && other.Phase == CallPhase.Talking).Select(other => $"call {other.Number}")];
        return new Prompt(PromptKind.Transfer, $"Transfer {call.Name} to: ", startsWithCall ? others[0] : "", [.. others, .. state.Contacts.Select(contact => contact.Name)]) { Call = call.Number };
    }

    /// <summary>Asks whom to write to.</summary>
    public static Prompt ToMessage(PhoneState state) => new(PromptKind.MessageTo, "Text to: ", "", [.. state.Contacts.Select(contact => contact.Name), .. state.Threads.Select(thread => thread.Uri)]);

    /// <summary>Asks for the text.</summary>
    public static Prompt ToWrite(PhoneState state, SipUri uri, int account) => new(PromptKind.Text, $"To {state.NameOf(uri.ToString())}: ", "", []) { Recipient = (uri, account) };

    /// <summary>Asks whether calls are to be ended.</summary>
    public static Prompt ToQuit(int calls) => new(PromptKind.Quit, $"{(calls == 1 ? "A call is" : $"{calls} calls are")} up. End and quit? y / n ", "", []);

    /// <summary>Takes a key of the line, or one that goes through what it may be.</summary>
    public void OnKey(Key key)
    {
        if (key.Name is not (KeyName.Up or KeyName.Down))
        {
            Editor.OnKey(key);
            return;
        }

        if (candidates.Count == 0) return;
        _candidate = key.Name == KeyName.Down ? (_candidate + 1) % candidates.Count : (_candidate <= 0 ? candidates.Count : _candidate) - 1;
        Editor.Text = candidates[_candidate];
    }
}
