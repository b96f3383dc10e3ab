using Parley.Phone.State;

namespace Parley.Phone.Screen;

/// <summary>The keys that do something now, the most useful first.</summary>
internal static class KeyLine
{
    public static IReadOnlyList<(string Key, string Words)> Of(PhoneState state, ScreenView view)
    {
        if (view.Prompt is { } prompt) return OfPrompt(prompt);
        if (view.IsHelp) return [("Up Down", "scroll"), ("Esc", "back")];
        List<(string, string)> keys = [];
        if (state.Transfers.Count > 0) keys.AddRange([("y", "call them"), ("n", "decline")]);
        PhoneCall? chosen = state.Chosen;
        if (view.Ringing is { } ringing)
        {
            keys.Add((view.IsOnCalls ? "Enter" : "a", "answer"));
            if (ringing == chosen) keys.Add(("x", "refuse"));
        }

        if (chosen is { Phase: CallPhase.Talking })
        {
            keys.Add(("h", chosen.IsHolding ? "resume" : "hold"));
            keys.Add(("t", "transfer"));
            if (state.Calls.Count(call => call.Phase == CallPhase.Talking) > 1) keys.Add(("c", "connect"));
            keys.Add(("x", "hang up"));
            if (!chosen.IsHolding) keys.Add(("0-9*#", "keys"));
        }
        else if (chosen is { Phase: CallPhase.Calling or CallPhase.Answering }) keys.Add(("x", "hang up"));

        if (!view.IsOnCalls) keys.AddRange(OfPage(state, view));
        keys.AddRange([("d", "dial"), ("m", "message"), ("Tab", "next")]);
        if (state.Accounts.Count > 1) keys.Add(("s", "account"));
        if (chosen is null && state.Accounts[state.ChosenAccount] is { Trouble: not null }) keys.Add(("r", "register"));
        if (state.Accounts[state.ChosenAccount].IsOpen is not null) keys.Add(("p", "presence"));
        keys.Add(("q", "quit"));
        return keys;
    }

    private static List<(string, string)> OfPrompt(Prompt prompt) => prompt.Kind switch
    {
        PromptKind.Quit => [("y", "end and quit"), ("n", "stay")],
        PromptKind.Text => [("Enter", "send"), ("Esc", "back")],
        _ => [("Enter", prompt.Kind switch { PromptKind.Dial => "dial", PromptKind.Transfer => "transfer", _ => "write" }), ("Up Down", "choose"), ("Esc", "back")],
    };

    private static List<(string, string)> OfPage(PhoneState state, ScreenView view) => view.Page switch
    {
        ScreenPage.Contacts or ScreenPage.Missed when view.Count > 0 => [("Enter", "call")],
        ScreenPage.Messages when view.Thread is not null => [("Enter", "write"), ("Up Down", "scroll"), ("Esc", "back")],
        ScreenPage.Messages when state.Threads.Count > 0 => [("Enter", "read")],
        _ => [],
    };
}
