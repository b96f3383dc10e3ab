using Parley.InteropTests.Harness;
using Parley.Rtp;
using Parley.Rtp.Srtp;

namespace Parley.InteropTests;

/// <summary>SRTP with libsrtp, which most phones and gateways have inside.</summary>
public sealed class SrtpTests(ITestOutputHelper output) : InteropTest(output)
{
    private const int Packets = 2000;
    private const ushort First = 65_000;        // it rolls over
    private const uint Ssrc = 0x5eed_0001;

    [PeerTheory(Programs.PyLibSrtp)]
    [InlineData("SRTP_PROFILE_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80")]
    [InlineData("SRTP_PROFILE_AES128_CM_SHA1_32", "AES_CM_128_HMAC_SHA1_32")]
    [InlineData("SRTP_PROFILE_AEAD_AES_128_GCM", "AEAD_AES_128_GCM")]
    [InlineData("SRTP_PROFILE_AEAD_AES_256_GCM", "AEAD_AES_256_GCM")]
    public async Task Libsrtp_reads_what_parley_protects(string profile, string suite)
    {
        SrtpMasterKey master = Master(suite, out string secret);
        using var sender = new SrtpSender(master);
        List<(string Operation, byte[] Plain, byte[] Sent)> sent = [];
        foreach ((bool isRtcp, byte[] plain) in Stream())
        {
            byte[] packet = [.. plain, .. new byte[isRtcp ? master.RtcpOverheadLengthBytes : master.OverheadLengthBytes]];
            Assert.Equal(SrtpError.None, isRtcp ? sender.ProtectRtcp(packet, plain.Length, out _) : sender.Protect(packet, plain.Length, out _));
            sent.Add((isRtcp ? "unprotect_rtcp" : "unprotect", plain, packet));
        }

        (string, byte[] Plain, byte[] Sent)[] arrived = Disturb(sent);
        IReadOnlyList<string> read = await LibSrtpAsync(profile, secret, arrived.Select(p => (p.Item1, p.Sent)));

        Assert.Equal(arrived.Select(p => Convert.ToHexStringLower(p.Plain)), read);
        byte[] first = arrived[0].Sent, forged = [.. first];
        forged[^1] ^= 1;
        read = await LibSrtpAsync(profile, secret, [("unprotect", forged), ("unprotect", first), ("unprotect", first)]);
        Assert.Equal([true, false, true], read.Select(line => line.StartsWith("error", StringComparison.Ordinal)));
    }

    [PeerTheory(Programs.PyLibSrtp)]
    [InlineData("SRTP_PROFILE_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80")]
    [InlineData("SRTP_PROFILE_AES128_CM_SHA1_32", "AES_CM_128_HMAC_SHA1_32")]
    [InlineData("SRTP_PROFILE_AEAD_AES_128_GCM", "AEAD_AES_128_GCM")]
    [InlineData("SRTP_PROFILE_AEAD_AES_256_GCM", "AEAD_AES_256_GCM")]
    public async Task Parley_reads_what_libsrtp_protects(string profile, string suite)
    {
        SrtpMasterKey master = Master(suite, out string secret);
        (bool IsRtcp, byte[] Plain)[] stream = [.. Stream()];
        IReadOnlyList<string> protectedPackets = await LibSrtpAsync(profile, secret, stream.Select(p => (p.IsRtcp ? "protect_rtcp" : "protect", p.Plain)));
        Assert.Equal(stream.Length, protectedPackets.Count);

        using var receiver = new SrtpReceiver(master);
        foreach ((bool isRtcp, byte[] plain, byte[] sent) in Disturb([.. stream.Zip(protectedPackets, (p, line) => (p.IsRtcp, p.Plain, Convert.FromHexString(line)))]))
        {
            byte[] packet = [.. sent];
            Assert.Equal(SrtpError.None, isRtcp ? receiver.UnprotectRtcp(packet, out int length) : receiver.Unprotect(packet, out length));
            Assert.Equal(plain, packet[..length]);
            packet = [.. sent];
            Assert.Equal(SrtpError.Replayed, isRtcp ? receiver.UnprotectRtcp(packet, out _) : receiver.Unprotect(packet, out _));
        }
    }

    private async Task<IReadOnlyList<string>> LibSrtpAsync(string profile, string secret, IEnumerable<(string Operation, byte[] Packet)> packets)
    {
        string file = Bench.PathOf("packets.txt");
        await File.WriteAllLinesAsync(file, packets.Select(p => $"{p.Operation} {Convert.ToHexStringLower(p.Packet)}"));
        ChildProcess process = Bench.Start("libsrtp", "/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "srtp", "libsrtp.py"), profile, secret, file]);
        await process.ExitAsync();
        Assert.Empty(process.Errors);
        return process.Output;
    }

    /// <summary>RTP of every length up to 500 bytes with some RTCP between.</summary>
    private static IEnumerable<(bool IsRtcp, byte[] Plain)> Stream()
    {
        var random = new Random(11);
        for (int i = 0; i < Packets; i++)
        {
            byte[] packet = new byte[12 + (i % 500)];
            random.NextBytes(packet);
            RtpPacket.Write(packet, new RtpHeader((byte)(i % 64), i % 50 == 0, (ushort)(First + i), (uint)i * 160, Ssrc), packet.AsSpan(12));
            yield return (false, packet);
            if (i % 100 == 0) yield return (true, Convert.FromHexString("80c80006" + "5eed0001" + "0102030405060708" + $"{i:x8}" + "0000000a" + "00000640"));
        }
    }

    /// <summary>Loses one of ten and delays the others by up to 60 packets; the first two stay, as the roll-over counter begins with them.</summary>
    private static T[] Disturb<T>(IReadOnlyList<T> sent)
    {
        var random = new Random(12);
        return
        [
            .. sent.Select((packet, index) => (packet, index, At: index < 2 ? -1 : index + (random.NextDouble() * 60)))
                .Where(p => p.index < 2 || random.Next(10) > 0).OrderBy(p => p.At).Select(p => p.packet),
        ];
    }

    private static SrtpMasterKey Master(string name, out string secret)
    {
        SrtpSuite suite = SrtpSuite.Find(name)!;
        byte[] bytes = new byte[suite.MasterKeyLengthBytes + suite.MasterSaltLengthBytes];
        new Random(13).NextBytes(bytes);
        secret = Convert.ToHexStringLower(bytes);
        return new SrtpMasterKey(suite, bytes.AsSpan(0, suite.MasterKeyLengthBytes), bytes.AsSpan(suite.MasterKeyLengthBytes));
    }
}
