using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>A second reading of RFC 3261 7 and 25.1, with strings and regular expressions: slow, and written without the first.</summary>
internal sealed partial record SlowMessage(string StartLine, List<(string Name, string Value)> Rows, string Body)
{
    /// <summary>Reads a datagram within the default limits.</summary>
    /// <returns>Null for what is no well-formed message.</returns>
    public static SlowMessage? Read(byte[] bytes)
    {
        string text = Encoding.Latin1.GetString(bytes).TrimStart('\r', '\n', '\0');
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return null;
        string head = text[..(end + 2)], body = text[(end + 4)..];
        if (head.Replace("\r\n", "").IndexOfAny(['\r', '\n']) >= 0) return null;
        string[] lines = Fold().Replace(head, "\uE000${space}").Split("\r\n")[..^1];
        if (lines[0].Contains('\uE000')) return null;    // the start line cannot be folded
        if (!RequestLine().IsMatch(lines[0]) && !StatusLine().IsMatch(lines[0])) return null;
        var rows = new List<(string Name, string Value)>();
        foreach (string line in lines[1..])
        {
            Match row = Row().Match(line);
            if (!row.Success) return null;
            rows.Add((row.Groups["name"].Value, Trim(row.Groups["value"].Value.Replace("\uE000", "\r\n"))));
        }

        string[] lengths = [.. rows.Where(row => Is(row.Name, HeaderTable.Get(HeaderId.ContentLength))).Select(row => row.Value)];
        if (lengths.Any(length => !AllDigits().IsMatch(length))) return null;
        decimal[] numbers = [.. lengths.Select(length => decimal.Parse(length, CultureInfo.InvariantCulture)).Distinct()];
        if (numbers.Length > 1) return null;
        if (numbers.Length == 1)
        {
            if (numbers[0] > body.Length) return null;
            body = body[..(int)numbers[0]];
        }

        return new SlowMessage(lines[0], rows, body);
    }

    public static bool Is(string name, HeaderDefinition definition) =>
        string.Equals(name, definition.Name, StringComparison.OrdinalIgnoreCase)
        || (name.Length == 1 && char.ToLowerInvariant(name[0]) == definition.Compact);

    /// <summary>The values of a row.</summary>
    public static IEnumerable<string> Split(string row, HeaderDefinition definition)
    {
        if (definition.Rows != HeaderRows.CommaList) return [row];
        Regex element = definition.Syntax == HeaderSyntax.CallId ? WordElement() : Element();
        return element.Matches(row).Select(match => Trim(match.Value)).Where(value => value.Length > 0);
    }

    private static string Trim(string text) => text.Trim(' ', '\t', '\r', '\n');

    [GeneratedRegex(@"\r\n(?<space>[ \t])", RegexOptions.ExplicitCapture)]
    private static partial Regex Fold();

    [GeneratedRegex(@"\A[A-Za-z0-9\-.!%*_+`'~]+ [^ \t]+ (?i:SIP)/[0-9]+\.[0-9]+\z")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"\A(?i:SIP)/[0-9]+\.[0-9]+ [1-6][0-9][0-9]( .*)?\z", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"\A(?<name>[A-Za-z0-9\-.!%*_+`'~]+)[ \t]*:(?<value>.*)\z", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"\A[0-9]{1,9}\z|\A0+[0-9]{0,9}\z")]
    private static partial Regex AllDigits();

    // What is no comma, quote or bracket; a quoted string; a bracketed URI; or one of them that never closes, to the end.
    [GeneratedRegex("""([^",<]|"(\\[\s\S]|[^"\\])*"|<[^>]*>|["<][\s\S]*\z)+""", RegexOptions.ExplicitCapture)]
    private static partial Regex Element();

    [GeneratedRegex("[^,]+")]
    private static partial Regex WordElement();
}
