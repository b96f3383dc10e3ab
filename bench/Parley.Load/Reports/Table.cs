using System.Text;

namespace Parley.Load.Reports;

/// <summary>Rows of words under headings, for terminals or for Markdown.</summary>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">It has more or fewer words than there are headings.</exception>
    public void Add(params string[] row)
    {
        if (row.Length != headings.Length) throw new ArgumentException("A row has a word for each heading.", nameof(row));
        _rows.Add(row);
    }

    /// <summary>Columns one below the other; the first is flush left, the others flush right.</summary>
    public string ToText()
    {
        int[] widths = [.. headings.Select((_, column) => _rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (string[] row in _rows)
        {
            text.AppendLine(string.Join("  ", row.Select((word, column) => column == 0 ? word.PadRight(widths[column]) : word.PadLeft(widths[column]))).TrimEnd());
        }

        return text.ToString();
    }

    /// <summary>A table of Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (string[] row in _rows)
        {
            text.AppendLine($"| {string.Join(" | ", row)} |");
            if (ReferenceEquals(row, headings)) text.AppendLine($"|{string.Concat(Enumerable.Repeat("---|", headings.Length))}");
        }

        return text.ToString();
    }
}
