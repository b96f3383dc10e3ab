using System.Globalization;
using System.Text;

namespace Parley.InteropTests.Harness;

/// <summary>What a terminal shows after what was written to it: as much of one as the phone asks for.</summary>
/// <remarks>Every character is taken for one column: the phone sets the cursor anew behind those that are not ASCII.</remarks>
internal sealed class TerminalScreen
{
    private readonly SortedDictionary<(int Row, int Column), string> _cells = [];
    private int _row, _column;

    private TerminalScreen()
    {
    }

    /// <summary>True while the alternate screen is shown: the phone has the terminal.</summary>
    public bool IsAlternate { get; private set; }

    /// <summary>True while the cursor is shown.</summary>
    public bool HasCursor { get; private set; } = true;

    /// <summary>The last row that something was written into.</summary>
    public int LastRow { get; private set; }

    /// <summary>What the alternate screen shows now, or showed last.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            foreach (var row in _cells.GroupBy(cell => cell.Key.Row))
            {
                var line = new StringBuilder();
                foreach (((int _, int column), string character) in row) line.Append(' ', Math.Max(column - line.Length, 0)).Append(character);
                text.Append(line.ToString().TrimEnd()).Append('\n');
            }

            return text.ToString();
        }
    }

    /// <summary>Shows all that was written.</summary>
    public static TerminalScreen Of(string written)
    {
        var screen = new TerminalScreen();
        for (int i = 0; i < written.Length; i++)
        {
            if (written[i] == '\e' && i + 1 < written.Length && written[i + 1] == '[')
            {
                int end = i + 2;
                while (end < written.Length && written[end] is >= ' ' and < '@') end++;
                if (end == written.Length) break;       // the rest is still to come
                screen.Obey(written[(i + 2)..end], written[end]);
                i = end;
            }
            else if (written[i] >= ' ' && screen.IsAlternate) screen.Put(written[i].ToString());
        }

        return screen;
    }

    private void Put(string character)
    {
        _cells[(_row, _column++)] = character;
        LastRow = _row;
    }

    private void Obey(string parameters, char final)
    {
        switch (final, parameters)
        {
            case ('J', "2"):
                _cells.Clear();
                break;
            case ('H', ""):
                (_row, _column) = (0, 0);
                break;
            case ('H', _):
                string[] position = parameters.Split(';');
                (_row, _column) = (int.Parse(position[0], CultureInfo.InvariantCulture) - 1, int.Parse(position[1], CultureInfo.InvariantCulture) - 1);
                break;
            case ('h', "?1049"):
                IsAlternate = true;
                break;
            case ('l', "?1049"):
                IsAlternate = false;
                break;
            case ('h', "?25") or ('l', "?25"):
                HasCursor = final == 'h';
                break;
        }
    }
}
