using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Events.VoiceQuality;

namespace Parley.Sip.Tests.Events;

/// <summary>Reports of voice quality: RFC 6035's own, those that were written here, and those that are none.</summary>
public sealed class VoiceQualityTests
{
    // RFC 6035 4.7.3, F13.
    private const string Session = """
        VQSessionReport: CallTerm
        CallID: 6dg37f1890463
        LocalID: Alice <sip:alice@example.org>
        RemoteID: Bill <sip:bill@example.net>
        OrigID: Alice <sip:alice@example.org>
        LocalGroup: example-phone-55671
        RemoteGroup: example-gateway-09871
        LocalAddr: IP=10.10.1.100 PORT=5000 SSRC=1a3b5c7d
        LocalMAC: 00:1f:5b:cc:21:0f
        RemoteAddr:IP=11.1.1.150 PORT=5002 SSRC=0x2468abcd
        RemoteMAC: 00:26:08:8e:95:02
        LocalMetrics:
        Timestamps:START=2004-10-10T18:23:43Z STOP=2004-10-01T18:26:02Z
        SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50
                        FMTP="annexb=no" PLC=3 SSUP=on
        JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120
        PacketLoss:NLR=5.0 JDR=2.0
        BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16
        Delay:RTD=200 ESD=140 SOWD=200 IAJ=2 MAJ=10
        Signal:SL=-21 NL=-50 RERL=55
        QualityEst:RLQ=90 RCQ=85 EXTRI=90 MOSLQ=4.2 MOSCQ=4.3
          QoEEstAlg=P.564
        RemoteMetrics:
        Timestamps:START=2004-10-10T18:23:43Z STOP=2004-10-01T18:26:02Z
        SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50
                        FMTP="annexb=no" PLC=3 SSUP=on
        JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120
        PacketLoss:NLR=5.0 JDR=2.0
        BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16
        Delay:RTD=200 ESD=140 SOWD=200 IAJ=2 MAJ=10
        Signal:SL=-21 NL=-45 RERL=55
        QualityEst:RLQ=90 RCQ=85 MOSLQ=4.3 MOSCQ=4.2 QoEEstAlg=P.564
        DialogID:1890463548@alice.example.org;to-tag=8472761;
           from-tag=9123dh311
        """;

    // The same, as an alert of 4.7.2, F13.
    private static readonly string Alert = Session.Replace("VQSessionReport: CallTerm", "VQAlertReport: Type=NLR Severity=Critical Dir=local", StringComparison.Ordinal);

    [Fact]
    public void The_report_of_RFC_6035_is_read()
    {
        VoiceQualityReport report = Parse(Session);

        Assert.Equal((VoiceQualityReportKind.Session, true), (report.Kind, report.IsLast));
        Assert.Equal(("6dg37f1890463", "Alice <sip:alice@example.org>", "Bill <sip:bill@example.net>", "Alice <sip:alice@example.org>"), (report.CallId, report.LocalId, report.RemoteId, report.OriginatorId));
        Assert.Equal(new VoiceQualityAddress(IPAddress.Parse("10.10.1.100"), 5000, 0x1a3b5c7d), report.Local);
        Assert.Equal(new VoiceQualityAddress(IPAddress.Parse("11.1.1.150"), 5002, 0x2468abcd), report.Remote);
        Assert.Equal(("example-phone-55671", "example-gateway-09871"), (report.LocalGroup, report.RemoteGroup));
        Assert.Equal("1890463548@alice.example.org;to-tag=8472761; from-tag=9123dh311", report.DialogId);
        VoiceQualityMetrics local = report.LocalMetrics;
        Assert.Equal(new DateTimeOffset(2004, 10, 10, 18, 23, 43, TimeSpan.Zero), local.Start);
        Assert.Equal((18, "G729", 8000, 20, 2, 50, 3), (local.PayloadType, local.Codec, local.SampleRate, local.FrameMilliseconds, local.FramesPerPacket, local.PacketsPerSecond, local.Concealment));
        Assert.Equal((3, 40, 80, 120), (local.JitterBuffer, local.JitterBufferNominal, local.JitterBufferMax, local.JitterBufferAbsoluteMax));
        Assert.Equal((5.0, 2.0, 0.0, 0, 2.0, 500, 16), (local.LossPercent, local.DiscardPercent, local.BurstLossPercent, local.BurstMilliseconds, local.GapLossPercent, local.GapMilliseconds, local.GapThreshold));
        Assert.Equal((200, 140, 200, 2, -21, -50), (local.RoundTripMilliseconds, local.EndSystemMilliseconds, local.SymmetricDelayMilliseconds, local.JitterMilliseconds, local.SignalLevel, local.NoiseLevel));
        Assert.Equal((90, 85, 4.2, 4.3, "P.564"), (local.ListeningR, local.ConversationalR, local.ListeningScore, local.ConversationalScore, local.Algorithm));
        Assert.Equal((4.3, 4.2, -45), (report.RemoteMetrics!.ListeningScore, report.RemoteMetrics.ConversationalScore, report.RemoteMetrics.NoiseLevel));
    }

    [Fact]
    public void An_alert_says_what_it_is_about()
    {
        VoiceQualityReport report = Parse(Alert);
        Assert.Equal((VoiceQualityReportKind.Alert, false, new VoiceQualityAlert("NLR", "Critical", "local")), (report.Kind, report.IsLast, report.Alert));
        Assert.Equal(VoiceQualityReportKind.Interval, Parse(Session.Replace("VQSessionReport: CallTerm", "VQIntervalReport", StringComparison.Ordinal)).Kind);
    }

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        foreach (string text in new[] { Session, Alert, Session.Replace(": CallTerm", "", StringComparison.Ordinal) })
        {
            VoiceQualityReport report = Parse(text);
            string written = Encoding.UTF8.GetString(report.Write());
            Assert.Equal(report, Parse(written));
            Assert.All(written.Split("\r\n"), line => Assert.DoesNotContain('\n', line));
        }
    }

    [Fact]
    public void Nothing_that_is_put_in_makes_a_line_of_its_own()
    {
        VoiceQualityReport report = Parse(Session) with { RemoteId = "x\r\nCallID: other", LocalMetrics = Parse(Session).LocalMetrics with { Codec = "a b\r\nNLR=0" } };
        VoiceQualityReport read = Parse(Encoding.UTF8.GetString(report.Write()));
        Assert.Equal("6dg37f1890463", read.CallId);
        Assert.Equal(5.0, read.LocalMetrics.LossPercent);
        Assert.Equal("a-b--NLR-0", read.LocalMetrics.Codec);
    }

    [Theory]
    [InlineData("", VoiceQualityError.UnknownReport)]
    [InlineData("VQOtherReport", VoiceQualityError.UnknownReport)]
    [InlineData("VQSessionReport\nno colon", VoiceQualityError.MalformedLine)]
    [InlineData("VQSessionReport\n: x", VoiceQualityError.MalformedLine)]
    [InlineData("VQSessionReport\nCallID: 1", VoiceQualityError.NoSession)]
    [InlineData("VQSessionReport\nCallID: 1\nLocalID: a\nRemoteID: b\nOrigID: a", VoiceQualityError.NoMetrics)]
    [InlineData("VQSessionReport\nCallID: 1\nLocalID: a\nRemoteID: b\nOrigID: a\nLocalMetrics:", VoiceQualityError.NoTime)]
    [InlineData("VQSessionReport\nCallID: 1\nLocalID: a\nRemoteID: b\nOrigID: a\nLocalMetrics:\nTimestamps:START=2004-10-10T18:23:43+02:00 STOP=2004-10-01T18:26:02Z", VoiceQualityError.NoTime)]
    public void What_is_no_report_says_why(string text, VoiceQualityError expected)
    {
        Assert.False(VoiceQualityReport.TryParse(Encoding.UTF8.GetBytes(text), out VoiceQualityReport? report, out VoiceQualityError error));
        Assert.Equal((expected, null), (error, report));
    }

    [Fact]
    public void Length_and_lines_are_bounded()
    {
        Assert.False(VoiceQualityReport.TryParse(new byte[20_000], out _, out VoiceQualityError error));
        Assert.Equal(VoiceQualityError.TooLong, error);
        Assert.False(VoiceQualityReport.TryParse(Encoding.UTF8.GetBytes("VQSessionReport\n" + string.Concat(Enumerable.Repeat("a:b\n", 200))), out _, out error));
        Assert.Equal(VoiceQualityError.TooLong, error);
    }

    [Theory]
    [InlineData("NLR=5.0", "NLR=101")]
    [InlineData("NLR=5.0", "NLR=-1")]
    [InlineData("NLR=5.0", "NLR=NaN")]
    [InlineData("NLR=5.0", "NLR=1e9")]
    [InlineData("NLR=5.0", "NLR=")]
    [InlineData("NLR=5.0", "NLR")]
    public void A_value_out_of_its_range_is_not_known(string good, string bad) =>
        Assert.Null(Parse(Session.Replace(good, bad, StringComparison.Ordinal)).LocalMetrics.LossPercent);

    [Fact]
    public void Whatever_comes_never_throws()
    {
        byte[] valid = Encoding.UTF8.GetBytes(Session.ReplaceLineEndings("\r\n"));
        Gen<byte[]> changed =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            select Mutate(valid, new Random(seed));
        Prop.ForAll(changed.ToArbitrary(), bytes =>
        {
            bool isRead = VoiceQualityReport.TryParse(bytes, out VoiceQualityReport? report, out VoiceQualityError error);
            return isRead == (report is not null) && isRead == (error == VoiceQualityError.None)
                && (!isRead || VoiceQualityReport.TryParse(report!.Write(), out _, out _));
        }).QuickCheckThrowOnFailure();
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => !VoiceQualityReport.TryParse(bytes, out _, out _)).QuickCheckThrowOnFailure();
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        byte[] bytes = [.. valid];
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            if (random.Next(3) == 0) bytes = [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]];
            else bytes[at] = (byte)(random.Next(2) == 0 ? random.Next(256) : "\r\n:= \t\""[random.Next(7)]);
            if (bytes.Length == 0) return bytes;
        }

        return bytes;
    }

    private static VoiceQualityReport Parse(string text)
    {
        Assert.True(VoiceQualityReport.TryParse(Encoding.UTF8.GetBytes(text), out VoiceQualityReport? report, out VoiceQualityError error), error.ToString());
        return report!;
    }
}
