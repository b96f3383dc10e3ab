using Parley.Core;
using Parley.Net.Virtual;

namespace Parley.Net.Tests.Virtual;

public sealed class VirtualStreamTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly NetworkAddress Port = NetworkAddress.FromIPv4(0xC0000202, 5060);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _alice;
    private readonly VirtualHost _bob;
    private readonly StreamRecorder _atAlice = new();
    private readonly StreamRecorder _atBob = new();

    public VirtualStreamTests()
    {
        _alice = _network.AddHost("alice", "192.0.2.1");
        _bob = _network.AddHost("bob", "192.0.2.2");
    }

    [Fact]
    public async Task Bytes_arrive_in_order_whatever_the_link_does_in_whatever_pieces()
    {
        _network.Conditions = new LinkConditions { Loss = 0.2, Jitter = TimeSpan.FromMilliseconds(50), Reorder = 0.2, Duplicate = 0.2 };
        _network.MaxStreamPieceBytes = 7;
        IStreamConnection alice = Connect();
        byte[] bytes = new byte[5_000];
        new Random(1).NextBytes(bytes);
        Assert.True(Send(alice, bytes.AsSpan(0, 1_000)));
        Settle();
        IStreamConnection bob = await _atBob.Connected;
        Assert.Equal((alice.LocalAddress, alice.RemoteAddress), (bob.RemoteAddress, bob.LocalAddress));
        for (int at = 1_000; at < bytes.Length; at += 500) Assert.True(Send(alice, bytes.AsSpan(at, 500)));
        for (int at = 0; at < bytes.Length; at += 500) Assert.True(Send(bob, bytes.AsSpan(at, 500)));
        Settle();
        Loops.AssertSame(bytes, await _atBob.ReadAsync(bytes.Length));
        Loops.AssertSame(bytes, await _atAlice.ReadAsync(bytes.Length));
        alice.Close();
        Settle();
        Assert.Equal(StreamCloseReason.ClosedHere, await _atAlice.Closed);
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _atBob.Closed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task The_handshake_takes_a_round_trip_and_bytes_half_of_one()
    {
        _network.Conditions = LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(30) };
        IStreamConnection alice = Connect();
        Assert.False(alice.LocalAddress.IsSpecified);
        _network.RunUntil(Instant.Zero + TimeSpan.FromMilliseconds(59));
        Assert.False(_atAlice.Connected.IsCompleted);
        _network.RunUntil(Instant.Zero + TimeSpan.FromMilliseconds(60));
        await _atAlice.Connected;
        Send(alice, "x"u8);
        Assert.True(_network.Run(() => _network.Now >= Instant.Zero + TimeSpan.FromMilliseconds(90), Minute));
        Assert.Single(await _atBob.ReadAsync(1));
        alice.Close();
        Settle();
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_port_where_nobody_listens_refuses_and_a_cut_link_answers_nothing()
    {
        _alice.Loop.ConnectStream(Port, _atAlice);
        Settle();
        Assert.Equal(StreamCloseReason.ConnectFailed, await _atAlice.Closed);
        Assert.True(_network.Now < Instant.Zero + TimeSpan.FromSeconds(1));

        _network.Partition([_alice], [_bob]);
        Instant start = _network.Now;
        _alice.Loop.ConnectStream(Port, _atBob);
        Settle();
        Assert.Equal(StreamCloseReason.ConnectFailed, await _atBob.Closed);
        Assert.Equal(TimeSpan.FromSeconds(10), _network.Now - start);
        AssertNothingLeft();
    }

    [Fact]
    public async Task What_is_sent_or_closed_before_the_connection_stands_comes_after_it()
    {
        IStreamConnection alice = Connect();
        Assert.True(Send(alice, "early"u8));
        alice.Close();
        Assert.False(Send(alice, "late"u8));
        Settle();
        Assert.Equal("early"u8.ToArray(), await _atBob.ReadAsync(100));
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _atBob.Closed);
        Assert.Equal(StreamCloseReason.ClosedHere, await _atAlice.Closed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_connection_closed_before_it_stands_is_gone()
    {
        IStreamConnection alice = Connect();
        alice.Close();
        Settle();
        Assert.Equal(StreamCloseReason.ClosedHere, await _atAlice.Closed);
        Assert.False(_atAlice.Connected.IsCompleted);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_partition_delays_and_when_it_lasts_breaks()
    {
        IStreamConnection alice = Connect();
        Settle();
        _network.Partition([_alice], [_bob]);
        Send(alice, "held"u8);
        _network.RunFor(TimeSpan.FromSeconds(20));
        _network.Heal();
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal("held"u8.ToArray(), await _atBob.ReadAsync(4));

        _network.Partition([_alice], [_bob]);
        Send(alice, "lost"u8);
        Assert.True(_network.RunUntilIdle(TimeSpan.FromMinutes(5)));
        Assert.Equal(StreamCloseReason.Failed, await _atAlice.Closed);
        Assert.Equal(StreamCloseReason.Failed, await _atBob.Closed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_broken_connection_is_a_failure_at_both_ends()
    {
        IStreamConnection alice = Connect();
        Settle();
        Send(alice, "on its way"u8);
        VirtualNetwork.Break(alice);
        Assert.False(Send(alice, "x"u8));
        Settle();
        Assert.Equal(StreamCloseReason.Failed, await _atAlice.Closed);
        Assert.Equal(StreamCloseReason.Failed, await _atBob.Closed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task More_than_the_queue_holds_closes_the_connection()
    {
        IStreamConnection alice = Connect();
        Settle();
        _network.Partition([_alice], [_bob]);
        for (int i = 0; i < 16; i++) Assert.True(Send(alice, new byte[65_536]));
        Assert.False(Send(alice, "x"u8));
        _network.Heal();
        Settle();
        Assert.Equal(StreamCloseReason.SendQueueFull, await _atAlice.Closed);
        Assert.Equal(StreamCloseReason.Failed, await _atBob.Closed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task One_that_nobody_wants_is_closed_at_once()
    {
        _bob.Loop.ListenStream(Port, _ => null);
        _alice.Loop.ConnectStream(Port, _atAlice);
        Settle();
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _atAlice.Closed);
        Assert.True(_atAlice.Connected.IsCompleted);
        AssertNothingLeft();
    }

    [Fact]
    public async Task Bytes_for_a_side_that_has_closed_do_not_outrun_its_end()
    {
        IStreamConnection alice = Connect();
        Settle();
        (await _atBob.Connected).Close();
        Send(alice, "too late"u8);
        Settle();
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _atAlice.Closed);
        Assert.Equal(1, _atAlice.TimesClosed);
        AssertNothingLeft();
    }

    [Fact]
    public async Task Connections_end_with_their_loop()
    {
        IStreamConnection alice = Connect();
        Settle();
        Send(alice, "last words"u8);
        _alice.Loop.Dispose();
        Assert.Equal(1, _atAlice.TimesClosed);
        Settle();
        Assert.Equal("last words"u8.ToArray(), await _atBob.ReadAsync(100));
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _atBob.Closed);
        AssertNothingLeft();
    }

    private IStreamConnection Connect()
    {
        _bob.Loop.ListenStream(Port, _ => _atBob);
        return _alice.Loop.ConnectStream(Port, _atAlice);
    }

    private bool Send(IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = _network.Buffers.Copy(bytes);
        bool isQueued = connection.Send(buffer);
        buffer.Release();
        return isQueued;
    }

    private void Settle() => Assert.True(_network.RunUntilIdle(Minute), _network.ToString());

    private void AssertNothingLeft() => Assert.True(_network is { OpenConnections: 0, Buffers.Outstanding: 0, ScheduledTimers: 0 }, _network.ToString());
}
