using System.Globalization;
using Parley.Commands;
using Parley.Output;
using Parley.Phone.State;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.Lines;

/// <summary>The phone by lines: commands come in a line each, and what happens goes out as words, or as events for programs.</summary>
internal sealed class LineFront(PhoneState state, CommandOutput output) : IPhoneFront
{
    public IReadOnlyList<PhoneIntent> Take(Moment now, PhoneInput input)
    {
        switch (input)
        {
            case PhoneNews news:
                Tell(news);
                state.Apply(now, news);
                return [];
            case LineRead { Line: null }: return [new Quit()];
            case LineRead { Line: { } line }: return Obey(now, line);
            default: return [];
        }
    }

    private IReadOnlyList<PhoneIntent> Obey(Moment now, string line)
    {
        LineMeaning meaning = PhoneLineReader.Read(line, state);
        if (meaning.Problem is { } problem) TellProblem(new ProblemArose(problem));
        if (meaning.View is { } view) Show(now, view);
        if (meaning.Account is { } account)
        {
            state.ChooseAccount(account);
            output.Event("account", ("account", state.Accounts[account].Name));
            output.Say($"calls go out from {state.Accounts[account].Name}");
        }

        return meaning.Intent is { } intent ? [intent] : [];
    }

    private void Tell(PhoneNews news)
    {
        switch (news)
        {
            case AccountListens listens:
                foreach (string point in listens.Points)
                {
                    output.Event("listening", ("account", NameOf(listens.Account)), ("uri", point));
                    output.Say($"listening on {point}");
                }

                break;
            case RegistrationChanged changed: TellRegistration(changed); break;
            case PhoneReady: output.Event("ready"); break;
            case CallCame came:
                output.Event("incoming",
                    ("number", came.Call), ("account", NameOf(came.Account)), ("call", came.CallId), ("from", came.Uri), ("name", came.Name), ("to", came.To), ("replaces", came.Replaces));
                output.Say($"call {came.Call} from {state.NameOf(came.Uri, came.Name)}");
                break;
            case CallWent went:
                output.Event("calling", ("number", went.Call), ("account", NameOf(went.Account)), ("call", went.CallId), ("uri", went.Uri));
                output.Say($"call {went.Call}: calling {state.NameOf(went.Uri)}");
                break;
            case CallTold told: CallReport.Tell(told.Event, IdOf(told.Call), output, told.Call); break;
            case HoldChanged changed:
                output.Event("hold", ("call", IdOf(changed.Call)), ("number", changed.Call), ("holding", changed.IsHolding));
                output.Say($"call {changed.Call}: {(changed.IsHolding ? "on hold" : "talking again")}");
                break;
            case DigitsSent sent: output.Event("digits", ("call", IdOf(sent.Call)), ("number", sent.Call), ("digits", sent.Digits)); break;
            case CallOver over: CallReport.TellEnd(over.End, over.Audio, IdOf(over.Call), output, over.Call); break;
            case TransferAsked asked:
                output.Event("transfer", ("call", IdOf(asked.Call)), ("number", asked.Call), ("transfer", asked.Transfer), ("target", asked.Target));
                output.Say($"call {asked.Call}: asked to call {asked.Target}; accept or decline within 20 s");
                break;
            case TransferDecided decided: output.Event("transferDecided", ("transfer", decided.Transfer)); break;
            case PresencePublished published:
                output.Event("published", ("account", NameOf(published.Account)), ("open", published.IsOpen), ("note", published.Words));
                break;
            case ProblemArose problem: TellProblem(problem); break;
            case Noted noted:
                output.Event("note", ("note", noted.Words));
                output.Note(noted.Words);
                break;
            default: TellOfOthers(news); break;
        }
    }

    private void TellOfOthers(PhoneNews news)
    {
        switch (news)
        {
            case TextCame came:
                output.Event("message", ("account", NameOf(came.Account)), ("from", came.Uri), ("name", came.Name), ("text", came.Text));
                output.Say($"{state.NameOf(came.Uri, came.Name)}: {came.Text}");
                break;
            case TextWent went: output.Event("sending", ("message", went.Text), ("account", NameOf(went.Account)), ("to", went.Uri), ("text", went.Words)); break;
            case TextAnswered answered:
                output.Event("sent", ("message", answered.Text), ("status", answered.StatusCode), ("reason", answered.Reason), ("delivered", answered.Reason is null && answered.StatusCode != 202));
                output.Say(answered.Reason is { } reason ? $"the text was not delivered: {reason}" : answered.StatusCode == 202 ? "the server keeps the text for later" : "the text is delivered");
                break;
            case PresenceKnown known:
                PhoneContact contact = state.Contacts[known.Contact];
                output.Event("presence", ("contact", contact.Name), ("uri", contact.Uri.ToString()), ("open", known.IsOpen), ("words", known.Words));
                output.Say($"{contact.Name}: {(known.IsOpen switch { true => "open", false => "closed", _ => "not known" })}{(known.Words.Length > 0 ? $", {known.Words}" : "")}");
                break;
            case LampKnown known:
                contact = state.Contacts[known.Contact];
                output.Event("lamp", ("contact", contact.Name), ("uri", contact.Uri.ToString()), ("lamp", known.Lamp.ToString().ToLowerInvariant()));
                if (known.Lamp != Lamp.Unknown) output.Say($"{contact.Name}: {(known.Lamp switch { Lamp.Busy => "in a call", Lamp.Ringing => "it rings there", _ => "no calls" })}");
                break;
            case MessagesWait waiting:
                output.Event("waiting", ("account", NameOf(waiting.Account)), ("waiting", waiting.IsWaiting), ("new", waiting.NewVoice));
                if (waiting.IsWaiting) output.Say($"{NameOf(waiting.Account)}: messages wait{(waiting.NewVoice > 0 ? string.Create(CultureInfo.InvariantCulture, $", {waiting.NewVoice} new") : "")}");
                break;
        }
    }

    private void TellRegistration(RegistrationChanged changed)
    {
        string account = NameOf(changed.Account);
        if (changed.Failure is { } failure)
        {
            string words = Reasons.Of(failure);
            output.Event("unregistered", ("account", account), ("status", failure.StatusCode), ("reason", words), ("retrySeconds", changed.RetryIn?.TotalSeconds));
            output.Note($"{account} is not registered: {words}{(changed.RetryIn is { } wait ? string.Create(CultureInfo.InvariantCulture, $"; tried again in {wait.TotalSeconds:0} s") : "")}");
        }
        else if (changed.State == RegistrationState.Registered)
        {
            output.Event("registered", ("account", account), ("seconds", changed.Lifetime?.TotalSeconds));
            output.Say($"{account} is registered");
        }
        else if (changed.State == RegistrationState.Unregistered) output.Event("unregistered", ("account", account));
    }

    private void TellProblem(ProblemArose problem)
    {
        output.Event("problem", ("reason", problem.Reason), ("status", problem.StatusCode), ("number", problem.Call));
        output.Note(problem.Call is { } number ? $"call {number}: {problem.Reason}" : problem.Reason);
    }

    private void Show(Moment now, string view)
    {
        switch (view)
        {
            case "accounts":
                for (int i = 0; i < state.Accounts.Count; i++)
                {
                    PhoneAccount account = state.Accounts[i];
                    output.Event("accountState", ("number", i + 1), ("account", account.Name), ("chosen", i == state.ChosenAccount), ("registered", account.Registration == RegistrationState.Registered), ("words", account.Words));
                    output.Say($"{(i == state.ChosenAccount ? "*" : " ")} {i + 1} {account.Name}: {account.Words}");
                }

                break;
            case "calls":
                foreach (PhoneCall call in state.Calls) ShowCall(now, call);
                if (state.Calls.Count == 0) output.Say("no calls");
                break;
            case "contacts":
                foreach (PhoneContact contact in state.Contacts)
                {
                    output.Event("contact", ("contact", contact.Name), ("uri", contact.Uri.ToString()), ("open", contact.IsOpen), ("words", contact.Note), ("lamp", contact.Lamp.ToString().ToLowerInvariant()));
                    output.Say($"{contact.Name} ({contact.Uri}): {contact.Words}{(contact.Note.Length > 0 ? $", {contact.Note}" : "")}");
                }

                break;
            case "missed":
                foreach (MissedCall missed in state.Missed)
                {
                    output.Event("missed", ("from", missed.Uri), ("name", missed.Name), ("account", NameOf(missed.Account)), ("time", missed.At.ToString("O", CultureInfo.InvariantCulture)));
                    output.Say($"{missed.At.ToString("d MMM HH:mm", CultureInfo.InvariantCulture)} {missed.Name}");
                }

                state.SeeMissed();
                break;
            default:
                foreach ((string form, string words) in PhoneLineReader.Commands) output.Say($"  {form,-42} {words}");
                break;
        }
    }

    private void ShowCall(Moment now, PhoneCall call)
    {
        output.Event("callState",
            ("number", call.Number), ("call", call.CallId), ("uri", call.Uri), ("name", call.Name), ("incoming", call.IsIncoming), ("state", call.Phase.ToString().ToLowerInvariant()),
            ("holding", call.IsHolding), ("held", call.IsHeld), ("recorded", call.RemoteRecording.ToString().ToLowerInvariant()), ("codec", call.Codec), ("seconds", call.AnsweredAt is null ? null : call.Duration(now.Instant).TotalSeconds),
            ("received", call.Audio?.Rtp.PacketsReceived), ("lost", call.Audio?.Rtp.PacketsLost), ("jitterMilliseconds", call.Audio?.Rtp.Jitter.TotalMilliseconds),
            ("roundTripMilliseconds", call.Audio?.Rtp.RoundTrip?.TotalMilliseconds));
        output.Say($"{(call == state.Chosen ? "*" : " ")} {call.Number} {(call.IsIncoming ? "from" : "to")} {call.Name}: {call.Words}");
    }

    private string NameOf(int account) => state.Accounts[account].Name;

    private string IdOf(int call) => state.Find(call)?.CallId ?? "";
}
