using System.Globalization;
using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.Sip.Messages;

namespace Parley.Phone.Screen;

/// <summary>The phone on a whole terminal: takes keys, and gives what is wanted. A core: what it shows is drawn by <see cref="ScreenDrawing"/>.</summary>
internal sealed class PhoneScreen
{
    private static readonly TimeSpan BellInterval = TimeSpan.FromSeconds(4);

    private readonly PhoneState _state;
    private readonly bool _hasBell;
    private Core.Instant _nextBell;
    private bool _rings;

    /// <param name="state">What the phone knows.</param>
    /// <param name="hasBell">Whether the terminal's bell rings.</param>
    /// <param name="status">What is said first.</param>
    public PhoneScreen(PhoneState state, bool hasBell, string status)
    {
        (_state, _hasBell) = (state, hasBell);
        View = new ScreenView(state) { Status = status };
    }

    /// <summary>Where the user is.</summary>
    public ScreenView View { get; }

    /// <summary>True once when the bell is to ring.</summary>
    public bool TakeBell()
    {
        bool rings = _rings && _hasBell;
        _rings = false;
        return rings;
    }

    /// <summary>Something has happened, and the state has taken it.</summary>
    public void OnNews(Moment now, PhoneNews news)
    {
        switch (news)
        {
            case CallCame { Replaces: null }:
                Ring(now);
                // Who is typing goes on; a key that was meant for the line must not answer.
                if (View.Prompt is null) View.IsOnCalls = true;
                break;
            case CallWent: View.IsOnCalls = true; break;
            case TextCame:
                _rings = true;
                if (View.Thread is { } open && _state.Threads[0] == open) PhoneState.See(open);
                break;
            case QualityMeasured or PresenceKnown or LampKnown or AccountListens or PhoneReady or DigitsSent: return;
        }

        if (View.Prompt is { Kind: PromptKind.Transfer } prompt && _state.Find(prompt.Call) is null) View.Prompt = null;
        if (_state.Log.Count > 0 && news is not (CallTold { Event: UserAgent.CallProgress or UserAgent.DigitReceived or UserAgent.SourceEnded } or TextWent or CallWent)) View.Status = _state.Log[^1].Words;
    }

    /// <summary>Time passes: a call that rings goes on doing so.</summary>
    public void OnTime(Moment now)
    {
        if (_state.IsRinging && now.Instant >= _nextBell) Ring(now);
    }

    /// <summary>Takes a key.</summary>
    /// <returns>What is to be done.</returns>
    public IReadOnlyList<PhoneIntent> OnKey(Moment now, Key key)
    {
        if (key.Name == KeyName.Interrupt) return [new Quit(IsInterrupt: true)];
        if (View.Prompt is { } prompt) return OnPromptKey(prompt, key);
        if (key.IsPasted) return [];
        if (View.IsHelp) return OnHelpKey(key);
        if (key.Name == KeyName.Character && Obey((char)(key.Character.IsBmp ? key.Character.Value : 0)) is { } done) return done;
        switch (key.Name)
        {
            case KeyName.Tab: View.Turn(1); break;
            case KeyName.BackTab: View.Turn(-1); break;
            case KeyName.Up: Move(-1); break;
            case KeyName.Down: Move(1); break;
            case KeyName.PageUp: Move(-10); break;
            case KeyName.PageDown: Move(10); break;
            case KeyName.Escape: GoBack(); break;
            case KeyName.Enter: return Enter();
        }

        return [];
    }

    private void Ring(Moment now) => (_rings, _nextBell) = (true, now.Instant + BellInterval);

    private IReadOnlyList<PhoneIntent> Say(string words)
    {
        View.Status = words;
        return [];
    }

    private IReadOnlyList<PhoneIntent> Ask(Prompt prompt)
    {
        View.Prompt = prompt;
        return [];
    }

    private IReadOnlyList<PhoneIntent> OnHelpKey(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Up: View.Scrolled = Math.Max(View.Scrolled - 1, 0); break;
            case KeyName.Down: View.Scrolled = Math.Min(View.Scrolled + 1, HelpText.Lines.Count - 1); break;
            case KeyName.Redraw: break;
            default: (View.IsHelp, View.Scrolled) = (false, 0); break;
        }

        return [];
    }

    /// <summary>Does what a letter, digit or sign stands for.</summary>
    /// <returns>What is to be done; null when the character stands for nothing.</returns>
    private IReadOnlyList<PhoneIntent>? Obey(char character)
    {
        PhoneCall? chosen = _state.Chosen;
        switch (character)
        {
            case '?':
                (View.IsHelp, View.Scrolled) = (true, 0);
                return [];
            case 'q': return _state.Calls.Count == 0 ? [new Quit()] : Ask(Prompt.ToQuit(_state.Calls.Count));
            case 'y' or 'n' when _state.Transfers.Count > 0: return [new DecideTransfer(_state.Transfers[0].Number, character == 'y')];
            case 'a' when View.Ringing is { } ringing: return Answer(ringing);
            case 'x': return chosen is null ? Say("there is no call to hang up") : [chosen.Phase == CallPhase.Ringing ? new Refuse(chosen.Number, 486) : new HangUp(chosen.Number)];
            case 'h': return chosen is not { Phase: CallPhase.Talking } ? Say("only a call that is answered can be put on hold") : [chosen.IsHolding ? new Resume(chosen.Number) : new Hold(chosen.Number)];
            case 't': return chosen is not { Phase: CallPhase.Talking } ? Say("only a call that is answered can be transferred") : Ask(Prompt.ToTransfer(_state, chosen, startsWithCall: false));
            case 'c':
                return chosen is { Phase: CallPhase.Talking } && _state.Calls.Any(other => other != chosen && other.Phase == CallPhase.Talking)
                    ? Ask(Prompt.ToTransfer(_state, chosen, startsWithCall: true))
                    : Say("connecting needs two calls that are answered");
            case 'd': return Ask(Prompt.ToDial(_state, ""));
            case 'm': return Write();
            case 's': return SwitchAccount();
            case 'r': return [new RegisterAgain(_state.ChosenAccount)];
            case 'p': return _state.Accounts[_state.ChosenAccount].IsOpen is { } isOpen ? [new Publish(!isOpen, "")] : Say("the server takes no presence, or not yet");
            case (>= '0' and <= '9') or '*' or '#' when chosen is { Phase: CallPhase.Talking, IsHolding: false }: return [new SendDigits(chosen.Number, character.ToString())];
            case (>= '0' and <= '9') or '*' or '#' or '+' when chosen is null or { Phase: not CallPhase.Talking }: return Ask(Prompt.ToDial(_state, character.ToString()));
            default: return null;
        }
    }

    private IReadOnlyList<PhoneIntent> Answer(PhoneCall call)
    {
        _state.Choose(call);
        View.IsOnCalls = true;
        return [new Answer(call.Number)];
    }

    private IReadOnlyList<PhoneIntent> SwitchAccount()
    {
        if (_state.Accounts.Count == 1) return Say("there is one account");
        _state.ChooseAccount((_state.ChosenAccount + 1) % _state.Accounts.Count);
        return Say($"calls go out from {_state.Accounts[_state.ChosenAccount].Name}");
    }

    private IReadOnlyList<PhoneIntent> Write()
    {
        if (View.Thread is { } thread && SipUri.TryParse(thread.Uri, out SipUri? uri)) return Ask(Prompt.ToWrite(_state, uri, thread.Account));
        if (View.Contact is { } contact) return Ask(Prompt.ToWrite(_state, contact.Uri, contact.Account));
        if (View.IsOnCalls && _state.Chosen is { } call && SipUri.TryParse(call.Uri, out uri) && uri.IsSip) return Ask(Prompt.ToWrite(_state, uri, call.Account));
        return Ask(Prompt.ToMessage(_state));
    }

    private IReadOnlyList<PhoneIntent> Enter()
    {
        if (View.IsOnCalls)
        {
            if (View.Ringing is { } ringing) return Answer(ringing);
            return _state.Chosen is { Phase: CallPhase.Talking, IsHolding: true } held ? [new Resume(held.Number)] : [];
        }

        if (View.Count == 0) return [];
        switch (View.Page)
        {
            case ScreenPage.Contacts: return [new Dial(_state.Contacts[View.Selected].Account, _state.Contacts[View.Selected].Uri)];
            case ScreenPage.Missed:
                MissedCall missed = _state.Missed[View.Selected];
                return SipUri.TryParse(missed.Uri, out SipUri? uri) && uri.IsSip ? [new Dial(missed.Account, uri)] : Say($"{missed.Uri} is no address that can be called");
            case ScreenPage.Messages when View.Thread is not null: return Write();
            case ScreenPage.Messages:
                (View.Thread, View.Scrolled) = (_state.Threads[View.Selected], 0);
                PhoneState.See(View.Thread);
                return [];
            default: return [];
        }
    }

    private void GoBack()
    {
        if (View.Thread is not null) (View.Thread, View.Scrolled) = (null, 0);
        else View.IsOnCalls = true;
    }

    private void Move(int step)
    {
        if (View.IsOnCalls)
        {
            int index = Math.Clamp(_state.Calls.ToList().IndexOf(_state.Chosen!) + step, 0, _state.Calls.Count - 1);
            _state.Choose(_state.Calls[index]);
        }
        else if (View.Thread is not null || View.Page == ScreenPage.Log) View.Scrolled = Math.Max(View.Scrolled - step, 0);     // the drawing ends it at the beginning
        else View.Selected += step;
    }

    private IReadOnlyList<PhoneIntent> OnPromptKey(Prompt prompt, Key key)
    {
        if (prompt.Kind == PromptKind.Quit)
        {
            if (key.Is('y') || key.Is('Y')) return [new Quit()];
            if (key.Name != KeyName.Redraw && !key.IsPasted) View.Prompt = null;
            return [];
        }

        switch (key.Name)
        {
            case KeyName.Escape:
                View.Prompt = null;
                return [];
            case KeyName.Enter: return Submit(prompt);
            default:
                prompt.OnKey(key);
                return [];
        }
    }

    private IReadOnlyList<PhoneIntent> Submit(Prompt prompt)
    {
        string text = prompt.Editor.Text.Trim();
        View.Prompt = null;
        if (text.Length == 0) return [];
        int account = _state.Find(prompt.Call)?.Account ?? _state.ChosenAccount;
        if (prompt.Kind == PromptKind.Text)
        {
            (SipUri uri, int by) = prompt.Recipient!.Value;
            return [new SendText(by, uri, text)];
        }

        if (prompt.Kind == PromptKind.Transfer && OtherCall(text) is { } other) return [new Connect(prompt.Call, other)];
        if (!Addresses.TryRead(_state, account, text, out SipUri? whom)) return Say($"'{text}' is no address such as sip:bob@example.com, and no contact");
        if (_state.Contacts.FirstOrDefault(contact => contact.Uri == whom) is { } known) account = known.Account;
        return prompt.Kind switch
        {
            PromptKind.Dial => [new Dial(account, whom)],
            PromptKind.Transfer => [new TransferTo(prompt.Call, whom)],
            _ => Ask(Prompt.ToWrite(_state, whom, account)),
        };
    }

    private int? OtherCall(string text) =>
        text.StartsWith("call ", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && _state.Find(number) is { Phase: CallPhase.Talking } ? number : null;
}
