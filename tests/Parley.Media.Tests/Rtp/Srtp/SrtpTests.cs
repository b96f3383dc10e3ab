using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Parley.Rtp;
using Parley.Rtp.Srtp;

namespace Parley.Media.Tests.Rtp.Srtp;

public class SrtpTests
{
    private const uint Ssrc = 0x1234abcd;

    public static TheoryData<string> Suites => [.. SrtpSuite.All.ToArray().Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Suites))]
    public void Every_length_arrives_as_it_was_and_no_changed_byte_is_let_in(string name)
    {
        foreach (string mki in (string[])["", "01020304"])
        {
            SrtpMasterKey master = Master(name, mki);
            using var sender = new SrtpSender(master);
            using var receiver = new SrtpReceiver(master);
            var random = new Random(3);
            for (int length = 0; length < 300; length++)
            {
                byte[] plain = Rtp((ushort)length, length);
                byte[] packet = Protect(sender, plain);
                Assert.Equal(plain.Length + master.OverheadLengthBytes, packet.Length);
                if (length >= 16) Assert.False(packet.AsSpan(12, 16).SequenceEqual(plain.AsSpan(12, 16)));
                byte[] forged = [.. packet];
                int at = random.Next(packet.Length);
                forged[at] ^= (byte)(1 << random.Next(8));
                Assert.NotEqual(SrtpError.None, receiver.Unprotect(forged, out int none));
                Assert.Equal(0, none);
                Assert.NotEqual(SrtpError.None, receiver.Unprotect([.. packet.AsSpan(0, random.Next(packet.Length))], out _));
                Assert.Equal(SrtpError.None, receiver.Unprotect(packet, out int received));
                Assert.Equal(plain, packet[..received]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Control_packets_of_every_length_arrive_encrypted_or_not(string name)
    {
        foreach (string mki in (string[])["", "01"])
        {
            SrtpMasterKey master = Master(name, mki);
            using var sender = new SrtpSender(master);
            using var receiver = new SrtpReceiver(master);
            var random = new Random(4);
            for (int length = 8; length < 200; length++)
            {
                bool encrypt = length % 3 != 0;
                byte[] plain = Rtcp(length);
                byte[] packet = [.. plain, .. new byte[master.RtcpOverheadLengthBytes]];
                Assert.Equal(SrtpError.None, sender.ProtectRtcp(packet, length, out int whole, encrypt));
                Assert.Equal(packet.Length, whole);
                Assert.Equal(!encrypt || length == 8, packet.AsSpan(0, length).SequenceEqual(plain));
                byte[] replayed = [.. packet], forged = [.. packet];
                forged[random.Next(forged.Length)] ^= 4;
                Assert.NotEqual(SrtpError.None, receiver.UnprotectRtcp(forged, out _));
                Assert.Equal(SrtpError.None, receiver.UnprotectRtcp(packet, out int received));
                Assert.Equal(plain, packet[..received]);
                Assert.Equal(SrtpError.Replayed, receiver.UnprotectRtcp(replayed, out _));
            }
        }
    }

    [Theory]
    [InlineData("", SrtpError.TooShort)]
    [InlineData("8000000100000002000000030000000000000000", SrtpError.TooShort)]                    // 20 bytes, 22 are the least
    [InlineData("4000000100000002000000030000000000000000000000", SrtpError.Malformed)]
    [InlineData("8f00000100000002000000030000000000000000000000", SrtpError.Malformed)]             // 15 CSRCs
    [InlineData("9000000100000002000000030000000000000000000000", SrtpError.Malformed)]             // an extension
    [InlineData("90000001000000020000000300000001000000000000000000000000", SrtpError.Malformed)]   // that is longer than the packet
    [InlineData("8000000100000002000000030000000000000000000000", SrtpError.NotAuthentic)]
    public void What_is_no_packet_is_named(string hex, SrtpError expected)
    {
        using var receiver = new SrtpReceiver(Master("AES_CM_128_HMAC_SHA1_80"));
        Assert.Equal(expected, receiver.Unprotect(Convert.FromHexString(hex), out _));
    }

    [Theory]
    [InlineData("", SrtpError.TooShort)]
    [InlineData("80c90001000000010000000000000000000000", SrtpError.TooShort)]
    [InlineData("40c90001000000018000000000000000000000000000", SrtpError.Malformed)]
    [InlineData("80c90001000000018000000000000000000000000000", SrtpError.NotAuthentic)]
    public void What_is_no_control_packet_is_named(string hex, SrtpError expected)
    {
        using var receiver = new SrtpReceiver(Master("AES_CM_128_HMAC_SHA1_32"));
        Assert.Equal(expected, receiver.UnprotectRtcp(Convert.FromHexString(hex), out _));
    }

    [Fact]
    public void Another_key_or_MKI_is_refused()
    {
        using var sender = new SrtpSender(Master("AEAD_AES_128_GCM", "0102"));
        using var other = new SrtpReceiver(Master("AEAD_AES_128_GCM", "0103"));
        using var otherKey = new SrtpReceiver(Master("AEAD_AES_128_GCM", "0102", seed: 2));
        byte[] packet = Protect(sender, Rtp(1, 20));
        Assert.Equal(SrtpError.UnknownMki, other.Unprotect([.. packet], out _));
        Assert.Equal(SrtpError.NotAuthentic, otherKey.Unprotect([.. packet], out _));
    }

    /// <summary>Index of the highest before, sequence number, index expected: RFC 3711 3.3.1.</summary>
    [Theory]
    [InlineData(-1, 65535, 65535)]
    [InlineData(0, 1, 1)]
    [InlineData(65535, 0, 65536)]
    [InlineData(65536, 65535, 65535)]
    [InlineData(5, 65530, 65530)]               // there is no counter below 0
    [InlineData(32767, 65535, 65535)]
    [InlineData(32768, 0, 0)]
    [InlineData(32769, 0, 65536)]
    [InlineData(65536 + 32767, 65535, 131071)]
    [InlineData(65536 + 32766, 65535, 65535)]
    [InlineData((1L << 32) + 65535, 3, (1L << 32) + 65539)]
    public void The_roll_over_counter_is_guessed(long highest, int sequenceNumber, long expected) =>
        Assert.Equal(expected, SrtpSource.EstimateIndex((ushort)sequenceNumber, highest));

    [Fact]
    public void Packets_inside_the_window_may_come_in_any_order_over_roll_overs_and_none_twice()
    {
        Gen<(int Seed, int First, int Spread)> runs =
            from seed in Gen.Choose(0, int.MaxValue) from first in Gen.Choose(0, 65535) from spread in Gen.Choose(1, ReplayWindow.Size - 1) select (seed, first, spread);
        Prop.ForAll(runs.ToArbitrary(), run =>
        {
            SrtpMasterKey master = Master("AES_CM_128_HMAC_SHA1_32");
            using var sender = new SrtpSender(master);
            using var receiver = new SrtpReceiver(master);
            var random = new Random(run.Seed);
            byte[][] packets = [.. Enumerable.Range(0, 1000).Select(i => Protect(sender, Rtp((ushort)(run.First + i), 20)))];
            // The first must be the first, as the counter begins with it; each other is late by less than the window.
            int[] order = [0, .. Enumerable.Range(1, packets.Length - 1).OrderBy(i => i + (random.NextDouble() * run.Spread))];
            foreach (int i in order)
            {
                Assert.Equal(SrtpError.None, receiver.Unprotect([.. packets[i]], out _));
                Assert.Equal(SrtpError.Replayed, receiver.Unprotect([.. packets[i]], out _));
            }

            Assert.Equal(SrtpError.TooOld, receiver.Unprotect([.. packets[999 - ReplayWindow.Size]], out _));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_loss_of_nearly_2_to_the_15_packets_is_survived_again_and_again()
    {
        SrtpMasterKey master = Master("AES_CM_128_HMAC_SHA1_80");
        using var sender = new SrtpSender(master);
        using var receiver = new SrtpReceiver(master);
        ushort number = 0;
        for (int i = 0; i < 50; i++, number += (1 << 15) - 1)
            Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(number, 20)), out _));
    }

    [Fact]
    public void A_forged_packet_changes_nothing()
    {
        SrtpMasterKey master = Master("AEAD_AES_256_GCM");
        using var sender = new SrtpSender(master);
        using var receiver = new SrtpReceiver(master);
        Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(10, 20)), out _));
        for (int i = 0; i < 1000; i++)
        {
            byte[] forged = Rtp((ushort)(i * 61), 36);
            BinaryPrimitives.WriteUInt32BigEndian(forged.AsSpan(8), (uint)i % 500 == 0 ? Ssrc : (uint)i);
            Assert.Contains(receiver.Unprotect(forged, out _), (SrtpError[])[SrtpError.NotAuthentic, SrtpError.TooOld]);
        }

        Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(9, 20)), out _));
        Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(11, 20)), out _));
    }

    [Fact]
    public void Sources_are_counted_each_for_itself_and_are_bounded()
    {
        SrtpMasterKey master = Master("AES_CM_128_HMAC_SHA1_80");
        using var sender = new SrtpSender(master);
        using var receiver = new SrtpReceiver(master);
        for (uint ssrc = 0; ssrc < SrtpSources.Max; ssrc++)
            Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(7, 20, ssrc)), out _));
        byte[] oneMore = [.. Rtp(7, 20, 99), .. new byte[10]];
        Assert.Equal(SrtpError.TooManySources, sender.Protect(oneMore, oneMore.Length - 10, out _));
        using var another = new SrtpSender(master);
        Assert.Equal(SrtpError.TooManySources, receiver.Unprotect(Protect(another, Rtp(7, 20, 99)), out _));
        Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp(8, 20, 3)), out _));
    }

    [Fact]
    public void A_keystream_is_never_used_twice()
    {
        using var sender = new SrtpSender(Master("AES_CM_128_HMAC_SHA1_80"));
        Protect(sender, Rtp(500, 20));
        byte[] again = [.. Rtp(500, 20), .. new byte[10]], old = [.. Rtp(500 - ReplayWindow.Size, 20), .. new byte[10]];
        byte[] before = [.. again];
        Assert.Equal(SrtpError.Replayed, sender.Protect(again, 32, out int length));
        Assert.Equal(0, length);
        Assert.Equal(before, again);
        Assert.Equal(SrtpError.TooOld, sender.Protect(old, 32, out _));
    }

    [Fact]
    public void A_key_ends_with_its_lifetime()
    {
        SrtpMasterKey master = Master("AES_CM_128_HMAC_SHA1_80", lifetime: 3);
        using var sender = new SrtpSender(master);
        using var receiver = new SrtpReceiver(master);
        using var another = new SrtpSender(Master("AES_CM_128_HMAC_SHA1_80"));
        for (int i = 0; i < 3; i++) Assert.Equal(SrtpError.None, receiver.Unprotect(Protect(sender, Rtp((ushort)i, 20)), out _));
        Assert.Equal(SrtpError.KeyExhausted, receiver.Unprotect(Protect(another, Rtp(3, 20)), out _));
        byte[] packet = [.. Rtp(3, 20), .. new byte[10]], control = [.. Rtcp(20), .. new byte[14]];
        Assert.Equal(SrtpError.KeyExhausted, sender.Protect(packet, 32, out _));
        for (int i = 0; i < 3; i++) Assert.Equal(SrtpError.None, sender.ProtectRtcp([.. control], 20, out _));
        Assert.Equal(SrtpError.KeyExhausted, sender.ProtectRtcp(control, 20, out _));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Nothing_is_allocated_per_packet(string name)
    {
        SrtpMasterKey master = Master(name);
        using var sender = new SrtpSender(master);
        using var receiver = new SrtpReceiver(master);
        byte[] packet = new byte[200], plain = Rtp(0, 160);
        ushort number = 0;
        for (int i = 0; i < 100; i++) Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Pass();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Pass()
        {
            plain.CopyTo(packet, 0);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), number++);
            sender.Protect(packet, plain.Length, out int length);
            if (receiver.Unprotect(packet.AsSpan(0, length), out _) != SrtpError.None) throw new InvalidOperationException();
        }
    }

    private static SrtpMasterKey Master(string suite, string mki = "", int seed = 1, long lifetime = SrtpMasterKey.MaxLifetime)
    {
        SrtpSuite found = SrtpSuite.Find(suite)!;
        byte[] secret = new byte[found.MasterKeyLengthBytes + found.MasterSaltLengthBytes];
        new Random(seed).NextBytes(secret);
        return new SrtpMasterKey(found, secret.AsSpan(0, found.MasterKeyLengthBytes), secret.AsSpan(found.MasterKeyLengthBytes), Convert.FromHexString(mki), lifetime);
    }

    private static byte[] Rtp(ushort number, int payloadLength, uint ssrc = Ssrc)
    {
        byte[] packet = new byte[12 + payloadLength];
        new Random(number).NextBytes(packet.AsSpan(12));
        RtpPacket.Write(packet, new RtpHeader(0, false, number, number * 160u, ssrc), packet.AsSpan(12));
        return packet;
    }

    private static byte[] Rtcp(int length)
    {
        byte[] packet = new byte[length];
        new Random(length).NextBytes(packet);
        (packet[0], packet[1]) = (0x80, 200);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), Ssrc);
        return packet;
    }

    private static byte[] Protect(SrtpSender sender, byte[] plain)
    {
        byte[] packet = [.. plain, .. new byte[sender.MasterKey.OverheadLengthBytes]];
        Assert.Equal(SrtpError.None, sender.Protect(packet, plain.Length, out int length));
        Assert.Equal(packet.Length, length);
        return packet;
    }
}
