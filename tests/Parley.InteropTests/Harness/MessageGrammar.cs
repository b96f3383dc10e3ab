using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.InteropTests.Harness;

/// <summary>A slow and strict reader of SIP messages and their SDP. tshark takes almost anything for well formed; this does not.</summary>
/// <remarks>Source: RFC 3261 8.1.1, 8.2.6, 20 and 25.1; RFC 8866 5 and 9. It wants what a careful sender writes, so it knows no folding.</remarks>
internal static partial class MessageGrammar
{
    private const string Token = @"[A-Za-z0-9\-.!%*_+`'~]+";
    private const string Parameters = @"(\s*;\s*" + Token + @"(\s*=\s*(" + Token + @"|""([^""\\]|\\.)*""|\[[0-9A-Fa-f:.]+\]|[^\s;,""]+))?)*";
    private const string Uri = @"(sips?:|tel:)[^\s<>""]+";
    private const string NameAddress = @"((""([^""\\]|\\.)*""|(" + Token + @"\s*)*)\s*<" + Uri + @">|(sips?:|tel:)[^\s<>"",;?]+)" + Parameters;

    private static readonly Dictionary<string, string> CompactForms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["v"] = "Via", ["f"] = "From", ["t"] = "To", ["i"] = "Call-ID", ["m"] = "Contact", ["l"] = "Content-Length", ["c"] = "Content-Type",
        ["e"] = "Content-Encoding", ["k"] = "Supported", ["s"] = "Subject",
    };

    /// <summary>What is wrong with a message; nothing when it is well formed.</summary>
    /// <param name="head">Start line and headers.</param>
    /// <param name="body">The rest, as long as it came.</param>
    public static IEnumerable<string> FaultsOf(string head, string body)
    {
        string[] lines = head.TrimEnd('\r', '\n').Split("\r\n");
        bool isRequest = RequestLine().IsMatch(lines[0]);
        if (!isRequest && !StatusLine().IsMatch(lines[0])) yield return $"start line: {lines[0]}";

        var headers = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1))
        {
            if (HeaderLine().Match(line) is not { Success: true } match)
            {
                yield return $"header line: {line}";
                continue;
            }

            string name = match.Groups["name"].Value;
            name = CompactForms.GetValueOrDefault(name, name);
            if (!headers.TryGetValue(name, out List<string>? values)) headers[name] = values = [];
            values.Add(match.Groups["value"].Value.Trim());
        }

        string[] words = lines[0].Split(' ');
        string startMethod = isRequest ? words[0] : "";
        int status = !isRequest && words.Length > 1 && int.TryParse(words[1], out int code) ? code : 0;
        string[] wanted = ["Via", "From", "To", "Call-ID", "CSeq", .. isRequest ? ["Max-Forwards"] : Array.Empty<string>()];
        foreach (string name in wanted)
        {
            if (!headers.ContainsKey(name)) yield return $"no {name}";
        }

        IEnumerable<string> Of(string name) => headers.GetValueOrDefault(name, []);
        foreach (string name in (string[])["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires"])
        {
            if (Of(name).Skip(1).Any()) yield return $"{name} more than once";
        }

        foreach (string via in Of("Via").SelectMany(value => value.Split(',')).Where(via => !Via().IsMatch(via.Trim()))) yield return $"Via: {via}";
        foreach (string value in Of("From").Concat(Of("To")).Where(value => !OneAddress().IsMatch(value))) yield return $"From or To: {value}";
        foreach (string name in (string[])["Contact", "Route", "Record-Route"])
        {
            foreach (string value in Of(name).Where(value => value != "*" && !AddressList().IsMatch(value))) yield return $"{name}: {value}";
        }

        foreach (string value in Of("Max-Forwards").Concat(Of("Expires")).Concat(Of("Content-Length")).Where(value => !Number().IsMatch(value))) yield return $"number: {value}";
        foreach (string value in Of("CSeq").Where(value => !CSeq().IsMatch(value) || (isRequest && !value.EndsWith(" " + startMethod, StringComparison.Ordinal)))) yield return $"CSeq: {value}";
        foreach (string value in Of("Call-ID").Where(value => !CallId().IsMatch(value))) yield return $"Call-ID: {value}";
        foreach (string value in Of("From").Where(value => !value.Contains(";tag=", StringComparison.Ordinal))) yield return $"From without tag: {value}";
        if (status > 100)
        {
            foreach (string value in Of("To").Where(value => !value.Contains(";tag=", StringComparison.Ordinal))) yield return $"To without tag: {value}";
        }

        bool formsDialog = startMethod == "INVITE" || (status is >= 200 and < 300 && Of("CSeq").Any(value => value.EndsWith(" INVITE", StringComparison.Ordinal)));
        if (formsDialog && !Of("Contact").Any()) yield return "no Contact";
        int bodyLengthBytes = Encoding.UTF8.GetByteCount(body);
        if (Of("Content-Length").Any(value => value != bodyLengthBytes.ToString(CultureInfo.InvariantCulture))) yield return $"Content-Length is not {bodyLengthBytes}";
        if (bodyLengthBytes == 0) yield break;
        if (!Of("Content-Type").Any()) yield return "no Content-Type";
        if (!Of("Content-Type").Any(value => value.StartsWith("application/sdp", StringComparison.OrdinalIgnoreCase))) yield break;
        foreach (string fault in SessionFaultsOf(body)) yield return "SDP: " + fault;
    }

    private static IEnumerable<string> SessionFaultsOf(string body)
    {
        if (!body.EndsWith("\r\n", StringComparison.Ordinal)) yield return "no end of line at the end";
        string[] lines = body.TrimEnd('\r', '\n').Split("\r\n");
        foreach (string line in lines.Where(line => !SessionLine(line))) yield return line;

        // RFC 8866 9: the order of the session's lines, then of each description of media.
        string types = string.Concat(lines.Select(line => line[..1]));
        if (!SessionOrder().IsMatch(types)) yield return $"order of lines: {types}";
        foreach (string[] media in lines.Aggregate(new List<List<string>> { new() }, (parts, line) =>
        {
            if (line.StartsWith("m=", StringComparison.Ordinal)) parts.Add([]);
            parts[^1].Add(line);
            return parts;
        }).Skip(1).Select(part => part.ToArray()))
        {
            foreach (string payloadType in media[0].Split(' ').Skip(3).Where(type => type.Length > 0 && int.TryParse(type, out int number) && number >= 96))
            {
                if (!media.Any(line => line.StartsWith($"a=rtpmap:{payloadType} ", StringComparison.Ordinal))) yield return $"no rtpmap for {payloadType}";
            }

            bool hasConnection = lines.TakeWhile(line => line[0] != 'm').Concat(media).Any(line => line.StartsWith("c=", StringComparison.Ordinal));
            if (!hasConnection) yield return "no c= for " + media[0];
        }
    }

    private static bool SessionLine(string line) => line.Length > 2 && line[1] == '=' && line[0] switch
    {
        'v' => line == "v=0",
        'o' => Origin().IsMatch(line),
        'c' => Connection().IsMatch(line),
        't' => Timing().IsMatch(line),
        'm' => Media().IsMatch(line),
        'a' => Attribute().IsMatch(line),
        _ => true,
    };

    [GeneratedRegex("^[A-Z]+ " + Uri + @" SIP/2\.0$")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^SIP/2\.0 [1-6]\d\d .*$")]
    private static partial Regex StatusLine();

    [GeneratedRegex("^(?<name>" + Token + @")\s*:(?<value>.*)$")]
    private static partial Regex HeaderLine();

    [GeneratedRegex(@"^SIP/2\.0/(UDP|TCP|TLS|WS|WSS)\s+([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(?=.*;branch=z9hG4bK)" + Parameters + "$")]
    private static partial Regex Via();

    [GeneratedRegex("^" + NameAddress + "$")]
    private static partial Regex OneAddress();

    [GeneratedRegex("^" + NameAddress + @"(\s*,\s*" + NameAddress + ")*$")]
    private static partial Regex AddressList();

    [GeneratedRegex(@"^\d{1,10}$")]
    private static partial Regex Number();

    [GeneratedRegex(@"^\d{1,10} [A-Z]+$")]
    private static partial Regex CSeq();

    [GeneratedRegex(@"^[^\s@,;]+(@[^\s@,;]+)?$")]
    private static partial Regex CallId();

    [GeneratedRegex("^vosi?u?e*p*c?b*(tr*)+z?k?a*(mi?c*b*k?a*)*$")]
    private static partial Regex SessionOrder();

    [GeneratedRegex(@"^o=\S+ \d+ \d+ IN (IP4 [\d.]+|IP6 [0-9A-Fa-f:.]+)$")]
    private static partial Regex Origin();

    [GeneratedRegex(@"^c=IN (IP4 [\d.]+|IP6 [0-9A-Fa-f:.]+)$")]
    private static partial Regex Connection();

    [GeneratedRegex(@"^t=\d+ \d+$")]
    private static partial Regex Timing();

    [GeneratedRegex(@"^m=[a-z]+ \d{1,5}(/\d+)? [A-Z/]+( \S+)+$")]
    private static partial Regex Media();

    [GeneratedRegex(@"^a=[A-Za-z0-9\-_]+(:\S.*)?$")]
    private static partial Regex Attribute();
}
