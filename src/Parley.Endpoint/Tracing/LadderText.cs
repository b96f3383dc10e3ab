using System.Globalization;

namespace Parley.Endpoint.Tracing;

/// <summary>Writes a ladder for a terminal.</summary>
public static class LadderText
{
    private const int TimeWidth = 11;
    private const int LeastColumnWidth = 24;

    /// <summary>Writes the ladder, a line for each step.</summary>
    /// <param name="ladder">The ladder.</param>
    /// <param name="output">Where to.</param>
    /// <param name="width">Columns of the terminal; labels are cut where they do not fit.</param>
    public static void Write(LadderDiagram ladder, TextWriter output, int width = 120)
    {
        ArgumentNullException.ThrowIfNull(ladder);
        ArgumentNullException.ThrowIfNull(output);
        int count = Math.Max(ladder.Participants.Count, 1);
        int column = Math.Max(LeastColumnWidth, (width - TimeWidth) / count);
        char[] names = Blank(column * count);
        for (int i = 0; i < ladder.Participants.Count; i++) Put(names, Centre(i, column) - (ladder.Participants[i].Name.Length / 2), ladder.Participants[i].Name);
        WriteLine(output, "", names);
        char[] addresses = Blank(column * count);
        for (int i = 0; i < ladder.Participants.Count; i++)
        {
            string address = ladder.Participants[i].Address.ToString();
            if (address != ladder.Participants[i].Name) Put(addresses, Centre(i, column) - (address.Length / 2), address);
        }

        WriteLine(output, "", addresses);
        foreach (LadderStep step in ladder.Steps)
        {
            char[] line = Blank(column * count);
            for (int i = 0; i < count; i++) line[Centre(i, column)] = '│';
            Draw(line, step, column);
            WriteLine(output, string.Create(CultureInfo.InvariantCulture, $"{step.At.TotalMilliseconds,8:0.0} ms"), line);
        }
    }

    private static void Draw(char[] line, LadderStep step, int column)
    {
        int from = Centre(step.From, column), to = Centre(step.To, column);
        (int left, int right) = from < to ? (from, to) : (to, from);
        char stroke = step.Kind == LadderStepKind.Media ? '═' : step.IsRepeated ? '╌' : '─';
        for (int i = left + 1; i < right; i++) line[i] = stroke;
        if (from == to)
        {
            Put(line, from + 2, step.Label);
            return;
        }

        if (from < to) line[to - 1] = '▶';
        else line[to + 1] = '◀';
        string label = step.IsRepeated ? step.Label + " again" : step.Label;
        int room = right - left - 7;
        if (label.Length > room) label = room > 1 ? string.Concat(label.AsSpan(0, room - 1), "…") : "";
        Put(line, left + 3 + ((room - label.Length) / 2), $" {label} ");
    }

    private static int Centre(int participant, int column) => (participant * column) + (column / 2);

    private static char[] Blank(int length)
    {
        char[] line = new char[length];
        Array.Fill(line, ' ');
        return line;
    }

    private static void Put(char[] line, int at, string text)
    {
        at = Math.Clamp(at, 0, Math.Max(0, line.Length - text.Length));
        text.AsSpan(0, Math.Min(text.Length, line.Length - at)).CopyTo(line.AsSpan(at));
    }

    private static void WriteLine(TextWriter output, string time, char[] line) =>
        output.WriteLine(time.PadLeft(TimeWidth) + new string(line).TrimEnd());
}
