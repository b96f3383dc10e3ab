namespace Parley.Phone.State;

/// <summary>A text of a thread.</summary>
internal sealed class ThreadText(int number, bool isMine, string text, DateTimeOffset at)
{
    /// <summary>Its number on this phone; 0 for one that came.</summary>
    public int Number => number;

    /// <summary>True when it was written here.</summary>
    public bool IsMine => isMine;

    public string Text => text;

    public DateTimeOffset At => at;

    /// <summary>What became of it: empty once it is delivered, and for one that came.</summary>
    public string Fate { get; internal set; } = isMine ? "sending" : "";
}

/// <summary>What two have written to each other.</summary>
internal sealed class TextThread(string uri, int account)
{
    private const int MaxTexts = 200;
    private readonly List<ThreadText> _texts = [];

    /// <summary>The other side's address.</summary>
    public string Uri => uri;

    /// <summary>What the other side is called.</summary>
    public string Name { get; internal set; } = "";

    /// <summary>By which account it is.</summary>
    public int Account { get; internal set; } = account;

    /// <summary>The texts in order; the oldest of 200 are forgotten.</summary>
    public IReadOnlyList<ThreadText> Texts => _texts;

    /// <summary>Texts that nobody has looked at.</summary>
    public int Unread { get; internal set; }

    internal void Add(ThreadText text)
    {
        if (_texts.Count == MaxTexts) _texts.RemoveAt(0);
        _texts.Add(text);
    }
}
