using Parley.Rtp.Rtcp;

namespace Parley.Media.Tests.Rtp;

public class RtcpFeedbackTests
{
    [Fact]
    public void Feedback_is_read_as_it_was_written()
    {
        byte[] datagram = new byte[256];
        RtcpWriter writer = new(datagram);
        writer.WriteGenericNack(1, 2, new RtcpGenericNack(65_530, 0x8001), new RtcpGenericNack(7, 0));
        writer.WritePictureLossIndication(1, 2);
        writer.WriteFullIntraRequest(1, new RtcpFullIntraRequest(2, 200));
        writer.WriteMaxBitRate(RtcpTransportFeedback.MaxBitRateRequest, 1, new RtcpMaxBitRate(2, 3, 0x1FFFF, 511));
        writer.WriteMaxBitRate(RtcpTransportFeedback.MaxBitRateNotification, 1);
        Assert.Equal(
            "81CD0004" + "00000001" + "00000002" + "FFFA8001" + "00070000"
            + "81CE0002" + "00000001" + "00000002"
            + "84CE0004" + "00000001" + "00000000" + "00000002" + "C8000000"
            + "83CD0004" + "00000001" + "00000000" + "00000002" + "0FFFFFFF"
            + "84CD0002" + "00000001" + "00000000",
            Convert.ToHexString(datagram.AsSpan(0, writer.Length)));

        Assert.Equal(RtcpError.NoReportFirst, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out _));
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader, takesReducedSize: true));
        RtcpFeedback nack = Next(ref reader);
        Assert.Equal((1u, 2u, RtcpTransportFeedback.GenericNack, null), (nack.Sender, nack.Media, nack.Transport, nack.Payload));
        Assert.True(nack.TryGetNack(0, out RtcpGenericNack first));
        Assert.True(nack.TryGetNack(1, out RtcpGenericNack second));
        Assert.False(nack.TryGetNack(2, out _));
        Assert.False(nack.TryGetMaxBitRate(0, out _));
        Assert.Equal([65_530, 65_531, 10], Enumerable.Range(0, 65_536).Where(n => first.Has((ushort)n)).OrderByDescending(n => n > 60_000).ThenBy(n => n));
        Assert.Equal(new RtcpGenericNack(7, 0), second);
        Assert.Equal(RtcpPayloadFeedback.PictureLossIndication, Next(ref reader).Payload);
        Assert.True(Next(ref reader).TryGetFullIntraRequest(0, out RtcpFullIntraRequest request));
        Assert.Equal(new RtcpFullIntraRequest(2, 200), request);
        Assert.True(Next(ref reader).TryGetMaxBitRate(0, out RtcpMaxBitRate limit));
        Assert.Equal((new RtcpMaxBitRate(2, 3, 0x1FFFF, 511), 131_071 * 8.0), (limit, limit.BitsPerSecond));
        RtcpFeedback none = Next(ref reader);
        Assert.Equal(RtcpTransportFeedback.MaxBitRateNotification, none.Transport);
        Assert.False(none.TryGetMaxBitRate(0, out _));
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(64_000ul)]
    [InlineData(131_071ul)]
    [InlineData(131_072ul)]
    [InlineData(10_000_000_000ul)]
    [InlineData(ulong.MaxValue)]
    public void A_limit_is_said_as_near_below_as_can_be(ulong bitsPerSecond)
    {
        RtcpMaxBitRate limit = RtcpMaxBitRate.Of(1, bitsPerSecond, 40);
        Assert.InRange(limit.Mantissa, 0, 131_071);
        Assert.InRange(limit.BitsPerSecond, bitsPerSecond * (1 - (1 / 65_536.0)), bitsPerSecond);
    }

    [Theory]
    [InlineData("81CD0000")]                                    // no sources
    [InlineData("81CD0001" + "00000001")]
    [InlineData("81C90001" + "00000001")]
    public void What_is_no_feedback_or_cut_off_is_not_read(string hex)
    {
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(Convert.FromHexString("80C9000100000001" + hex), out RtcpReader reader));
        reader.TryRead(out _);
        Assert.True(reader.TryRead(out RtcpPacket packet));
        Assert.False(packet.TryGetFeedback(out _));
    }

    [Fact]
    public void Half_an_entry_is_none()
    {
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(Convert.FromHexString("80C9000100000001" + "84CE0003" + "00000001" + "00000000" + "00000002"), out RtcpReader reader));
        reader.TryRead(out _);
        Assert.False(Next(ref reader).TryGetFullIntraRequest(0, out _));
    }

    private static RtcpFeedback Next(ref RtcpReader reader)
    {
        Assert.True(reader.TryRead(out RtcpPacket packet));
        Assert.True(packet.TryGetFeedback(out RtcpFeedback feedback));
        return feedback;
    }
}
