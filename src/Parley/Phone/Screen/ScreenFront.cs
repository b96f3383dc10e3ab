using System.Text;
using Parley.Phone.State;
using Parley.Phone.Terminal;

namespace Parley.Phone.Screen;

/// <summary>The phone on a terminal: what happens is drawn, keys are obeyed.</summary>
internal sealed class ScreenFront(PhoneState state, PhoneScreen screen, ScreenWriter writer, IScreen terminal) : IPhoneFront
{
    public IReadOnlyList<PhoneIntent> Take(Moment now, PhoneInput input)
    {
        IReadOnlyList<PhoneIntent> intents = [];
        switch (input)
        {
            case PhoneNews news:
                state.Apply(now, news);
                screen.OnNews(now, news);
                break;
            case KeyPressed { Key: var key }:
                if (key.Name == KeyName.Redraw) writer.Forget();
                intents = screen.OnKey(now, key);
                break;
            case ScreenStale stale:
                if (stale.IsAnew) writer.Forget();
                screen.OnTime(now);
                break;
        }

        // While calls are ended the terminal is the user's again, and Ctrl-C a signal.
        if (intents.Any(intent => intent is Quit)) terminal.Leave();
        else Show(now);
        return intents;
    }

    private void Show(Moment now)
    {
        (int width, int height) = terminal.Size;
        var text = new StringBuilder(writer.Write(ScreenDrawing.Draw(state, screen.View, width, height, now)));
        if (screen.TakeBell()) text.Append('\a');
        if (text.Length > 0) terminal.Write(text.ToString());
    }
}

/// <summary>What a phone is drawn on.</summary>
internal interface IScreen
{
    /// <summary>Columns and rows, as they are now.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>Writes what changes it; nothing once it is left.</summary>
    void Write(string text);

    /// <summary>Gives it back as it was.</summary>
    void Leave();
}
