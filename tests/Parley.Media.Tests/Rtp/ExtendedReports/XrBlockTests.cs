using Parley.Rtp.Rtcp;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Media.Tests.Rtp.ExtendedReports;

public class XrBlockTests
{
    // RFC 3611 4.1: 45 packets from 13,821 on, of which the 22nd and the 24th are lost.
    private const ushort First = 13_821;
    private const string Trace = "111111111111111111111010111111111111111111111";
    private const string Head = "0000000A" + "35FD" + "362A";      // source 10, 13,821 to 13,866

    [Theory]
    [InlineData("0100000500000000" + "FFFF" + "FEBF" + "FFFF" + "0000", Trace)]                  // three vectors
    [InlineData("0100000500000000" + "4015" + "AFFF" + "4009" + "0000", Trace)]                  // a run, a vector, a run
    [InlineData("0100000500000000" + "4015" + "AFFF" + "FF40" + "0000", "111111111111111111111010111111111111111111101")]    // a vector beyond the end
    [InlineData("0102000400000000" + "FDF0" + "0000", "11111011111")]                            // thinned: every fourth
    [InlineData("0100000400000000" + "4015" + "0000", "111111111111111111111")]                  // it ends before the range does
    [InlineData("0100000400000000" + "7FFF" + "0000", "111111111111111111111111111111111111111111111")]      // a run beyond the end
    [InlineData("0100000400000000" + "0001" + "0000", "0")]
    [InlineData("0100000300000000", "")]
    public void A_trace_is_read_whatever_chunks_it_is_made_of(string block, string expected)
    {
        // The block's head stands behind its first word.
        byte[] bytes = Convert.FromHexString(block[..8] + Head + block[16..]);
        bytes[3] = (byte)(bytes.Length / 4 - 1);
        XrBlock read = Only(Wrap(bytes));
        Assert.True(read.TryGetTrace(out XrTrace trace));
        Assert.Equal((10u, First, (ushort)(First + 45)), (trace.Ssrc, trace.Begin, trace.End));
        string came = "";
        List<ushort> numbers = [];
        while (trace.TryRead(out ushort number, out bool value))
        {
            came += value ? '1' : '0';
            numbers.Add(number);
        }

        Assert.Equal(expected, came);
        int step = 1 << trace.Thinning, from = (First + step - 1) / step * step;
        Assert.Equal(Enumerable.Range(0, came.Length).Select(i => (ushort)(from + (i * step))), numbers);
    }

    [Fact]
    public void Numbers_are_read_as_they_were_written()
    {
        XrStatisticsSummary all = new() { Ssrc = 7, Begin = 65_000, End = 100, Lost = 12, Duplicates = 3, Jitter = new XrJitter(1, 200, 40, 17) };
        foreach (XrStatisticsSummary summary in (XrStatisticsSummary[])[all, all with { Lost = null }, all with { Duplicates = null, Jitter = null }])
        {
            XrBlock block = Only(Write((ref XrWriter writer) => Assert.True(writer.TryWriteSummary(summary))));
            Assert.True(block.TryGetSummary(out XrStatisticsSummary read));
            Assert.Equal(summary, read);
        }
    }

    [Fact]
    public void A_summary_with_a_number_that_it_says_it_has_not_is_ignored()
    {
        byte[] packet = Write((ref XrWriter writer) => Assert.True(writer.TryWriteSummary(new XrStatisticsSummary { Ssrc = 7, Lost = 12 })));
        Assert.True(Only(packet).TryGetSummary(out _));
        packet[^1] = 1;         // a deviation of hop limits
        Assert.False(Only(packet).TryGetSummary(out _));
    }

    [Fact]
    public void Metrics_are_read_as_they_were_written()
    {
        XrVoipMetrics metrics = new()
        {
            Ssrc = 0xCAFE,
            LossRate = 1,
            DiscardRate = 2,
            BurstDensity = 3,
            GapDensity = 4,
            BurstDuration = 500,
            GapDuration = 6000,
            RoundTripDelay = 70,
            EndSystemDelay = 80,
            SignalLevel = 236,
            NoiseLevel = 200,
            ResidualEchoReturnLoss = 45,
            GapThreshold = 16,
            RFactor = 93,
            ExternalRFactor = 100,
            ListeningQuality = 41,
            ConversationalQuality = 40,
            Concealment = XrConcealment.Standard,
            JitterBuffer = XrJitterBufferKind.Adaptive,
            JitterBufferRate = 9,
            NominalDelay = 40,
            MaxDelay = 60,
            AbsoluteMaxDelay = 65535,
        };
        byte[] packet = Write((ref XrWriter writer) => Assert.True(writer.TryWriteVoipMetrics(metrics)));

        Assert.True(Only(packet).TryGetVoipMetrics(out XrVoipMetrics read));
        Assert.Equal(metrics, read);
        // RFC 3611 4.7: eight words behind the first, and the receiver's configuration in bits.
        Assert.Equal("07000008" + "0000CAFE" + "01020304" + "01F41770" + "00460050" + "ECC82D10" + "5D642928" + "F9000028" + "003CFFFF", Convert.ToHexString(packet.AsSpan(16)));
    }

    [Theory]
    [InlineData(20, 101)]
    [InlineData(21, 200)]
    [InlineData(22, 9)]
    [InlineData(23, 51)]
    public void A_factor_or_a_score_out_of_its_range_is_not_known(int at, byte value)
    {
        byte[] packet = Write((ref XrWriter writer) => Assert.True(writer.TryWriteVoipMetrics(new XrVoipMetrics())));
        packet[16 + 4 + at] = value;
        Assert.True(Only(packet).TryGetVoipMetrics(out XrVoipMetrics read));
        Assert.Equal(new XrVoipMetrics(), read);
    }

    [Fact]
    public void Times_and_their_answers_are_read_as_they_were_written()
    {
        byte[] packet = Write((ref XrWriter writer) =>
        {
            Assert.True(writer.TryWriteReferenceTime(0x0102030405060708));
            Assert.True(writer.TryWriteDelays(new XrDelay(1, 2, 3), new XrDelay(4, 5, 6)));
        });

        Assert.Equal(RtcpError.None, RtcpReader.TryParse(packet, out RtcpReader reader));
        Assert.True(reader.TryRead(out _));
        Assert.True(reader.TryRead(out RtcpPacket extended));
        XrBlocks blocks = extended.ExtendedReports;
        Assert.True(blocks.TryRead(out XrBlock time));
        Assert.True(time.TryGetReferenceTime(out ulong ntp));
        Assert.Equal(0x0102030405060708ul, ntp);
        Assert.False(time.TryGetDelay(0, out _));
        Assert.True(blocks.TryRead(out XrBlock answers));
        Assert.True(answers.TryGetDelay(1, out XrDelay second));
        Assert.Equal((2, new XrDelay(4, 5, 6)), (answers.DelayCount, second));
        Assert.False(answers.TryGetDelay(2, out _));
        Assert.False(blocks.TryRead(out _));
    }

    [Fact]
    public void What_does_not_fit_is_left_out_and_an_empty_report_is_taken_back()
    {
        byte[] datagram = new byte[8 + 8 + 40];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(1);
        XrWriter blocks = writer.BeginExtendedReport(1);
        Assert.True(blocks.TryWriteVoipMetrics(new XrVoipMetrics()));
        Assert.False(blocks.TryWriteSummary(new XrStatisticsSummary { Lost = 1 }));
        writer.End(blocks);
        Assert.Equal(8 + 8 + 36, writer.Length);

        writer = new RtcpWriter(datagram);
        writer.WriteReceiverReport(1);
        blocks = writer.BeginExtendedReport(1);
        writer.End(blocks);
        Assert.Equal(8, writer.Length);
    }

    [Fact]
    public void No_bytes_make_reading_throw_or_go_on_for_ever()
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] blocks = new byte[random.Next(0, 30) * 4];
            random.NextBytes(blocks);
            // Mostly the types that there are, with lengths that may be right.
            for (int at = 0; at + 4 <= blocks.Length && i % 4 > 0; at += 4 * random.Next(1, 12)) (blocks[at], blocks[at + 2], blocks[at + 3]) = ((byte)random.Next(1, 9), 0, (byte)random.Next(12));
            byte[] packet = Wrap(blocks);
            Assert.Equal(RtcpError.None, RtcpReader.TryParse(packet, out RtcpReader reader));
            reader.TryRead(out _);
            reader.TryRead(out RtcpPacket extended);
            XrBlocks all = extended.ExtendedReports;
            int count = 0;
            while (all.TryRead(out XrBlock block))
            {
                count++;
                block.TryGetReferenceTime(out _);
                block.TryGetSummary(out _);
                block.TryGetVoipMetrics(out _);
                for (int n = 0; block.TryGetDelay(n, out _); n++) count++;
                if (!block.TryGetTrace(out XrTrace trace)) continue;
                while (trace.TryRead(out ushort _, out bool _)) count++;
                while (trace.TryRead(out ushort _, out uint _)) count++;
            }

            Assert.InRange(count, 0, 70_000);
        }
    }

    private delegate void Writes(ref XrWriter writer);

    private static byte[] Write(Writes writes)
    {
        byte[] datagram = new byte[512];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(1);
        XrWriter blocks = writer.BeginExtendedReport(1);
        writes(ref blocks);
        writer.End(blocks);
        return datagram[..writer.Length];
    }

    private static byte[] Wrap(byte[] blocks) => [0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 207, 0, (byte)((blocks.Length / 4) + 1), 0, 0, 0, 1, .. blocks];

    private static XrBlock Only(byte[] packet)
    {
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(packet, out RtcpReader reader));
        Assert.True(reader.TryRead(out _));
        Assert.True(reader.TryRead(out RtcpPacket extended));
        XrBlocks blocks = extended.ExtendedReports;
        Assert.True(blocks.TryRead(out XrBlock block));
        Assert.False(blocks.TryRead(out _));
        return block;
    }
}
