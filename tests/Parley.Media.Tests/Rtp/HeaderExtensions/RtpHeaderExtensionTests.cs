using Parley.Rtp;
using Parley.Rtp.HeaderExtensions;

namespace Parley.Media.Tests.Rtp.HeaderExtensions;

public class RtpHeaderExtensionTests
{
    [Theory]
    // RFC 8285 4.2 and 4.3: three elements with padding between them.
    [InlineData(0xBEDE, "10AA" + "21BBCC" + "0000" + "33DDEEFF00" + "", "1:AA 2:BBCC 3:DDEEFF00")]
    [InlineData(0x1000, "0100" + "0201AA" + "00" + "0304BBCCDDEE", "1: 2:AA 3:BBCCDDEE")]
    [InlineData(0x100F, "0100" + "FF01AA000000", "1: 255:AA")]                  // the application's bits mean nothing here
    [InlineData(0xBEDE, "10AA" + "F0BB" + "10CC0000", "1:AA")]                  // 15 ends it
    [InlineData(0xBEDE, "10AA" + "03BB" + "10CC0000", "1:AA")]                  // 0 with a length ends it
    [InlineData(0xBEDE, "10AA" + "2FBB", "1:AA")]                               // longer than what there is
    [InlineData(0x1000, "0100" + "0203", "1:")]
    [InlineData(0x1000, "01000002", "1:")]
    [InlineData(0x1234, "10AA0000", "")]                                        // another form
    [InlineData(0xBEDE, "00000000", "")]
    [InlineData(0xBEDE, "", "")]
    public void Elements_are_read_one_by_one(int profile, string extension, string expected)
    {
        byte[] content = Convert.FromHexString(extension);
        Array.Resize(ref content, (content.Length + 3) & -4);
        byte[] datagram = new byte[256];
        int length = RtpPacket.Write(datagram, new RtpHeader(0, false, 1, 2, 3), default, (ushort)profile, content, [1, 2, 3]);
        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram.AsSpan(0, length), out RtpPacket packet));

        List<string> read = [];
        RtpHeaderExtensions elements = new(packet);
        while (elements.TryRead(out byte id, out ReadOnlySpan<byte> data)) read.Add($"{id}:{Convert.ToHexString(data)}");

        Assert.Equal(expected, string.Join(' ', read));
        Assert.Equal(3, packet.Payload.Length);
    }

    [Theory]
    [InlineData(true, 14, 16)]
    [InlineData(false, 255, 255)]
    public void Elements_are_read_as_they_were_written(bool isOneByte, int mostId, int mostLength)
    {
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            byte[] content = new byte[1024];
            RtpHeaderExtensionWriter writer = new(content, isOneByte);
            List<(byte, string)> written = [];
            for (int n = random.Next(4); n > 0; n--)
            {
                byte id = (byte)random.Next(1, mostId + 1);
                byte[] data = new byte[random.Next(isOneByte ? 1 : 0, mostLength + 1)];
                random.NextBytes(data);
                writer.Write(id, data);
                written.Add((id, Convert.ToHexString(data)));
            }

            byte[] datagram = new byte[2048];
            int length = RtpPacket.Write(datagram, default, default, writer.Profile, content.AsSpan(0, writer.Pad()), default);
            Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram.AsSpan(0, length), out RtpPacket packet));
            List<(byte, string)> read = [];
            RtpHeaderExtensions elements = new(packet);
            while (elements.TryRead(out byte id, out ReadOnlySpan<byte> data)) read.Add((id, Convert.ToHexString(data)));
            Assert.Equal(written, read);
        }
    }

    [Theory]
    [InlineData(true, 0, 1)]
    [InlineData(true, 15, 1)]
    [InlineData(true, 1, 0)]
    [InlineData(true, 1, 17)]
    [InlineData(false, 0, 1)]
    [InlineData(false, 1, 256)]
    [InlineData(true, 1, 9)]            // more than there is room for
    public void An_element_that_cannot_be_is_not_written(bool isOneByte, byte id, int length)
    {
        Assert.Throws<ArgumentException>(() =>
        {
            RtpHeaderExtensionWriter writer = new(new byte[8], isOneByte);
            writer.Write(id, new byte[length]);
        });
    }

    [Theory]
    [InlineData((byte)1)]
    [InlineData((byte)14)]
    [InlineData((byte)200)]             // needs the two-byte form
    public void A_level_is_read_as_a_session_wrote_it(byte id)
    {
        RtpSession session = new(default, new RtpSessionOptions { CanonicalName = "a", Clock = new NtpClock(default, default) }, 8000, new Random(1));
        byte[] datagram = new byte[RtpSession.HeaderWithLevelLengthBytes + 160];
        datagram.AsSpan(RtpSession.HeaderWithLevelLengthBytes).Fill(7);
        session.WriteHeader(datagram, 0, true, 99, new AudioLevel(31, IsVoice: true), id);

        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
        Assert.True(AudioLevel.TryRead(packet, id, out AudioLevel level));
        Assert.Equal(new AudioLevel(31, true), level);
        Assert.False(AudioLevel.TryRead(packet, 3, out _));
        Assert.Equal((160, 99u, true), (packet.Payload.Length, packet.Timestamp, packet.Marker));
        Assert.Equal(-1, packet.Payload.IndexOfAnyExcept((byte)7));
        Assert.Equal(160, session.Statistics.OctetsSent);
    }

    [Theory]
    [InlineData(0, 127)]
    [InlineData(1, 90)]
    [InlineData(short.MaxValue, 0)]
    [InlineData(short.MinValue, 0)]
    [InlineData(3277, 20)]
    [InlineData(327, 40)]
    public void A_square_waves_level_is_that_of_its_height(int height, byte expected)
    {
        foreach (int length in (int[])[160, 161, 7, 320])
        {
            short[] samples = [.. Enumerable.Range(0, length).Select(i => (short)(i % 2 == 0 ? height : -Math.Max(height, -short.MaxValue)))];
            Assert.Equal(expected, AudioLevel.Of(samples).Decibels);
            Assert.Equal(expected < 50, AudioLevel.Of(samples).IsVoice);
        }

        Assert.Equal(AudioLevel.Silence, AudioLevel.Of([]).Decibels);
    }
}
