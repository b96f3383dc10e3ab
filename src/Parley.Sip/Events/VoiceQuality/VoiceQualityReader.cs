using System.Globalization;
using System.Net;
using System.Text;

namespace Parley.Sip.Events.VoiceQuality;

/// <summary>Reads reports of voice quality.</summary>
/// <remarks>Source: RFC 6035 4.6.1.</remarks>
internal static class VoiceQualityReader
{
    /// <summary>The longest body that is read.</summary>
    public const int MaxBytes = 16_384;

    private const int MaxLines = 128;

    public static VoiceQualityError Read(ReadOnlySpan<byte> body, out VoiceQualityReport? report)
    {
        report = null;
        if (body.Length > MaxBytes) return VoiceQualityError.TooLong;
        List<string> lines = Unfold(Encoding.UTF8.GetString(body));
        if (lines.Count > MaxLines) return VoiceQualityError.TooLong;
        if (lines.Count == 0) return VoiceQualityError.UnknownReport;
        string head = lines[0].Split(':', 2)[0].Trim(), about = lines[0].Contains(':', StringComparison.Ordinal) ? lines[0].Split(':', 2)[1].Trim() : "";
        VoiceQualityReportKind kind;
        switch (head)
        {
            case "VQSessionReport": kind = VoiceQualityReportKind.Session; break;
            case "VQIntervalReport": kind = VoiceQualityReportKind.Interval; break;
            case "VQAlertReport": kind = VoiceQualityReportKind.Alert; break;
            default: return VoiceQualityError.UnknownReport;
        }

        Dictionary<string, string> session = new(StringComparer.Ordinal);
        Dictionary<string, string>? local = null, remote = null;
        Dictionary<string, string> current = session;
        foreach (string line in lines.Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0) return VoiceQualityError.MalformedLine;
            string name = line[..colon].TrimEnd(), value = line[(colon + 1)..].Trim();
            if (name == "LocalMetrics") current = local ??= new(StringComparer.Ordinal);
            else if (name == "RemoteMetrics") current = remote ??= new(StringComparer.Ordinal);
            else if (name == "DialogID") session.TryAdd(name, value);
            else current.TryAdd(name, value);
        }

        if (!TryGet(session, "CallID", out string callId) || !TryGet(session, "LocalID", out string localId)
            || !TryGet(session, "RemoteID", out string remoteId) || !TryGet(session, "OrigID", out string originator)) return VoiceQualityError.NoSession;
        if (local is null) return VoiceQualityError.NoMetrics;
        VoiceQualityMetrics? localMetrics = ReadMetrics(local), remoteMetrics = remote is null ? null : ReadMetrics(remote);
        if (localMetrics is null || (remote is not null && remoteMetrics is null)) return VoiceQualityError.NoTime;
        report = new VoiceQualityReport
        {
            Kind = kind,
            IsLast = kind != VoiceQualityReportKind.Alert && about == "CallTerm",
            Alert = kind == VoiceQualityReportKind.Alert ? ReadAlert(about) : null,
            CallId = callId,
            LocalId = localId,
            RemoteId = remoteId,
            OriginatorId = originator,
            Local = ReadAddress(session.GetValueOrDefault("LocalAddr")),
            Remote = ReadAddress(session.GetValueOrDefault("RemoteAddr")),
            LocalGroup = session.GetValueOrDefault("LocalGroup") ?? "",
            RemoteGroup = session.GetValueOrDefault("RemoteGroup") ?? "",
            LocalMetrics = localMetrics,
            RemoteMetrics = remoteMetrics,
            DialogId = session.GetValueOrDefault("DialogID"),
        };
        return VoiceQualityError.None;
    }

    /// <summary>Lines, each with those that go on with it; empty ones are left out.</summary>
    private static List<string> Unfold(string text)
    {
        List<string> lines = [];
        foreach (string raw in text.Split('\n'))
        {
            string line = Printable(raw).TrimEnd();
            if (line.Length == 0) continue;
            if (line[0] == ' ' && lines.Count > 0) lines[^1] += " " + line.TrimStart();
            else lines.Add(line.TrimStart());
            if (lines.Count > MaxLines) break;
        }

        return lines;
    }

    /// <summary>A line with a space for each character that controls something.</summary>
    private static string Printable(string line) =>
        line.AsSpan().ContainsAnyInRange('\0', '\u001f') || line.AsSpan().ContainsAnyInRange('\u007f', '\u009f') ? new string([.. line.Select(c => char.IsControl(c) ? ' ' : c)]) : line;

    private static bool TryGet(Dictionary<string, string> lines, string name, out string value) => (value = lines.GetValueOrDefault(name) ?? "").Length > 0;

    private static VoiceQualityAlert ReadAlert(string text)
    {
        Dictionary<string, string> values = Values(text);
        return new VoiceQualityAlert(values.GetValueOrDefault("Type") ?? "", values.GetValueOrDefault("Severity") ?? "", values.GetValueOrDefault("Dir") ?? "");
    }

    private static VoiceQualityAddress ReadAddress(string? text)
    {
        if (text is null) return default;
        Dictionary<string, string> values = Values(text);
        if (!IPAddress.TryParse(values.GetValueOrDefault("IP"), out IPAddress? address)) return default;
        _ = ushort.TryParse(values.GetValueOrDefault("PORT"), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
        string ssrc = values.GetValueOrDefault("SSRC") ?? "";
        if (ssrc.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) ssrc = ssrc[2..];
        _ = uint.TryParse(ssrc, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint source);
        return new VoiceQualityAddress(address, port, source);
    }

    /// <returns>Null when there is no time.</returns>
    private static VoiceQualityMetrics? ReadMetrics(Dictionary<string, string> lines)
    {
        Dictionary<string, string> times = Of("Timestamps"), session = Of("SessionDesc"), buffer = Of("JitterBuffer"), loss = Of("PacketLoss"), bursts = Of("BurstGapLoss"),
            delay = Of("Delay"), signal = Of("Signal"), estimates = Of("QualityEst");
        if (Time(times, "START") is not { } start || Time(times, "STOP") is not { } stop) return null;
        return new VoiceQualityMetrics
        {
            Start = start,
            Stop = stop,
            PayloadType = Number(session, "PT", 0, 127),
            Codec = session.GetValueOrDefault("PD"),
            SampleRate = Number(session, "SR", 1, 999_999),
            FrameMilliseconds = Number(session, "FD", 0, 9999),
            FramesPerPacket = Number(session, "FPP", 0, 99),
            PacketsPerSecond = Number(session, "PPS", 0, 99_999),
            Concealment = Number(session, "PLC", 0, 3),
            JitterBuffer = Number(buffer, "JBA", 0, 3),
            JitterBufferNominal = Number(buffer, "JBN", 0, 65_535),
            JitterBufferMax = Number(buffer, "JBM", 0, 65_535),
            JitterBufferAbsoluteMax = Number(buffer, "JBX", 0, 65_535),
            LossPercent = Fraction(loss, "NLR", 100),
            DiscardPercent = Fraction(loss, "JDR", 100),
            BurstLossPercent = Fraction(bursts, "BLD", 100),
            BurstMilliseconds = Number(bursts, "BD", 0, 3_600_000),
            GapLossPercent = Fraction(bursts, "GLD", 100),
            GapMilliseconds = Number(bursts, "GD", 0, 3_600_000),
            GapThreshold = Number(bursts, "GMIN", 1, 255),
            RoundTripMilliseconds = Number(delay, "RTD", 0, 65_535),
            EndSystemMilliseconds = Number(delay, "ESD", 0, 65_535),
            SymmetricDelayMilliseconds = Number(delay, "SOWD", 0, 65_535),
            JitterMilliseconds = Number(delay, "IAJ", 0, 65_535),
            SignalLevel = Number(signal, "SL", -99, 99),
            NoiseLevel = Number(signal, "NL", -99, 99),
            ListeningR = Number(estimates, "RLQ", 0, 120),
            ConversationalR = Number(estimates, "RCQ", 0, 120),
            ListeningScore = Fraction(estimates, "MOSLQ", 4.999),
            ConversationalScore = Fraction(estimates, "MOSCQ", 4.999),
            Algorithm = estimates.GetValueOrDefault("QoEEstAlg"),
        };

        Dictionary<string, string> Of(string name) => Values(lines.GetValueOrDefault(name) ?? "");
    }

    private static DateTimeOffset? Time(Dictionary<string, string> values, string name)
    {
        string text = values.GetValueOrDefault(name) ?? "";
        bool isUtc = text.EndsWith('Z') && text.Length >= "2004-10-10T18:23:43Z".Length && text[10] == 'T';
        return isUtc && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null;
    }

    private static int? Number(Dictionary<string, string> values, string name, int least, int most)
    {
        string text = values.GetValueOrDefault(name) ?? "";
        int end = text.IndexOf(';', StringComparison.Ordinal);      // the first of several sample rates
        if (end >= 0) text = text[..end];
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : null;
    }

    private static double? Fraction(Dictionary<string, string> values, string name, double most) =>
        double.TryParse(values.GetValueOrDefault(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number >= 0 && number <= most ? number : null;

    /// <summary>NAME=VALUE, parted by white space; values may be quoted. What is no such pair is passed over.</summary>
    private static Dictionary<string, string> Values(string text)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        int at = 0;
        while (true)
        {
            Skip();
            int begin = at;
            while (at < text.Length && text[at] is not ('=' or ' ' or '\t')) at++;
            string name = text[begin..at];
            Skip();
            if (at >= text.Length) return values;
            if (text[at] != '=') continue;
            at++;
            Skip();
            bool isQuoted = at < text.Length && text[at] == '"';
            if (isQuoted) at++;
            begin = at;
            while (at < text.Length && (isQuoted ? text[at] != '"' : text[at] is not (' ' or '\t'))) at++;
            values.TryAdd(name, text[begin..at]);
            if (isQuoted && at < text.Length) at++;
        }

        void Skip()
        {
            while (at < text.Length && text[at] is ' ' or '\t') at++;
        }
    }
}
