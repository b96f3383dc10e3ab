using System.Globalization;

namespace Parley.Sdp;

/// <summary>Who answers when somebody that only receives asks for its round trip.</summary>
/// <remarks>Source: RFC 3611 5.1, rcvr-rtt-mode.</remarks>
public enum RtcpXrRoundTrip
{
    /// <summary>Nobody: it is not agreed on.</summary>
    None,

    /// <summary>All.</summary>
    All,

    /// <summary>Who sends RTP.</summary>
    Sender,
}

/// <summary>The value of an <c>rtcp-xr</c> attribute: the extended reports that a side wants to get.</summary>
/// <remarks>Compared as a value. Names that are not known are passed over when it is read, and not written. Source: RFC 3611 5.1.</remarks>
public sealed record RtcpXr
{
    /// <summary>The attribute's name.</summary>
    public const string AttributeName = "rtcp-xr";

    /// <summary>The most bytes of a block where nothing is said.</summary>
    public const int AnySize = int.MaxValue;

    /// <summary>The most bytes of a block that tells which packets came.</summary>
    /// <value>0 for none.</value>
    public int LossRuns { get; init; }

    /// <summary>The most bytes of a block that tells which packets came twice.</summary>
    /// <value>0 for none.</value>
    public int DuplicateRuns { get; init; }

    /// <summary>The most bytes of a block that tells when packets came.</summary>
    /// <value>0 for none.</value>
    public int ReceiptTimes { get; init; }

    /// <summary>Whether receivers can learn their round trip.</summary>
    public RtcpXrRoundTrip RoundTrip { get; init; }

    /// <summary>Loss in the summary.</summary>
    public bool SummaryOfLoss { get; init; }

    /// <summary>Duplicates in the summary.</summary>
    public bool SummaryOfDuplicates { get; init; }

    /// <summary>Jitter in the summary.</summary>
    public bool SummaryOfJitter { get; init; }

    /// <summary>How the call sounds.</summary>
    public bool VoipMetrics { get; init; }

    /// <summary>Reads a value.</summary>
    /// <param name="value">Names with their parameters, separated by spaces; null or nothing asks for nothing.</param>
    public static RtcpXr Parse(string? value)
    {
        RtcpXr read = new();
        foreach (string format in (value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = format.IndexOf('=', StringComparison.Ordinal);
            string parameter = equals < 0 ? "" : format[(equals + 1)..];
            read = (equals < 0 ? format : format[..equals]) switch
            {
                "pkt-loss-rle" => read with { LossRuns = SizeOf(parameter) },
                "pkt-dup-rle" => read with { DuplicateRuns = SizeOf(parameter) },
                "pkt-rcpt-times" => read with { ReceiptTimes = SizeOf(parameter) },
                "rcvr-rtt" => read with { RoundTrip = parameter.Split(':')[0] switch { "all" => RtcpXrRoundTrip.All, "sender" => RtcpXrRoundTrip.Sender, _ => RtcpXrRoundTrip.None } },
                "stat-summary" => read.WithSummary(parameter),
                "voip-metrics" => read with { VoipMetrics = true },
                _ => read,
            };
        }

        return read;
    }

    /// <summary>The text of the value.</summary>
    public override string ToString()
    {
        List<string> formats = [];
        AddSized("pkt-loss-rle", LossRuns);
        AddSized("pkt-dup-rle", DuplicateRuns);
        AddSized("pkt-rcpt-times", ReceiptTimes);
        if (RoundTrip != RtcpXrRoundTrip.None) formats.Add(RoundTrip == RtcpXrRoundTrip.All ? "rcvr-rtt=all" : "rcvr-rtt=sender");
        List<string> flags = [];
        if (SummaryOfLoss) flags.Add("loss");
        if (SummaryOfDuplicates) flags.Add("dup");
        if (SummaryOfJitter) flags.Add("jitt");
        if (flags.Count > 0) formats.Add($"stat-summary={string.Join(',', flags)}");
        if (VoipMetrics) formats.Add("voip-metrics");
        return string.Join(' ', formats);

        void AddSized(string name, int size)
        {
            if (size > 0) formats.Add(size == AnySize ? name : string.Create(CultureInfo.InvariantCulture, $"{name}={size}"));
        }
    }

    private static int SizeOf(string parameter) => int.TryParse(parameter, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : AnySize;

    private RtcpXr WithSummary(string flags)
    {
        string[] named = flags.Split(',');
        bool isAll = flags.Length == 0;
        return this with
        {
            SummaryOfLoss = isAll || named.Contains("loss", StringComparer.Ordinal),
            SummaryOfDuplicates = isAll || named.Contains("dup", StringComparer.Ordinal),
            SummaryOfJitter = isAll || named.Contains("jitt", StringComparer.Ordinal),
        };
    }
}
