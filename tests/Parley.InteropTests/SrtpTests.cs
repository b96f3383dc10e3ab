using System.Text.Json;
using Parley.InteropTests.Harness;
using Parley.Rtp;
using Parley.Rtp.Rtcp;
using Parley.Rtp.Srtp;

namespace Parley.InteropTests;

/// <summary>SRTP with libsrtp, which most phones and gateways have inside, and calls with baresip that use it.</summary>
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

    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData("require", "srtp-mand")]
    [InlineData("require", "srtp")]
    [InlineData("offer", "srtp")]
    public async Task A_parley_phone_calls_a_baresip_and_each_hears_the_other_by_srtp(string use, string encryption)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        Capture capture = await Capture.StartAsync(Bench, isProtected: true);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob", encryption) with { Answers = true, Play = await Speech.WithSilenceAfterAsync(calleeSays) });
        string heardByAlice = Bench.PathOf("alice.wav");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp, "--srtp", use, "--play", callerSays, "--record", heardByAlice, "--duration", "8s");

        await alice.Process.SucceededAsync();
        await bob.EventAsync("CALL_CLOSED");

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        AssertProtected(await alice.Process.EventAsync("ended"), traffic, alice);
        await Sound.AssertHeardAsync(Output, callerSays, await bob.HeardAsync(), "PCMU");
        await Sound.AssertHeardByParleyAsync(Output, calleeSays, heardByAlice, "PCMU");
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData("srtp-mand", "require")]
    [InlineData("srtp-mand", "offer")]
    [InlineData("srtp", "offer")]
    public async Task A_baresip_calls_a_parley_phone_and_each_hears_the_other_by_srtp(string encryption, string use)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        Capture capture = await Capture.StartAsync(Bench, isProtected: true);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        string heardByBob = Bench.PathOf("bob.wav");
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--srtp", use, "--count", "1", "--play", calleeSays, "--record", heardByBob);
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice", encryption) with { Play = await Speech.WithSilenceAfterAsync(callerSays) });

        await alice.DialAsync("sip:bob@example.test");
        await alice.EventAsync("CALL_ESTABLISHED");
        await bob.Process.EventAsync("played", limit: Limit.Call);
        await alice.HearsAsync(calleeSays);
        await alice.HangUpAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        AssertProtected(await bob.Process.EventAsync("ended"), traffic, bob);
        await Sound.AssertHeardAsync(Output, calleeSays, await alice.HeardAsync(), "PCMU");
        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob, "PCMU");
    }

    /// <summary>All is protected but what baresip sends when it has no keys: an RTCP packet before (it opens a way through NATs), and its goodbye after.</summary>
    private static void AssertProtected(JsonElement ended, CapturedTraffic traffic, ParleyPhone phone)
    {
        Assert.False(string.IsNullOrEmpty(ended.GetProperty("srtp").GetString()));
        CapturedRtcp[] plain = [.. traffic.Rtcp.Where(datagram => datagram.IsPlain)];
        Assert.All(plain, datagram => Assert.Contains(datagram.Datagram[1], new byte[] { (byte)RtcpPacketType.ApplicationDefined, (byte)RtcpPacketType.Goodbye }));
        Assert.All(plain, datagram => Assert.StartsWith($"{phone.Address}:", datagram.Destination, StringComparison.Ordinal));
        Assert.InRange(plain.Length, 0, 2);
        Assert.InRange(ended.GetProperty("notAuthentic").GetInt32(), 0, plain.Length);      // of the goodbye only where the call is not over yet
        Assert.Equal(0, ended.GetProperty("replayed").GetInt32());
        Assert.InRange(ended.GetProperty("received").GetInt32(), 100, int.MaxValue);
    }

    private static BaresipSettings Account(ParleyServer server, string user, string encryption) => new(user)
    {
        Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf(user), Server = server.EndPoint, MediaEncryption = encryption,
    };

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
