using System.Globalization;
using System.Text;

namespace Parley.Sip.Events.Documents;

/// <summary>Whether messages wait: <c>application/simple-message-summary</c>.</summary>
/// <remarks>Source: RFC 3842 3.5, 5.2.</remarks>
public sealed record MessageSummary(bool IsWaiting)
{
    private const int MaxBytes = 8192;
    private const int MaxLines = 64;

    /// <summary>The account: a URI; null when it is not said.</summary>
    public string? Account { get; init; }

    /// <summary>The counts of each class that is told: <c>Voice-Message</c>.</summary>
    public IReadOnlyList<MessageCounts> Counts { get; init; } = [];

    /// <summary>Reads a body.</summary>
    /// <returns>False when it does not say whether messages wait, or is malformed.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, out MessageSummary summary)
    {
        summary = new MessageSummary(false);
        if (body.Length > MaxBytes) return false;
        string[] lines = Encoding.UTF8.GetString(body).Split('\n');
        if (lines.Length > MaxLines || !TrySplit(lines[0], out string name, out string value) || !name.Equals("Messages-Waiting", StringComparison.OrdinalIgnoreCase)) return false;
        bool isYes = value.Equals("yes", StringComparison.OrdinalIgnoreCase);
        if (!isYes && !value.Equals("no", StringComparison.OrdinalIgnoreCase)) return false;
        List<MessageCounts> counts = [];
        string? account = null;
        foreach (string line in lines.AsSpan(1))
        {
            if (line.Trim().Length == 0) break;     // behind it are headers of messages
            if (!TrySplit(line, out name, out value)) return false;
            if (name.Equals("Message-Account", StringComparison.OrdinalIgnoreCase)) account = value;
            else if (MessageCounts.TryRead(name, value, out MessageCounts? read)) counts.Add(read);
        }

        summary = new MessageSummary(isYes) { Account = account, Counts = counts };
        return true;
    }

    /// <summary>Writes the body.</summary>
    public byte[] Write()
    {
        StringBuilder text = new();
        text.Append("Messages-Waiting: ").Append(IsWaiting ? "yes" : "no").Append("\r\n");
        if (Account is not null) text.Append("Message-Account: ").Append(Account.ReplaceLineEndings(" ")).Append("\r\n");
        foreach (MessageCounts counts in Counts) text.Append(counts).Append("\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static bool TrySplit(string line, out string name, out string value)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        (name, value) = colon > 0 ? (line[..colon].Trim(), line[(colon + 1)..].Trim()) : ("", "");
        return colon > 0;
    }
}

/// <summary>How many messages of a class there are.</summary>
/// <param name="Class">The class: <c>Voice-Message</c>.</param>
/// <param name="New">New ones.</param>
/// <param name="Old">Old ones.</param>
/// <param name="NewUrgent">New urgent ones; null when that is not said.</param>
/// <param name="OldUrgent">Old urgent ones.</param>
public sealed record MessageCounts(string Class, uint New, uint Old, uint? NewUrgent = null, uint? OldUrgent = null)
{
    /// <summary>Reads a line.</summary>
    /// <remarks><c>2/8 (0/2)</c></remarks>
    internal static bool TryRead(string name, string value, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MessageCounts? counts)
    {
        counts = null;
        string[] parts = value.Split('(', ')');
        if (!TryReadPair(parts[0], out uint first, out uint second)) return false;
        counts = parts.Length > 1 && TryReadPair(parts[1], out uint urgent, out uint oldUrgent) ? new MessageCounts(name, first, second, urgent, oldUrgent) : new MessageCounts(name, first, second);
        return true;
    }

    /// <summary>The line.</summary>
    public override string ToString() => NewUrgent is null
        ? string.Create(CultureInfo.InvariantCulture, $"{Class}: {New}/{Old}")
        : string.Create(CultureInfo.InvariantCulture, $"{Class}: {New}/{Old} ({NewUrgent}/{OldUrgent ?? 0})");

    private static bool TryReadPair(string text, out uint first, out uint second)
    {
        second = 0;
        string[] pair = text.Split('/');
        return uint.TryParse(pair[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && pair.Length == 2 && uint.TryParse(pair[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out second);
    }
}
