using FsCheck;
using FsCheck.Fluent;
using Parley.Rtp.Rtcp;

namespace Parley.Media.Tests.Rtp;

public class RtcpPacketTests
{
    [Fact]
    public void A_compound_is_read_packet_by_packet()
    {
        byte[] datagram = new byte[512];
        RtcpSenderInfo info = new(0x0102030405060708, 99, 12, 1920);
        RtcpReportBlock block = new(0xB0B, 64, -3, 0x0001_0005, 17, 0x11223344, 65536);
        RtcpWriter writer = new(datagram);
        writer.WriteSenderReport(0xA11CE, info, block);
        writer.WriteSourceDescription(0xA11CE, RtcpSdesItem.CanonicalName, "alice@example.com"u8);
        writer.WriteApplicationDefined(0xA11CE, 3, "TEST"u8, [1, 2, 3, 4]);
        writer.WriteGoodbye(0xA11CE, "so long"u8);

        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader));

        Assert.True(reader.TryRead(out RtcpPacket report));
        Assert.Equal((RtcpPacketType.SenderReport, 1), (report.Type, report.Count));
        Assert.True(report.TryGetSsrc(out uint ssrc));
        Assert.True(report.TryGetSenderInfo(out RtcpSenderInfo readInfo));
        Assert.True(report.TryGetReportBlock(0, out RtcpReportBlock readBlock));
        Assert.False(report.TryGetReportBlock(1, out _));
        Assert.Equal((0xA11CEu, info, block), (ssrc, readInfo, readBlock));

        Assert.True(reader.TryRead(out RtcpPacket description));
        RtcpSourceDescriptions items = description.SourceDescriptions;
        Assert.True(items.TryRead(out uint source, out RtcpSdesItem item, out ReadOnlySpan<byte> text));
        Assert.Equal((0xA11CEu, RtcpSdesItem.CanonicalName), (source, item));
        Assert.Equal("alice@example.com"u8, text);
        Assert.False(items.TryRead(out _, out _, out _));

        Assert.True(reader.TryRead(out RtcpPacket application));
        Assert.Equal(3, application.Count);
        Assert.Equal("TEST"u8, application.ApplicationName);
        Assert.Equal(new byte[] { 1, 2, 3, 4 }, application.ApplicationData);

        Assert.True(reader.TryRead(out RtcpPacket goodbye));
        Assert.True(goodbye.TryGetGoodbye(0, out uint left));
        Assert.Equal(0xA11CEu, left);
        Assert.Equal("so long"u8, goodbye.GoodbyeReason);
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData("", RtcpError.TooShort)]
    [InlineData("80C9", RtcpError.TooShort)]
    [InlineData("80C9000100000001", RtcpError.None)]                                         // an empty RR
    [InlineData("80C80006000000010000000000000000000000000000000000000000", RtcpError.None)]
    [InlineData("40C9000100000001", RtcpError.WrongVersion)]
    [InlineData("81CA000200000001" + "00000000", RtcpError.NoReportFirst)]
    [InlineData("80C9000200000001", RtcpError.LengthsDiffer)]
    [InlineData("80C9000000000001", RtcpError.WrongVersion)]
    [InlineData("80C900010000000180", RtcpError.LengthsDiffer)]
    [InlineData("80C900010000000181CB000200000001", RtcpError.LengthsDiffer)]
    [InlineData("80C900010000000181CB000100000001", RtcpError.None)]
    [InlineData("80C900010000000101CB000100000001", RtcpError.WrongVersion)]
    [InlineData("A0C900020000000100000004" + "81CB000100000001", RtcpError.BadPadding)]        // padding before the end
    [InlineData("80C9000100000001" + "A1CB00020000000100000004", RtcpError.None)]
    [InlineData("80C9000100000001" + "A1CB00020000000100000000", RtcpError.BadPadding)]
    [InlineData("80C9000100000001" + "A1CB00020000000100000003", RtcpError.BadPadding)]
    [InlineData("80C9000100000001" + "A1CB0002000000010000000C", RtcpError.BadPadding)]
    [InlineData("80C9000100000001" + "80FF000100000001", RtcpError.None)]                     // an unknown type is passed over
    public void The_checks_of_RFC_3550_A_2(string hex, RtcpError expected)
    {
        Assert.Equal(expected, RtcpReader.TryParse(Convert.FromHexString(hex), out _));
    }

    [Fact]
    public void Report_blocks_are_read_as_they_were_written()
    {
        Gen<RtcpReportBlock[]> blocks = (
            from n in Gen.Choose(0, int.MaxValue).ArrayOf(6)
            from lost in Gen.Choose(-0x800000, 0x7FFFFF)
            select new RtcpReportBlock((uint)n[0], (byte)n[1], lost, (uint)n[2] * 2, (uint)n[3], (uint)n[4], (uint)n[5])).ArrayOf();
        Prop.ForAll(blocks.ToArbitrary(), written =>
        {
            written = written[..Math.Min(31, written.Length)];
            byte[] datagram = new byte[1024];
            RtcpWriter writer = new(datagram);
            writer.WriteReceiverReport(1, written);
            Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader));
            Assert.True(reader.TryRead(out RtcpPacket packet));
            Assert.Equal(written.Length, packet.Count);
            for (int i = 0; i < written.Length; i++)
            {
                Assert.True(packet.TryGetReportBlock(i, out RtcpReportBlock read));
                Assert.Equal(written[i], read);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(0x7FFFFF, 0x7FFFFF)]
    [InlineData(0x800000, 0x7FFFFF)]
    [InlineData(int.MinValue, -0x800000)]
    public void Losses_are_clamped_not_wrapped(int lost, int expected)
    {
        byte[] datagram = new byte[64];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(1, new RtcpReportBlock(2, 0, lost, 0, 0, 0, 0));
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader));
        reader.TryRead(out RtcpPacket packet);
        packet.TryGetReportBlock(0, out RtcpReportBlock block);

        Assert.Equal(expected, block.CumulativeLost);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("abc")]
    [InlineData("abcd")]
    public void A_description_ends_on_a_word_whatever_its_length(string name)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(name);
        byte[] datagram = new byte[64];
        Array.Fill(datagram, (byte)0xFF);
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(1);
        writer.WriteSourceDescription(1, RtcpSdesItem.CanonicalName, text);
        writer.WriteGoodbye(1, text);

        Assert.Equal(0, writer.Length % 4);
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader));
        reader.TryRead(out _);
        reader.TryRead(out RtcpPacket description);
        RtcpSourceDescriptions items = description.SourceDescriptions;
        Assert.True(items.TryRead(out _, out _, out ReadOnlySpan<byte> read));
        Assert.Equal(text, read);
        Assert.False(items.TryRead(out _, out _, out _));
        reader.TryRead(out RtcpPacket goodbye);
        Assert.Equal(text, goodbye.GoodbyeReason);
    }

    [Fact]
    public void Several_chunks_and_items_are_gone_through()
    {
        // Two sources; the first has two items of odd lengths.
        byte[] datagram = Convert.FromHexString("80C9000100000001" + "82CA0006" + "0000000A" + "010261620201" + "63" + "00" + "0000000B" + "0101780000000000");
        datagram[11] = (byte)((datagram.Length - 12) / 4);
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram, out RtcpReader reader));
        reader.TryRead(out _);
        reader.TryRead(out RtcpPacket description);

        List<string> found = [];
        RtcpSourceDescriptions items = description.SourceDescriptions;
        while (items.TryRead(out uint ssrc, out RtcpSdesItem item, out ReadOnlySpan<byte> text)) found.Add($"{ssrc:X} {item} {System.Text.Encoding.ASCII.GetString(text)}");

        Assert.Equal(["A CanonicalName ab", "A Name c", "B CanonicalName x"], found);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        Random random = new(1);
        byte[] bytes = new byte[96];
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            int length = random.Next(1, 24) * 4;
            // Plausible headers, so that the inner readers are reached.
            for (int at = 0; at < length;)
            {
                int words = random.Next(0, (length - at) / 4);
                (bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]) = ((byte)(0x80 | random.Next(64)), (byte)(at == 0 ? 200 + random.Next(2) : 200 + random.Next(6)), 0, (byte)words);
                at += (words + 1) * 4;
            }

            if (RtcpReader.TryParse(bytes.AsSpan(0, length), out RtcpReader reader) != RtcpError.None) continue;
            while (reader.TryRead(out RtcpPacket packet))
            {
                packet.TryGetSsrc(out _);
                packet.TryGetSenderInfo(out _);
                for (int n = 0; n < 32; n++)
                {
                    packet.TryGetReportBlock(n, out _);
                    packet.TryGetGoodbye(n, out _);
                }

                _ = packet.GoodbyeReason.Length + packet.ApplicationName.Length + packet.ApplicationData.Length;
                RtcpSourceDescriptions items = packet.SourceDescriptions;
                for (int n = 0; items.TryRead(out _, out _, out _); n++) Assert.True(n < 200);
            }
        }
    }
}
