using Parley.Phone.State;

namespace Parley.Phone.Screen;

/// <summary>What the lower half of the screen shows.</summary>
internal enum ScreenPage
{
    Contacts,
    Messages,
    Missed,
    Log,
}

/// <summary>Where the user is on the screen.</summary>
internal sealed class ScreenView(PhoneState state)
{
    private readonly int[] _selected = new int[4];

    /// <summary>The page.</summary>
    public ScreenPage Page { get; set; }

    /// <summary>True while keys are for the calls, false while they are for the page.</summary>
    public bool IsOnCalls
    {
        get => field && state.Calls.Count > 0;
        set;
    }

    /// <summary>The thread that is open on the page of messages; null shows all of them.</summary>
    public TextThread? Thread { get; set; }

    /// <summary>How far an open thread, the log or the help is scrolled, in lines: back from the end, or on from the beginning.</summary>
    public int Scrolled { get; set; }

    /// <summary>True while the help is shown.</summary>
    public bool IsHelp { get; set; }

    /// <summary>The question that is asked; null for none.</summary>
    public Prompt? Prompt { get; set; }

    /// <summary>The latest that is to be known.</summary>
    public string Status { get; set; } = "";

    /// <summary>How many items the page has.</summary>
    public int Count => Page switch { ScreenPage.Contacts => state.Contacts.Count, ScreenPage.Messages => state.Threads.Count, ScreenPage.Missed => state.Missed.Count, _ => state.Log.Count };

    /// <summary>The item of the page that is chosen.</summary>
    public int Selected
    {
        get => Math.Clamp(_selected[(int)Page], 0, Math.Max(Count - 1, 0));
        set => _selected[(int)Page] = Math.Clamp(value, 0, Math.Max(Count - 1, 0));
    }

    /// <summary>The contact that is chosen; null on other pages.</summary>
    public PhoneContact? Contact => !IsOnCalls && Page == ScreenPage.Contacts && Count > 0 ? state.Contacts[Selected] : null;

    /// <summary>The call that answers to Enter: the chosen one when it rings, else the first that does.</summary>
    public PhoneCall? Ringing => state.Chosen is { Phase: CallPhase.Ringing } chosen ? chosen : state.Calls.FirstOrDefault(call => call is { Phase: CallPhase.Ringing, Replaces: null });

    /// <summary>Goes on to the next place that takes keys.</summary>
    public void Turn(int step)
    {
        int places = Enum.GetValues<ScreenPage>().Length + 1;
        int place = IsOnCalls ? 0 : (int)Page + 1;
        do place = (place + step + places) % places;
        while (place == 0 && state.Calls.Count == 0);
        IsOnCalls = place == 0;
        (Thread, Scrolled) = (null, 0);
        if (place == 0) return;
        Page = (ScreenPage)(place - 1);
        if (Page == ScreenPage.Missed) state.SeeMissed();
    }
}
