using System.Text;

namespace Parley.Phone.Terminal;

/// <summary>How a cell looks. What it means is always said by its text as well: not every terminal, and not every eye, has colours.</summary>
[Flags]
internal enum CellStyle : byte
{
    Plain = 0,
    Bold = 1,
    Dim = 2,
    Reverse = 4,
    Underline = 8,
    Green = 16,
    Red = 32,
    Yellow = 64,
}

/// <summary>One column of one row: a character with its marks; empty for the right half of a wide one.</summary>
internal readonly record struct Cell(string Text, CellStyle Style);

/// <summary>What a terminal shows: rows of cells.</summary>
/// <remarks>All that is written is made printable here, so nothing that the wire brings can reach the terminal otherwise.</remarks>
internal sealed class CellGrid
{
    private const int MaxMarks = 4;
    private static readonly string[] Ascii = [.. Enumerable.Range(0, 128).Select(value => ((char)value).ToString())];

    private readonly Cell[] _cells;

    /// <summary>An empty screen.</summary>
    public CellGrid(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        (Width, Height) = (width, height);
        _cells = new Cell[width * height];
        Array.Fill(_cells, new Cell(" ", CellStyle.Plain));
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Where the cursor is shown; null hides it.</summary>
    public (int Column, int Row)? Cursor { get; set; }

    /// <summary>A cell.</summary>
    public Cell this[int column, int row] => _cells[(row * Width) + column];

    /// <summary>Writes a text from a column on, as far as there is room.</summary>
    /// <returns>The column behind it.</returns>
    public int Write(int column, int row, string text, CellStyle style = CellStyle.Plain) => Write(column, row, text, style, Width);

    /// <summary>Writes a text into some columns, cut with an ellipsis where it is longer.</summary>
    /// <returns>The column behind the text.</returns>
    public int WriteFitting(int column, int row, string text, int columns, CellStyle style = CellStyle.Plain) =>
        Write(column, row, TerminalText.Fit(text, Math.Min(columns, Width - column)), style, Width);

    /// <summary>Gives a whole row a style and empties it.</summary>
    public void Fill(int row, CellStyle style)
    {
        for (int column = 0; column < Width; column++) Set(column, row, new Cell(" ", style));
    }

    /// <summary>The rows as text, without the blanks at their ends: what a test looks at.</summary>
    public IReadOnlyList<string> ToLines()
    {
        var lines = new List<string>(Height);
        for (int row = 0; row < Height; row++)
        {
            var line = new StringBuilder(Width);
            for (int column = 0; column < Width; column++) line.Append(this[column, row].Text);
            lines.Add(line.ToString().TrimEnd(' '));
        }

        return lines;
    }

    private int Write(int column, int row, string text, CellStyle style, int end)
    {
        if (row < 0 || row >= Height || column < 0) return column;
        int last = -1, marks = 0;
        foreach (Rune rune in TerminalText.Printable(text))
        {
            int width = TerminalText.WidthOf(rune);
            if (width == 0)
            {
                if (last < 0 || ++marks > MaxMarks) continue;       // a mark has nothing to stand on, or is one of a heap
                Set(last, row, new Cell(this[last, row].Text + rune, style));
                continue;
            }

            if (column + width > end) break;
            Part(column, row);
            Set(column, row, new Cell(rune.IsAscii ? Ascii[rune.Value] : rune.ToString(), style));
            if (width == 2)
            {
                Part(column + 1, row);
                Set(column + 1, row, new Cell("", style));
            }

            (last, marks) = (column, 0);
            column += width;
        }

        return column;
    }

    /// <summary>A wide character of which one half is overwritten leaves no other half.</summary>
    private void Part(int column, int row)
    {
        if (this[column, row].Text.Length == 0 && column > 0) Set(column - 1, row, new Cell(" ", this[column - 1, row].Style));
        if (column + 1 < Width && this[column + 1, row].Text.Length == 0) Set(column + 1, row, new Cell(" ", this[column + 1, row].Style));
    }

    private void Set(int column, int row, Cell cell) => _cells[(row * Width) + column] = cell;
}
