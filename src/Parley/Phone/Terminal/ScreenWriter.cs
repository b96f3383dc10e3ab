using System.Globalization;
using System.Text;

namespace Parley.Phone.Terminal;

/// <summary>What a terminal can do, as its environment says.</summary>
/// <param name="HasColors">False with NO_COLOR (no-color.org), or a terminal that has none.</param>
/// <param name="IsUtf8">False where characters beyond ASCII come out wrong.</param>
internal sealed record TerminalAbilities(bool HasColors, bool IsUtf8)
{
    private static readonly string[] Locales = ["LC_ALL", "LC_CTYPE", "LANG"];      // the first that is set counts

    /// <summary>Reads the environment.</summary>
    public static TerminalAbilities Of(Func<string, string?> variable)
    {
        string locale = Locales.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "";
        bool isUtf8 = locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase);
        string terminal = variable("TERM") ?? "";
        return new TerminalAbilities(string.IsNullOrEmpty(variable("NO_COLOR")) && !terminal.StartsWith("vt", StringComparison.Ordinal), isUtf8);
    }
}

/// <summary>Turns what a screen shows next into the few bytes that make a terminal show it, given what it shows now.</summary>
/// <remarks>
/// The sequences are those of ECMA-48 that every terminal has, with the alternate screen of xterm. Behind a character beyond ASCII the cursor is set anew, so that a
/// terminal which measures it otherwise does not push the rest of the row aside.
/// </remarks>
internal sealed class ScreenWriter(TerminalAbilities abilities)
{
    /// <summary>Takes the alternate screen, keeps lines from wrapping, and asks that what is pasted is marked.</summary>
    public const string Enter = "\e[?1049h\e[?7l\e[?2004h\e[2J\e[H";

    /// <summary>Gives everything back as it was.</summary>
    public const string Leave = "\e[0m\e[?2004l\e[?7h\e[?25h\e[?1049l";

    private CellGrid? _shown;

    /// <summary>Forgets what the terminal shows: something else has written there, or its size has changed.</summary>
    public void Forget() => _shown = null;

    /// <summary>What has to be written.</summary>
    public string Write(CellGrid next)
    {
        var text = new StringBuilder();
        if (_shown is null || _shown.Width != next.Width || _shown.Height != next.Height)
        {
            text.Append("\e[0m\e[2J");
            _shown = new CellGrid(next.Width, next.Height) { Cursor = (0, 0) };
        }

        CellStyle style = CellStyle.Plain;
        (int Column, int Row)? at = null;
        for (int row = 0; row < next.Height; row++)
        {
            for (int column = 0; column < next.Width; column++)
            {
                Cell cell = next[column, row];
                if (cell == _shown[column, row] || cell.Text.Length == 0) continue;
                if (at != (column, row)) text.Append(CultureInfo.InvariantCulture, $"\e[{row + 1};{column + 1}H");
                if (cell.Style != style) AppendStyle(text, style = cell.Style);
                bool isAscii = Ascii.IsValid(cell.Text);
                text.Append(isAscii || abilities.IsUtf8 ? cell.Text : ToAscii(cell.Text));
                at = isAscii ? (column + 1, row) : null;
            }
        }

        if (style != CellStyle.Plain) text.Append("\e[0m");
        bool isMoved = text.Length > 0;
        if (next.Cursor is { } cursor && (isMoved || next.Cursor != _shown.Cursor)) text.Append(CultureInfo.InvariantCulture, $"\e[{cursor.Row + 1};{cursor.Column + 1}H\e[?25h");
        else if (next.Cursor is null && _shown.Cursor is not null) text.Append("\e[?25l");
        _shown = next;
        return text.ToString();
    }

    private static string ToAscii(string text) => text switch
    {
        "─" => "-",
        "…" => ".",
        "·" => "-",
        _ => TerminalText.WidthOf(text) == 2 ? "??" : "?",
    };

    private void AppendStyle(StringBuilder text, CellStyle style)
    {
        text.Append("\e[0");
        if (style.HasFlag(CellStyle.Bold)) text.Append(";1");
        if (style.HasFlag(CellStyle.Dim)) text.Append(";2");
        if (style.HasFlag(CellStyle.Underline)) text.Append(";4");
        if (style.HasFlag(CellStyle.Reverse)) text.Append(";7");
        if (abilities.HasColors && style.HasFlag(CellStyle.Red)) text.Append(";31");
        if (abilities.HasColors && style.HasFlag(CellStyle.Green)) text.Append(";32");
        if (abilities.HasColors && style.HasFlag(CellStyle.Yellow)) text.Append(";33");
        text.Append('m');
    }
}
