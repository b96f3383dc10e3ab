using System.Globalization;
using System.Text;

namespace Parley.Sip.Events.VoiceQuality;

/// <summary>Writes reports of voice quality.</summary>
/// <remarks>A line whose values are all unknown is left out. Source: RFC 6035 4.6.1.</remarks>
internal static class VoiceQualityWriter
{
    public static byte[] Write(VoiceQualityReport report)
    {
        StringBuilder text = new(1024);
        string last = report.IsLast ? ": CallTerm" : "";
        text.Append(report switch
        {
            { Kind: VoiceQualityReportKind.Alert, Alert: { } alert } => $"VQAlertReport: Type={Word(alert.Metric)} Severity={Word(alert.Severity)} Dir={Word(alert.Direction)}",
            { Kind: VoiceQualityReportKind.Interval } => "VQIntervalReport" + last,
            _ => "VQSessionReport" + last,
        }).Append("\r\n");
        Line(text, "CallID", report.CallId);
        Line(text, "LocalID", report.LocalId);
        Line(text, "RemoteID", report.RemoteId);
        Line(text, "OrigID", report.OriginatorId);
        Line(text, "LocalAddr", Text(report.Local));
        Line(text, "RemoteAddr", Text(report.Remote));
        Line(text, "LocalGroup", report.LocalGroup.Length > 0 ? report.LocalGroup : "-");
        Line(text, "RemoteGroup", report.RemoteGroup.Length > 0 ? report.RemoteGroup : "-");
        text.Append("LocalMetrics:\r\n");
        Write(text, report.LocalMetrics);
        if (report.RemoteMetrics is { } remote)
        {
            text.Append("RemoteMetrics:\r\n");
            Write(text, remote);
        }

        if (report.DialogId is { } dialog) Line(text, "DialogID", dialog);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, VoiceQualityMetrics metrics)
    {
        Line(text, "Timestamps", $"START={Time(metrics.Start)} STOP={Time(metrics.Stop)}");
        Values(text, "SessionDesc", ("PT", metrics.PayloadType), ("PD", metrics.Codec is { Length: > 0 } codec ? Word(codec) : null), ("SR", metrics.SampleRate), ("PPS", metrics.PacketsPerSecond),
            ("FD", metrics.FrameMilliseconds), ("FPP", metrics.FramesPerPacket), ("PLC", metrics.Concealment));
        Values(text, "JitterBuffer", ("JBA", metrics.JitterBuffer), ("JBN", metrics.JitterBufferNominal), ("JBM", metrics.JitterBufferMax), ("JBX", metrics.JitterBufferAbsoluteMax));
        Values(text, "PacketLoss", ("NLR", metrics.LossPercent), ("JDR", metrics.DiscardPercent));
        Values(text, "BurstGapLoss", ("BLD", metrics.BurstLossPercent), ("BD", metrics.BurstMilliseconds), ("GLD", metrics.GapLossPercent), ("GD", metrics.GapMilliseconds), ("GMIN", metrics.GapThreshold));
        Values(text, "Delay", ("RTD", metrics.RoundTripMilliseconds), ("ESD", metrics.EndSystemMilliseconds), ("SOWD", metrics.SymmetricDelayMilliseconds), ("IAJ", metrics.JitterMilliseconds));
        Values(text, "Signal", ("SL", metrics.SignalLevel), ("NL", metrics.NoiseLevel));
        Values(text, "QualityEst", ("RLQ", metrics.ListeningR), ("RCQ", metrics.ConversationalR), ("MOSLQ", metrics.ListeningScore), ("MOSCQ", metrics.ConversationalScore),
            ("QoEEstAlg", metrics.Algorithm is { Length: > 0 } algorithm ? Word(algorithm) : null));
    }

    private static void Values(StringBuilder text, string name, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        List<string> known = [];
        foreach ((string key, object? value) in values)
        {
            if (value is not null) known.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={(value is double number ? Math.Round(number, 2) : value)}"));
        }

        if (known.Count > 0) Line(text, name, string.Join(' ', known));
    }

    private static string Text(in VoiceQualityAddress address) =>
        string.Create(CultureInfo.InvariantCulture, $"IP={address.Address ?? System.Net.IPAddress.Any} PORT={address.Port} SSRC=0x{address.Ssrc:x8}");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Appends a line; what would end it is left out.</summary>
    private static void Line(StringBuilder text, string name, string value)
    {
        text.Append(name).Append(':');
        foreach (char c in value) text.Append(char.IsControl(c) ? ' ' : c);
        text.Append("\r\n");
    }

    /// <summary>A text as one word.</summary>
    private static string Word(string text)
    {
        if (text.Length == 0) return "-";
        char[] word = text.ToCharArray();
        for (int i = 0; i < word.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(word[i]) && !"-.!%*_+`'~()<>:\\/[]?".Contains(word[i], StringComparison.Ordinal)) word[i] = '-';
        }

        return new string(word);
    }
}
