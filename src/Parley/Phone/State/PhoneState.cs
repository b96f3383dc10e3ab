using Parley.Commands;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.State;

/// <summary>What a phone knows: accounts, calls, contacts, texts, missed calls. A core without input and output, for a screen and for programs alike.</summary>
/// <remarks>It is fed with <see cref="PhoneNews"/>, decides what else an intent asks for (<see cref="Decide"/>), and is looked at. Every list has an end.</remarks>
internal sealed class PhoneState
{
    private const int MaxMissed = 100;
    private const int MaxLog = 500;
    private const int MaxLogLength = 300;
    private const int MaxThreads = 100;
    private const int MaxTextLength = 2000;
    private const int MaxDigits = 64;

    private readonly List<PhoneAccount> _accounts;
    private readonly List<PhoneContact> _contacts;
    private readonly List<PhoneCall> _calls = [];
    private readonly List<TextThread> _threads = [];
    private readonly List<MissedCall> _missed = [];
    private readonly List<LogLine> _log = [];
    private readonly List<PendingTransfer> _transfers = [];
    private int _chosen;

    public PhoneState(IEnumerable<PhoneAccount> accounts, IEnumerable<PhoneContact> contacts) => (_accounts, _contacts) = ([.. accounts], [.. contacts]);

    /// <summary>The accounts; one or more.</summary>
    public IReadOnlyList<PhoneAccount> Accounts => _accounts;

    /// <summary>The account that calls go out from: an index.</summary>
    public int ChosenAccount { get; private set; }

    public IReadOnlyList<PhoneContact> Contacts => _contacts;

    /// <summary>The calls, the oldest first.</summary>
    public IReadOnlyList<PhoneCall> Calls => _calls;

    /// <summary>The call that commands are for; null without calls.</summary>
    public PhoneCall? Chosen => Find(_chosen);

    /// <summary>The threads, the latest first.</summary>
    public IReadOnlyList<TextThread> Threads => _threads;

    /// <summary>Calls that nobody answered, the latest first.</summary>
    public IReadOnlyList<MissedCall> Missed => _missed;

    /// <summary>Missed calls that nobody has looked at.</summary>
    public int MissedUnseen { get; private set; }

    /// <summary>What has happened, the latest last.</summary>
    public IReadOnlyList<LogLine> Log => _log;

    /// <summary>What others ask this phone to call, the oldest first.</summary>
    public IReadOnlyList<PendingTransfer> Transfers => _transfers;

    /// <summary>True while a call rings here.</summary>
    public bool IsRinging => _calls.Exists(call => call is { Phase: CallPhase.Ringing, Replaces: null });

    /// <summary>A call by its number; null when there is none.</summary>
    public PhoneCall? Find(int number) => _calls.Find(call => call.Number == number);

    /// <summary>Takes a call for the one that commands are for.</summary>
    public void Choose(PhoneCall call) => _chosen = call.Number;

    /// <summary>Takes an account for the one that calls go out from.</summary>
    public void ChooseAccount(int account)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(account, _accounts.Count);
        ChosenAccount = account;
    }

    /// <summary>The missed calls have been looked at.</summary>
    public void SeeMissed() => MissedUnseen = 0;

    /// <summary>A thread has been looked at.</summary>
    public static void See(TextThread thread) => thread.Unread = 0;

    /// <summary>What somebody is called: by the contacts, by himself, or by his address.</summary>
    public string NameOf(string uri, string displayName = "")
    {
        if (SipUri.TryParse(uri, out SipUri? parsed) && _contacts.Find(contact => IsSame(contact.Uri, parsed)) is { } known) return known.Name;
        return displayName.Length > 0 ? displayName : Short(uri);
    }

    /// <summary>An address without what only machines need.</summary>
    public static string Short(string uri) => SipUri.TryParse(uri, out SipUri? parsed) && parsed.IsSip
        ? $"{(parsed.User is null ? "" : parsed.User + "@")}{parsed.Host}{(parsed.Port == 0 ? "" : $":{parsed.Port}")}"
        : uri;

    /// <summary>What is to be done for an intent: one speaks with one at a time, so the others are put on hold.</summary>
    /// <remarks>From now on the call is being answered or hung up: the bell stops, and nobody does it twice.</remarks>
    public IReadOnlyList<PhoneIntent> Decide(PhoneIntent intent)
    {
        if (intent is Answer { Call: var answered } && Find(answered) is { Phase: CallPhase.Ringing } ringing) ringing.Phase = CallPhase.Answering;
        if (intent is HangUp { Call: var ended } && Find(ended) is { } ending) ending.Phase = CallPhase.Ending;
        int? talksTo = intent switch
        {
            Dial => 0,
            Answer answer => answer.Call,
            Resume resume => resume.Call,
            _ => null,
        };
        if (talksTo is null) return [intent];
        List<PhoneIntent> all = [];
        int? replaced = Find(talksTo.Value)?.Replaces;
        foreach (PhoneCall call in _calls)
        {
            if (call is not { Phase: CallPhase.Talking, IsHolding: false } || call.Number == talksTo || call.Number == replaced) continue;
            all.Add(new Hold(call.Number));
        }

        return [.. all, intent];
    }

    /// <summary>Takes what has happened.</summary>
    public void Apply(Moment now, PhoneNews news)
    {
        switch (news)
        {
            case RegistrationChanged changed: OnRegistration(now, changed); break;
            case CallCame came: OnCame(now, came); break;
            case CallWent went: Add(new PhoneCall(went.Call, went.Account, went.CallId, isIncoming: false, went.Uri, NameOf(went.Uri)) { Since = now }, isChosen: true); break;
            case CallTold told when Find(told.Call) is { } call: OnTold(now, call, told.Event); break;
            case HoldChanged changed when Find(changed.Call) is { } call: call.IsHolding = changed.IsHolding; break;
            case DigitsSent sent when Find(sent.Call) is { } call: call.Digits = Tail(call.Digits + sent.Digits); break;
            case QualityMeasured measured when Find(measured.Call) is { } call: call.Audio = measured.Audio; break;
            case CallOver over when Find(over.Call) is { } call: OnOver(now, call, over.End); break;
            case TransferAsked asked:
                _transfers.Add(new PendingTransfer(asked.Transfer, asked.Call, asked.Target));
                Note(now, $"{Find(asked.Call)?.Name ?? "somebody"} asks this phone to call {Short(asked.Target)}");
                break;
            case TransferDecided decided: _transfers.RemoveAll(transfer => transfer.Number == decided.Transfer); break;
            case TextCame came: OnText(now, came); break;
            case TextWent went: Thread(went.Uri, "", went.Account).Add(new ThreadText(went.Text, isMine: true, went.Words, now.Clock)); break;
            case TextAnswered answered: OnTextAnswered(now, answered); break;
            case PresenceKnown known: (_contacts[known.Contact].IsOpen, _contacts[known.Contact].Note) = (known.IsOpen, known.Words); break;
            case LampKnown known: _contacts[known.Contact].Lamp = known.Lamp; break;
            case MessagesWait waiting: (_accounts[waiting.Account].HasMessages, _accounts[waiting.Account].NewVoiceMessages) = (waiting.IsWaiting, waiting.NewVoice); break;
            case PresencePublished published:
                if (_accounts[published.Account].IsOpen is { } before && before != published.IsOpen) Note(now, $"others see {_accounts[published.Account].Name} as {(published.IsOpen ? "open" : "closed")}");
                _accounts[published.Account].IsOpen = published.IsOpen;
                break;
            case Noted noted: Note(now, noted.Words); break;
            case ProblemArose problem:
                if (problem.Call is { } number && Find(number) is { Phase: CallPhase.Answering } unanswered) unanswered.Phase = CallPhase.Ringing;
                Note(now, problem.Reason);
                break;
        }
    }

    /// <summary>Writes a line into the log.</summary>
    public void Note(Moment now, string words)
    {
        if (_log.Count == MaxLog) _log.RemoveAt(0);
        _log.Add(new LogLine(now.Clock, Cut(words, MaxLogLength)));
    }

    private static bool IsSame(SipUri left, SipUri right) => left.User == right.User && left.Host.Equals(right.Host, StringComparison.OrdinalIgnoreCase) && left.Port == right.Port;

    private static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length), "…");

    private static string Tail(string digits) => digits.Length <= MaxDigits ? digits : digits[^MaxDigits..];

    private void OnRegistration(Moment now, RegistrationChanged changed)
    {
        PhoneAccount account = _accounts[changed.Account];
        RegistrationState before = account.Registration;
        account.Registration = changed.State;
        if (changed.Failure is { } failure)
        {
            string trouble = Reasons.Of(failure);
            if (account.Trouble != trouble) Note(now, $"{account.Name} is not registered: {trouble}");       // each try fails, but is no news
            account.Trouble = trouble;
        }
        else if (changed.State == RegistrationState.Registered)
        {
            account.Trouble = null;
            if (before != RegistrationState.Registered) Note(now, $"{account.Name} is registered");
        }
    }

    private void OnCame(Moment now, CallCame came)
    {
        string name = NameOf(came.Uri, came.Name);
        Add(new PhoneCall(came.Call, came.Account, came.CallId, isIncoming: true, came.Uri, name) { Since = now, Replaces = came.Replaces }, isChosen: !_calls.Exists(call => call.Phase != CallPhase.Ending));
        Note(now, $"{name} calls{(_accounts.Count > 1 ? $" {_accounts[came.Account].Name}" : "")}");
    }

    private void Add(PhoneCall call, bool isChosen)
    {
        _calls.Add(call);
        if (isChosen) _chosen = call.Number;
    }

    private void OnTold(Moment now, PhoneCall call, CallEvent happened)
    {
        switch (happened)
        {
            case CallProgress progress:
                call.Progress = progress.StatusCode switch { 180 => "ringing", 181 => "forwarded", 182 => "queued", _ => progress.HasEarlyMedia ? "in progress, with sound" : "in progress" };
                break;
            case CallAnswered answered:
                (call.Phase, call.Codec, call.AnsweredAt) = (CallPhase.Talking, answered.Codec, now.Instant);
                if (call.Replaces is not null) _chosen = call.Number;
                Note(now, call.IsIncoming ? $"in a call with {call.Name}" : $"{call.Name} has answered");
                break;
            case CallRecorded recorded:
                call.RemoteRecording = recorded.State;
                Note(now, $"{call.Name}: {CallReport.Words(recorded.State)}");
                break;
            case CallHeld held:
                call.IsHeld = held.IsHeld;
                Note(now, held.IsHeld ? $"{call.Name} has put you on hold" : $"{call.Name} has taken you off hold");
                break;
            case CallTransferring { Progress: var progress }:
                call.Transfer = $"transfer: {progress.StatusCode} {progress.ReasonPhrase}";
                break;
            case CallRedirected redirected:
                Note(now, $"the call goes on to {Short(redirected.Uri)}");
                break;
            case DigitReceived digit:
                call.DigitsHeard = Tail(call.DigitsHeard + digit.Digit);
                break;
        }
    }

    private void OnOver(Moment now, PhoneCall call, CallEnd end)
    {
        bool wasMissed = call is { IsIncoming: true, AnsweredAt: null, Replaces: null, Phase: CallPhase.Ringing } && end.Reason is not CallEndReason.Rejected;
        _calls.Remove(call);
        _transfers.RemoveAll(transfer => transfer.Call == call.Number);
        if (wasMissed)
        {
            if (_missed.Count == MaxMissed) _missed.RemoveAt(MaxMissed - 1);
            _missed.Insert(0, new MissedCall(call.Uri, call.Name, call.Account, call.Since.Clock));
            MissedUnseen++;
        }

        string how = wasMissed ? "missed" : Reasons.Of(end) ?? (end.Reason == CallEndReason.HungUp ? "over" : "over, they hung up");
        Note(now, $"call {(call.IsIncoming ? "from" : "to")} {call.Name}: {how}");
        if (_chosen == call.Number) _chosen = (_calls.Find(other => other.Phase == CallPhase.Ringing) ?? _calls.LastOrDefault())?.Number ?? 0;
    }

    private void OnText(Moment now, TextCame came)
    {
        TextThread thread = Thread(came.Uri, came.Name, came.Account);
        thread.Add(new ThreadText(0, isMine: false, Cut(came.Text, MaxTextLength), now.Clock));
        thread.Unread++;
        Note(now, $"text from {thread.Name}: {came.Text.ReplaceLineEndings(" ")}");
    }

    private void OnTextAnswered(Moment now, TextAnswered answered)
    {
        foreach (TextThread thread in _threads)
        {
            if (thread.Texts.FirstOrDefault(text => text.IsMine && text.Number == answered.Text) is not { } found) continue;
            found.Fate = answered.Reason is not null ? $"not delivered: {answered.Reason}" : answered.StatusCode == 202 ? "kept by the server for later" : "";
            if (answered.Reason is not null) Note(now, $"the text to {thread.Name} was not delivered: {answered.Reason}");
        }
    }

    private TextThread Thread(string uri, string displayName, int account)
    {
        string key = Short(uri);
        TextThread? thread = _threads.Find(known => Short(known.Uri).Equals(key, StringComparison.OrdinalIgnoreCase));
        if (thread is not null) _threads.Remove(thread);
        else if (_threads.Count == MaxThreads) _threads.RemoveAt(MaxThreads - 1);
        thread ??= new TextThread(uri, account);
        thread.Name = NameOf(uri, displayName.Length > 0 ? displayName : thread.Name);
        thread.Account = account;
        _threads.Insert(0, thread);
        return thread;
    }
}
