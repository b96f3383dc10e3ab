using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Sdp;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Where a session sends, and whom it believes, by what comes from where.</summary>
public sealed class SymmetricRtpTests : IDisposable
{
    private static readonly NetworkAddress Signalled = Negotiated.Bob;
    private static readonly NetworkAddress Nat = NetworkAddress.FromIPv4(0xC0000201, 61000);
    private static readonly NetworkAddress Other = NetworkAddress.FromIPv4(0xC0000299, 62000);

    private readonly BufferPool _pool = new();
    private readonly AudioSession _session;
    private Instant _now = Instant.FromTicks(1_000_000);

    public SymmetricRtpTests()
    {
        _session = new AudioSession(new AudioOptions { CanonicalName = "x" }, _pool, new NtpClock(_now, DateTimeOffset.UnixEpoch), new Random(1));
        _session.Start(_now, Negotiated.With(Signalled), AudioCodecs.All, new SilenceSource(), new NullSink());
    }

    public void Dispose()
    {
        _session.Dispose();
        Assert.Equal(0, _pool.Outstanding);
    }

    // s: signalled address, n: from behind a NAT, o: another; a number is the sequence number, a letter after it the SSRC.
    [Theory]
    [InlineData("", "s")]
    [InlineData("s1 s2", "s")]
    [InlineData("n1", "s")]                         // one packet is not enough
    [InlineData("n1 n2", "n")]
    [InlineData("n1 o2 n3", "s")]                   // nor two that do not follow each other
    [InlineData("n1 o2 n3 n4", "n")]
    [InlineData("n1 n2 o3 o4 o5", "n")]             // latched once
    [InlineData("s1 n2 n3 n4", "s")]
    [InlineData("n1 s2 n3 n4", "s")]                // the signalled address needs no second packet
    [InlineData("n1 n2 o1x o2x o3x", "n")]          // another source from elsewhere is not listened to
    [InlineData("s1 n1x n2x n3x", "s")]
    [InlineData("n1 n2 | o3", "o")]                 // silent for two seconds: its NAT gave it another port
    [InlineData("n1 n2 | o1x o2x", "n")]            // but only the same source
    [InlineData("n1 n2 | o30000", "n")]             // whose numbers follow on
    [InlineData("s1 | n2 n3", "n")]
    public void The_stream_goes_where_it_comes_from(string packets, string expected)
    {
        foreach (string packet in packets.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (packet == "|") _now += TimeSpan.FromSeconds(2.5);
            else Receive(Address(packet[0]), ushort.Parse(packet[1..].TrimEnd('x')), packet.EndsWith('x') ? 2u : 1u);
        }

        Assert.Equal(Address(expected[0]), _session.Statistics.RemoteRtp);
        Assert.Equal(Address(expected[0]), Sent());
    }

    [Fact]
    public void A_stranger_is_counted_and_not_heard()
    {
        for (ushort i = 0; i < 3; i++) Receive(Nat, i, 1);
        long before = _session.Statistics.Rtp.PacketsReceived;
        for (ushort i = 3; i < 10; i++) Receive(Other, i, 1);

        Assert.Equal(7, _session.Statistics.Foreign);
        Assert.Equal(before, _session.Statistics.Rtp.PacketsReceived);
    }

    [Fact]
    public void A_new_address_in_a_negotiation_begins_anew_and_the_same_one_does_not()
    {
        Receive(Nat, 1, 1);
        Receive(Nat, 2, 1);
        _session.Update(Negotiated.With(Signalled, "PCMA"));
        Assert.Equal(Nat, _session.Statistics.RemoteRtp);

        _session.Update(Negotiated.With(Other));
        Assert.Equal(Other, _session.Statistics.RemoteRtp);
        Receive(Nat, 3, 1);
        Receive(Nat, 4, 1);
        Assert.Equal(Nat, _session.Statistics.RemoteRtp);
    }

    [Fact]
    public void Nothing_of_an_unknown_payload_type_latches()
    {
        for (ushort i = 0; i < 5; i++) Receive(Nat, i, 1, payloadType: 77);

        Assert.Equal(Signalled, _session.Statistics.RemoteRtp);
        Assert.Equal(5, _session.Statistics.Discarded);
    }

    [Fact]
    public void Put_on_hold_by_zeros_it_sends_nothing_wherever_packets_come_from()
    {
        _session.Update(Negotiated.With(default, direction: MediaDirection.ReceiveOnly));
        for (ushort i = 0; i < 5; i++) Receive(Nat, i, 1);

        Assert.False(_session.Statistics.RemoteRtp.IsSpecified);
    }

    private void Receive(NetworkAddress from, ushort sequence, uint ssrc, byte payloadType = 0)
    {
        _now += TimeSpan.FromMilliseconds(20);
        byte[] datagram = new byte[172];
        RtpPacket.Write(datagram, new RtpHeader(payloadType, false, sequence, sequence * 160u, ssrc), datagram.AsSpan(12));
        _session.OnRtp(_now, datagram, from);
    }

    /// <summary>Where the next packet goes.</summary>
    private NetworkAddress Sent()
    {
        while (_session.TryTake(out AudioOutput old)) old.Datagram?.Release();
        _now += TimeSpan.FromMilliseconds(20);
        _session.OnDeadline(_now);
        NetworkAddress to = default;
        while (_session.TryTake(out AudioOutput output))
        {
            if (output.Kind == AudioOutputKind.SendRtp) to = output.Remote;
            output.Datagram?.Release();
        }

        return to;
    }

    private static NetworkAddress Address(char letter) => letter switch
    {
        's' => Signalled,
        'n' => Nat,
        _ => Other,
    };
}
