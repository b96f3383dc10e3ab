using System.Text;
using Parley.Phone.Terminal;

namespace Parley.Phone.Screen;

/// <summary>A line that is being typed.</summary>
internal sealed class LineEditor
{
    private const int MaxLength = 1000;
    private readonly List<Rune> _runes = [];

    public LineEditor(string text) => Text = text;

    /// <summary>What stands there; setting it puts the cursor behind it.</summary>
    public string Text
    {
        get => string.Concat(_runes);
        set
        {
            _runes.Clear();
            _runes.AddRange(value.EnumerateRunes().Take(MaxLength));
            Cursor = _runes.Count;
        }
    }

    /// <summary>Before which character the cursor is.</summary>
    public int Cursor { get; private set; }

    /// <summary>Takes a key.</summary>
    /// <returns>False when it is none of a line's.</returns>
    public bool OnKey(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Character:
                if (_runes.Count == MaxLength) return true;
                _runes.Insert(Cursor, key.Character);
                Cursor++;
                return true;
            case KeyName.Backspace:
                if (Cursor > 0) _runes.RemoveAt(--Cursor);
                return true;
            case KeyName.Delete:
                if (Cursor < _runes.Count) _runes.RemoveAt(Cursor);
                return true;
            case KeyName.Left:
                Cursor = Math.Max(Cursor - 1, 0);
                return true;
            case KeyName.Right:
                Cursor = Math.Min(Cursor + 1, _runes.Count);
                return true;
            case KeyName.Home:
                Cursor = 0;
                return true;
            case KeyName.End:
                Cursor = _runes.Count;
                return true;
            case KeyName.Clear:
                Text = "";
                return true;
            default: return false;
        }
    }

    /// <summary>The part of the line around the cursor that fits into some columns, and the cursor's column in it.</summary>
    public (string Text, int Column) View(int columns)
    {
        int first = Cursor, before = 0;
        while (first > 0 && before + TerminalText.WidthOf(_runes[first - 1]) < columns) before += TerminalText.WidthOf(_runes[--first]);
        var text = new StringBuilder();
        int width = 0;
        for (int i = first; i < _runes.Count && width + TerminalText.WidthOf(_runes[i]) <= columns; i++)
        {
            width += TerminalText.WidthOf(_runes[i]);
            text.Append(_runes[i].ToString());
        }

        return (text.ToString(), before);
    }
}
