using System.Globalization;
using System.Text;

namespace Parley.Phone.Terminal;

/// <summary>Texts of anybody as they may go to a terminal, and how many columns they take there.</summary>
/// <remarks>
/// A terminal obeys control characters, so none of a display name, a message or a reason phrase reaches it, nor what turns the direction of a line or joins
/// characters in ways that terminals measure differently. Columns are those of Unicode's East Asian Width, as wcwidth counts them.
/// </remarks>
internal static class TerminalText
{
    /// <summary>What stands in the place of a character that a terminal may not get.</summary>
    public const char Replacement = '\uFFFD';

    // First and last code points of what is W or F in Unicode 15's EastAsianWidth, in order; blocks that are not assigned in full are taken whole.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615), (0x2648, 0x2653),
        (0x267F, 0x267F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA),
        (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C), (0x274E, 0x274E),
        (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E),
        (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x16FE0, 0x18CFF), (0x1AFF0, 0x1B2FF), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A),
        (0x1F200, 0x1F265), (0x1F300, 0x1F320), (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0),
        (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F43E), (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A),
        (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4), (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6D7), (0x1F6DC, 0x1F6DF),
        (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC), (0x1F7E0, 0x1F7EB), (0x1F7F0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAFF),
        (0x20000, 0x2FFFD), (0x30000, 0x3FFFD),
    ];

    /// <summary>Columns of a character: 0, 1 or 2; of one that a terminal may not get, those of its replacement.</summary>
    public static int WidthOf(Rune rune)
    {
        int value = rune.Value;
        if (value is >= 0x20 and < 0x7F) return 1;
        if (IsDropped(rune)) return 0;
        if (IsReplaced(rune)) return 1;
        if (value is >= 0x1160 and <= 0x11FF) return 0;        // vowels and finals that a Hangul syllable takes in
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark) return 0;
        return IsWide(value) ? 2 : 1;
    }

    /// <summary>Columns of a text once it is printable.</summary>
    public static int WidthOf(string text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes()) width += WidthOf(rune);
        return width;
    }

    /// <summary>The characters of a text that may go to a terminal.</summary>
    public static IEnumerable<Rune> Printable(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsDropped(rune)) yield return IsReplaced(rune) ? new Rune(Replacement) : rune;
        }
    }

    /// <summary>A text of lines as it may go to a terminal: line ends and tabs stay, and whatever ends a line anywhere ends one here.</summary>
    public static string PrintableLines(string text)
    {
        text = text.ReplaceLineEndings("\n");
        bool isPrintable = true;
        foreach (Rune rune in text.EnumerateRunes()) isPrintable &= IsLayout(rune) || !(IsDropped(rune) || IsReplaced(rune));
        if (isPrintable) return text;
        var printable = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsLayout(rune)) printable.Append(rune.ToString());
            else if (!IsDropped(rune)) printable.Append(IsReplaced(rune) ? Replacement.ToString() : rune.ToString());
        }

        return printable.ToString();
    }

    /// <summary>A text cut to a number of columns, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, int columns)
    {
        if (columns <= 0) return "";
        if (WidthOf(text) <= columns) return text;
        var fitting = new StringBuilder();
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int more = WidthOf(rune);
            if (width + more > columns - 1) break;
            fitting.Append(rune.ToString());
            width += more;
        }

        return fitting.Append('…').ToString();
    }

    /// <summary>A text cut into lines of at most a number of columns, between words where that can be.</summary>
    public static IReadOnlyList<string> Wrap(string text, int columns)
    {
        columns = Math.Max(columns, 2);
        List<string> lines = [];
        foreach (string paragraph in text.ReplaceLineEndings("\n").Split('\n'))
        {
            string line = "";
            foreach (string word in paragraph.Replace('\t', ' ').Split(' '))
            {
                string rest = word;
                if (line.Length > 0 && WidthOf(line) + 1 + WidthOf(rest) <= columns)
                {
                    line += " " + rest;
                    continue;
                }

                if (line.Length > 0) lines.Add(line);
                for (int taken = Take(rest, columns); taken < rest.Length; taken = Take(rest, columns))
                {
                    lines.Add(rest[..taken]);
                    rest = rest[taken..];
                }

                line = rest;
            }

            lines.Add(line);
        }

        return lines;
    }

    private static int Take(string text, int columns)
    {
        int width = 0, taken = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width += WidthOf(rune);
            if (width > columns) return taken;
            taken += rune.Utf16SequenceLength;
        }

        return text.Length;
    }

    private static bool IsLayout(Rune rune) => rune.Value is '\n' or '\t';

    /// <summary>True for what has no shape of its own and which terminals disagree about: joiners, variation selectors, skin tones.</summary>
    private static bool IsDropped(Rune rune) =>
        rune.Value is 0x200B or 0x200C or 0x200D or 0x2060 or 0xFEFF or (>= 0xFE00 and <= 0xFE0F) or (>= 0x1F3FB and <= 0x1F3FF) or (>= 0xE0000 and <= 0xE0FFF) or 0x00AD;

    /// <summary>True for what a terminal would obey, or which hides what a line says: control and format characters, private and unassigned ones.</summary>
    private static bool IsReplaced(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool IsWide(int value)
    {
        if (value < Wide[0].First) return false;
        int low = 0, high = Wide.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (value < Wide[middle].First) high = middle - 1;
            else if (value > Wide[middle].Last) low = middle + 1;
            else return true;
        }

        return false;
    }
}
