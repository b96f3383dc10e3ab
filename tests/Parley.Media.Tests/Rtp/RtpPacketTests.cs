using FsCheck;
using FsCheck.Fluent;
using Parley.Rtp;

namespace Parley.Media.Tests.Rtp;

public class RtpPacketTests
{
    [Fact]
    public void A_packet_is_read_bit_by_bit()
    {
        // V=2, P, X, two CSRCs; marker, payload type 8.
        byte[] datagram = Convert.FromHexString(
            "B288" + "FFFE" + "01020304" + "A0B0C0D0" + "00000001" + "00000002" + "BEDE" + "0001" + "10AA0000" + "C0FFEE" + "0000" + "03");

        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));

        Assert.Equal(new RtpHeader(8, true, 0xFFFE, 0x01020304, 0xA0B0C0D0), packet.Header);
        Assert.Equal((2, 1u, 2u), (packet.CsrcCount, packet.Csrc(0), packet.Csrc(1)));
        Assert.True(packet.HasExtension);
        Assert.Equal(0xBEDE, packet.ExtensionProfile);
        Assert.Equal("10AA0000", Convert.ToHexString(packet.Extension));
        Assert.Equal("C0FFEE", Convert.ToHexString(packet.Payload));
        Assert.Equal(3, packet.PaddingLengthBytes);
    }

    [Theory]
    [InlineData("", RtpError.TooShort)]
    [InlineData("80000001000000020000000", RtpError.TooShort)]
    [InlineData("400000010000000200000003", RtpError.WrongVersion)]
    [InlineData("C00000010000000200000003", RtpError.WrongVersion)]
    [InlineData("80C800010000000200000003", RtpError.IsRtcp)]
    [InlineData("80CC00010000000200000003", RtpError.IsRtcp)]
    [InlineData("80DF00010000000200000003", RtpError.IsRtcp)]
    [InlineData("80E000010000000200000003", RtpError.None)]             // marker, payload type 96
    [InlineData("80BF00010000000200000003", RtpError.None)]
    [InlineData("810000010000000200000003", RtpError.CsrcsCutOff)]
    [InlineData("8F000001000000020000000300000000", RtpError.CsrcsCutOff)]
    [InlineData("81000001000000020000000300000000", RtpError.None)]
    [InlineData("900000010000000200000003", RtpError.ExtensionCutOff)]
    [InlineData("900000010000000200000003BEDE0001", RtpError.ExtensionCutOff)]
    [InlineData("900000010000000200000003BEDE0000", RtpError.None)]
    [InlineData("90000001000000020000000300000001AABBCCDD", RtpError.None)]
    [InlineData("A00000010000000200000003", RtpError.BadPadding)]
    [InlineData("A0000001000000020000000300", RtpError.BadPadding)]
    [InlineData("A0000001000000020000000302", RtpError.BadPadding)]
    [InlineData("A0000001000000020000000301", RtpError.None)]
    [InlineData("A000000100000002000000030002", RtpError.None)]
    public void The_checks_of_RFC_3550_A_1(string hex, RtpError expected)
    {
        Assert.Equal(expected, RtpPacket.TryParse(Convert.FromHexString(hex.Length % 2 == 0 ? hex : hex[..^1]), out _));
    }

    [Fact]
    public void What_is_written_is_read_as_the_same()
    {
        Gen<Sample> sample =
            from type in Gen.Choose(0, 63)
            from marker in Gen.Elements(true, false)
            from numbers in Gen.Choose(0, int.MaxValue).ArrayOf(4)
            from csrcs in Gen.Choose(0, int.MaxValue).Select(x => (uint)x).ArrayOf()
            from hasExtension in Gen.Elements(true, false)
            from extension in ArbMap.Default.GeneratorFor<byte[]>()
            from payload in ArbMap.Default.GeneratorFor<byte[]>()
            from padding in Gen.Choose(0, 255)
            select new Sample(
                new RtpHeader((byte)type, marker, (ushort)numbers[0], (uint)numbers[1] * 2, (uint)numbers[2]),
                csrcs[..Math.Min(csrcs.Length, 15)],
                hasExtension ? (ushort)numbers[3] : null,
                hasExtension ? extension[..(extension.Length & ~3)] : [],
                payload,
                padding);
        Prop.ForAll(sample.ToArbitrary(), x =>
        {
            byte[] datagram = new byte[4096];
            int length = RtpPacket.Write(datagram, x.Header, x.Csrcs, x.Profile, x.Extension, x.Payload, x.Padding);
            Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram.AsSpan(0, length), out RtpPacket read));
            Assert.Equal(x.Header, read.Header);
            Assert.Equal(x.Csrcs.Length, read.CsrcCount);
            for (int i = 0; i < x.Csrcs.Length; i++) Assert.Equal(x.Csrcs[i], read.Csrc(i));
            Assert.Equal(x.Profile, read.HasExtension ? read.ExtensionProfile : (ushort?)null);
            Assert.Equal(x.Extension, read.Extension.ToArray());
            Assert.Equal(x.Payload, read.Payload.ToArray());
            Assert.Equal(x.Padding, read.PaddingLengthBytes);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        Random random = new(1);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] = (byte)((bytes[0] & 0x3F) | 0x80);
            ReadOnlySpan<byte> datagram = bytes.AsSpan(0, random.Next(bytes.Length + 1));
            if (RtpPacket.TryParse(datagram, out RtpPacket packet) != RtpError.None) continue;
            int parts = RtpPacket.FixedHeaderLengthBytes + packet.Csrcs.Length + (packet.HasExtension ? 4 + packet.Extension.Length : 0)
                + packet.Payload.Length + packet.PaddingLengthBytes;
            Assert.Equal(datagram.Length, parts);
        }
    }

    [Fact]
    public void A_plain_packet_may_be_written_around_a_payload_that_is_in_its_place()
    {
        byte[] datagram = new byte[15];
        "abc"u8.CopyTo(datagram.AsSpan(12));

        Assert.Equal(15, RtpPacket.Write(datagram, new RtpHeader(0, false, 1, 2, 3), datagram.AsSpan(12)));
        Assert.Equal("800000010000000200000003616263", Convert.ToHexString(datagram));
    }

    [Fact]
    public void Misuse_is_told_to_the_caller()
    {
        byte[] datagram = new byte[64];
        Assert.Throws<ArgumentException>(() => RtpPacket.Write(datagram, new RtpHeader(128, false, 1, 2, 3), [1]));
        Assert.Throws<ArgumentException>(() => RtpPacket.Write(datagram, default, new byte[60]));
        Assert.Throws<ArgumentException>(() => RtpPacket.Write(datagram, default, new uint[16], null, [], []));
        Assert.Throws<ArgumentException>(() => RtpPacket.Write(datagram, default, [], null, new byte[4], []));
        Assert.Throws<ArgumentException>(() => RtpPacket.Write(datagram, default, [], 1, new byte[3], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => RtpPacket.Write(datagram, default, [], null, [], [], 256));
    }

    private sealed record Sample(RtpHeader Header, uint[] Csrcs, ushort? Profile, byte[] Extension, byte[] Payload, int Padding);
}
