using Parley.Phone.Screen;
using Parley.Phone.State;
using Parley.Phone.Terminal;

namespace Parley.Tests.Phone;

/// <summary>A phone on a screen of a test: keys go in, intents come out, lines are looked at.</summary>
internal sealed class ShownPhone : IScreen
{
    private readonly ScreenFront _front;

    public ShownPhone(PhoneState? state = null, int width = 80, int height = 20)
    {
        (State, Size) = (state ?? Phones.Create(), (width, height));
        Screen = new PhoneScreen(State, hasBell: true, "calls hear silence");
        _front = new ScreenFront(State, Screen, new ScreenWriter(new TerminalAbilities(HasColors: true, IsUtf8: true)), this);
    }

    public PhoneState State { get; }

    public PhoneScreen Screen { get; }

    public (int Width, int Height) Size { get; set; }

    public double Seconds { get; set; }

    /// <summary>All that was written to the terminal.</summary>
    public string Written { get; private set; } = "";

    public bool HasLeft { get; private set; }

    /// <summary>What the terminal shows.</summary>
    public IReadOnlyList<string> Lines => ScreenDrawing.Draw(State, Screen.View, Size.Width, Size.Height, Phones.At(Seconds)).ToLines();

    /// <summary>The lowest two rows: the latest news or a question, and the keys.</summary>
    public (string Status, string Keys) Bottom => (Lines[^2].Trim(), Lines[^1].Trim());

    public ShownPhone After(params PhoneNews[] news)
    {
        foreach (PhoneNews item in news) _front.Take(Phones.At(Seconds), item);
        return this;
    }

    public IReadOnlyList<PhoneIntent> Press(KeyName name) => _front.Take(Phones.At(Seconds), new KeyPressed(new Key(name)));

    /// <summary>Types characters; gives what the last one led to.</summary>
    public IReadOnlyList<PhoneIntent> Type(string text)
    {
        IReadOnlyList<PhoneIntent> last = [];
        foreach (System.Text.Rune rune in text.EnumerateRunes()) last = _front.Take(Phones.At(Seconds), new KeyPressed(new Key(KeyName.Character, rune)));
        return last;
    }

    public void Paste(string text)
    {
        foreach (System.Text.Rune rune in text.EnumerateRunes()) _front.Take(Phones.At(Seconds), new KeyPressed(new Key(KeyName.Character, rune, IsPasted: true)));
    }

    public void Tick() => _front.Take(Phones.At(Seconds), new ScreenStale());

    void IScreen.Write(string text) => Written += text;

    void IScreen.Leave() => HasLeft = true;
}
