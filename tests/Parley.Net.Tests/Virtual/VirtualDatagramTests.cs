using System.Net.Sockets;
using System.Text;
using Parley.Core;
using Parley.Net.Virtual;

namespace Parley.Net.Tests.Virtual;

public sealed class VirtualDatagramTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_datagram_takes_exactly_as_long_as_its_link()
    {
        var network = new VirtualNetwork(seed: 1) { Conditions = LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(40) } };
        (IDatagramSocket alice, IDatagramSocket bob, DatagramRecorder atBob) = Pair(network);
        network.RunUntil(Instant.Zero + Minute);
        alice.Send("hello"u8, bob.LocalAddress);
        network.RunFor(TimeSpan.FromMilliseconds(40) - TimeSpan.FromTicks(1));
        Assert.Equal(0, atBob.Datagrams.Count);
        network.RunFor(TimeSpan.FromTicks(1));
        Assert.True(atBob.Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram));
        Assert.Equal("hello", Encoding.ASCII.GetString(datagram.Bytes));
        Assert.Equal(alice.LocalAddress, datagram.Remote);
        Assert.Equal(Instant.Zero + Minute + TimeSpan.FromMilliseconds(40), network.Now);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_one_another()
    {
        string one = TraceOf(7), same = TraceOf(7), other = TraceOf(8);
        Assert.Equal(one, same);
        Assert.NotEqual(one, other);
        foreach (DatagramFate fate in (DatagramFate[])[DatagramFate.Delivered, DatagramFate.DeliveredAgain, DatagramFate.Lost])
        {
            Assert.Contains(fate.ToString(), one, StringComparison.Ordinal);
        }

        static string TraceOf(int seed)
        {
            var trace = new StringBuilder();
            var network = new VirtualNetwork(seed)
            {
                Conditions = new LinkConditions { Loss = 0.1, Duplicate = 0.1, Reorder = 0.1, Jitter = TimeSpan.FromMilliseconds(5), BurstStart = 0.01 },
                Tracer = (in DatagramTrace datagram, ReadOnlySpan<byte> bytes) => trace.Append(datagram).Append(bytes[0]).AppendLine(),
            };
            (IDatagramSocket alice, IDatagramSocket bob, _) = Pair(network);
            for (int i = 0; i < 500; i++)
            {
                alice.Send([(byte)i], bob.LocalAddress);
                bob.Send([(byte)i], alice.LocalAddress);
                network.RunFor(TimeSpan.FromMilliseconds(1));
            }

            Assert.True(network.RunUntilIdle(Minute));
            return trace.ToString();
        }
    }

    [Fact]
    public void Loss_duplicates_and_reordering_are_as_frequent_as_asked_for()
    {
        const int Count = 20_000;
        var network = new VirtualNetwork(seed: 3) { Conditions = LinkConditions.Good with { Loss = 0.02, Duplicate = 0.05, Reorder = 0.05 } };
        (IDatagramSocket alice, IDatagramSocket bob, DatagramRecorder atBob) = Pair(network);
        for (int i = 0; i < Count; i++)
        {
            alice.Send(BitConverter.GetBytes(i), bob.LocalAddress);
            network.RunFor(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(network.RunUntilIdle(Minute));
        var numbers = new List<int>();
        while (atBob.Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram)) numbers.Add(BitConverter.ToInt32(datagram.Bytes));
        int distinct = numbers.Distinct().Count();
        int overtaken = numbers.Zip(numbers.Skip(1)).Count(pair => pair.First > pair.Second);
        Assert.InRange(Count - distinct, Count * 0.017, Count * 0.023);
        Assert.InRange(numbers.Count - distinct, Count * 0.044, Count * 0.056);
        Assert.InRange(overtaken, Count * 0.04, Count * 0.12);
        Assert.Equal((Count, numbers.Count), (network.DatagramsSent, network.DatagramsDelivered));
    }

    [Fact]
    public void Bursts_lose_datagrams_that_follow_each_other()
    {
        const int Count = 20_000;
        var lost = new List<bool>();
        var network = new VirtualNetwork(seed: 4)
        {
            Conditions = LinkConditions.Good with { BurstStart = 0.01, BurstEnd = 0.2 },
            Tracer = (in DatagramTrace trace, ReadOnlySpan<byte> _) => lost.Add(trace.Fate == DatagramFate.Lost),
        };
        (IDatagramSocket alice, IDatagramSocket bob, _) = Pair(network);
        for (int i = 0; i < Count; i++)
        {
            alice.Send("x"u8, bob.LocalAddress);
            network.RunFor(TimeSpan.FromMilliseconds(2));
        }

        int losses = lost.Count(isLost => isLost), bursts = lost.Zip(lost.Skip(1)).Count(pair => !pair.First && pair.Second);
        Assert.InRange(losses, Count * 0.03, Count * 0.07);             // 1 / (1 + 0.2 / 0.01)
        Assert.InRange((double)losses / bursts, 4, 6);                  // 1 / 0.2
    }

    [Fact]
    public void Jitter_is_spread_over_its_span_and_nothing_comes_before_the_delay()
    {
        var delays = new List<TimeSpan>();
        var network = new VirtualNetwork(seed: 5)
        {
            Conditions = LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(10) },
            Tracer = (in DatagramTrace trace, ReadOnlySpan<byte> _) => delays.Add(trace.At - trace.SentAt),
        };
        (IDatagramSocket alice, IDatagramSocket bob, _) = Pair(network);
        for (int i = 0; i < 1_000; i++) alice.Send("x"u8, bob.LocalAddress);
        network.RunUntilIdle(Minute);
        Assert.InRange(delays.Min().TotalMilliseconds, 20, 20.2);
        Assert.InRange(delays.Max().TotalMilliseconds, 29.8, 30);
        Assert.InRange(delays.Average(delay => delay.TotalMilliseconds), 24.5, 25.5);
    }

    [Fact]
    public void A_partition_lets_nothing_through_until_it_heals()
    {
        var network = new VirtualNetwork(seed: 6);
        (IDatagramSocket alice, IDatagramSocket bob, DatagramRecorder atBob) = Pair(network);
        network.Partition([network.Hosts[0]], [network.Hosts[1]]);
        alice.Send("cut"u8, bob.LocalAddress);
        network.RunUntilIdle(Minute);
        network.Heal();
        alice.Send("healed"u8, bob.LocalAddress);
        network.RunUntilIdle(Minute);
        Assert.True(atBob.Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram));
        Assert.Equal("healed"u8.ToArray(), datagram.Bytes);
        Assert.False(atBob.Datagrams.TryRead(out _));
    }

    [Fact]
    public void A_host_that_is_down_neither_sends_nor_receives()
    {
        var fates = new List<DatagramFate>();
        var network = new VirtualNetwork(seed: 7) { Tracer = (in DatagramTrace trace, ReadOnlySpan<byte> _) => fates.Add(trace.Fate) };
        (IDatagramSocket alice, IDatagramSocket bob, _) = Pair(network);
        alice.Send("on its way"u8, bob.LocalAddress);
        network.Hosts[1].IsDown = true;
        bob.Send("from nowhere"u8, alice.LocalAddress);
        network.RunUntilIdle(Minute);
        Assert.Equal([DatagramFate.LinkDown, DatagramFate.LinkDown], fates);
    }

    [Fact]
    public void One_link_may_be_worse_than_the_others_and_worse_one_way()
    {
        var network = new VirtualNetwork(seed: 8);
        (IDatagramSocket alice, IDatagramSocket bob, DatagramRecorder atBob) = Pair(network);
        network.SetConditionsOneWay(network.Hosts[0], network.Hosts[1], LinkConditions.Good with { Loss = 1 });
        var atAlice = new DatagramRecorder();
        IDatagramSocket other = network.Hosts[0].Loop.OpenDatagram(Address("192.0.2.1:7000"), atAlice);
        alice.Send("lost"u8, bob.LocalAddress);
        bob.Send("arrives"u8, other.LocalAddress);
        network.RunUntilIdle(Minute);
        Assert.Equal((0, 1), (atBob.Datagrams.Count, atAlice.Datagrams.Count));
    }

    [Fact]
    public void A_closed_port_is_reported_to_the_sender_and_an_unknown_address_is_silent()
    {
        var network = new VirtualNetwork(seed: 9);
        VirtualHost alice = network.AddHost("alice", "192.0.2.1");
        network.AddHost("bob", "192.0.2.2");
        var recorder = new DatagramRecorder();
        IDatagramSocket socket = alice.Loop.OpenDatagram(Address("192.0.2.1:5060"), recorder);
        socket.Send("x"u8, Address("192.0.2.2:9"));
        socket.Send("x"u8, Address("192.0.2.3:9"));
        socket.Send("x"u8, Address("[2001:db8::1]:9"));     // alice has no IPv6 at all, and knows it at once
        socket.Send(new byte[65_508], Address("192.0.2.4:9"));
        Assert.Throws<ArgumentException>(() => socket.Send("x"u8, default));
        network.RunUntilIdle(Minute);
        Assert.True(recorder.Unreachable.TryRead(out NetworkAddress first));
        Assert.True(recorder.Unreachable.TryRead(out NetworkAddress second));
        Assert.True(recorder.Unreachable.TryRead(out NetworkAddress third));
        Assert.Equal((Address("[2001:db8::1]:9"), Address("192.0.2.4:9"), Address("192.0.2.2:9")), (first, second, third));
        Assert.False(recorder.Unreachable.TryRead(out _));
    }

    [Fact]
    public void A_socket_bound_to_no_address_answers_for_all_and_sends_from_one_of_the_family()
    {
        var network = new VirtualNetwork(seed: 10);
        VirtualHost alice = network.AddHost("alice", "192.0.2.1", "2001:db8::1"), bob = network.AddHost("bob", "192.0.2.2", "2001:db8::2");
        DatagramRecorder four = new(), six = new();
        IDatagramSocket aliceFour = alice.Loop.OpenDatagram(Address("0.0.0.0:5060"), new DatagramRecorder()), aliceSix = alice.Loop.OpenDatagram(Address("[::]:5060"), new DatagramRecorder());
        bob.Loop.OpenDatagram(Address("0.0.0.0:5060"), four);
        bob.Loop.OpenDatagram(Address("[::]:5060"), six);
        aliceFour.Send("x"u8, Address("192.0.2.2:5060"));
        aliceSix.Send("x"u8, Address("[2001:db8::2]:5060"));
        network.RunUntilIdle(Minute);
        Assert.True(four.Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram));
        Assert.Equal(Address("192.0.2.1:5060"), datagram.Remote);
        Assert.True(six.Datagrams.TryRead(out datagram));
        Assert.Equal(Address("[2001:db8::1]:5060"), datagram.Remote);
    }

    [Fact]
    public void Loopback_is_each_hosts_own()
    {
        var network = new VirtualNetwork(seed: 11) { Conditions = LinkConditions.Good with { Loss = 1 } };
        DatagramRecorder atAlice = new(), atBob = new();
        IDatagramSocket alice = network.AddHost("alice", "192.0.2.1").Loop.OpenDatagram(Address("127.0.0.1:5060"), atAlice);
        network.AddHost("bob", "192.0.2.2").Loop.OpenDatagram(Address("127.0.0.1:5060"), atBob);
        alice.Send("x"u8, Address("127.0.0.1:5060"));
        network.RunUntilIdle(Minute);
        Assert.Equal((1, 0), (atAlice.Datagrams.Count, atBob.Datagrams.Count));
    }

    [Fact]
    public void Ports_are_refused_as_a_system_does()
    {
        var network = new VirtualNetwork(seed: 12);
        VirtualHost host = network.AddHost("alice", "192.0.2.1", "192.0.2.2");
        var recorder = new DatagramRecorder();
        IDatagramSocket first = host.Loop.OpenDatagram(Address("192.0.2.1:5060"), recorder);
        host.Loop.OpenDatagram(Address("192.0.2.2:5060"), recorder);
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal("192.0.2.1:5060"));
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal("0.0.0.0:5060"));
        Assert.Equal(SocketError.AddressNotAvailable, Refusal("192.0.2.3:5060"));
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal("192.0.2.1:5060", DatagramSharing.Joins));
        first.Dispose();
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal("192.0.2.1:5060", DatagramSharing.Joins));
        IDatagramSocket leader = host.Loop.OpenDatagram(Address("192.0.2.1:5060"), recorder, DatagramSharing.Leads);
        host.AddLoop().OpenDatagram(leader.LocalAddress, recorder, DatagramSharing.Joins);
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal("192.0.2.1:5060"));
        IDatagramSocket any = host.Loop.OpenDatagram(Address("0.0.0.0:0"), recorder), other = host.Loop.OpenDatagram(Address("0.0.0.0:0"), recorder);
        Assert.NotEqual(any.LocalAddress.Port, other.LocalAddress.Port);

        SocketError Refusal(string local, DatagramSharing sharing = DatagramSharing.Exclusive) =>
            Assert.Throws<SocketException>(() => host.Loop.OpenDatagram(Address(local), recorder, sharing)).SocketErrorCode;
    }

    [Fact]
    public void Loops_that_share_a_port_share_its_peers()
    {
        var network = new VirtualNetwork(seed: 13);
        VirtualHost server = network.AddHost("server", "192.0.2.1"), client = network.AddHost("client", "192.0.2.2");
        DatagramRecorder[] recorders = [new(), new(), new()];
        for (int i = 0; i < recorders.Length; i++)
        {
            (i == 0 ? server.Loop : server.AddLoop()).OpenDatagram(Address("192.0.2.1:5060"), recorders[i], i == 0 ? DatagramSharing.Leads : DatagramSharing.Joins);
        }

        IDatagramSocket[] peers = [.. Enumerable.Range(0, 300).Select(_ => client.Loop.OpenDatagram(Address("192.0.2.2:0"), new DatagramRecorder()))];
        foreach (IDatagramSocket peer in peers.Concat(peers)) peer.Send("x"u8, Address("192.0.2.1:5060"));
        network.RunUntilIdle(Minute);
        var owners = new Dictionary<NetworkAddress, int>();
        for (int i = 0; i < recorders.Length; i++)
        {
            Assert.InRange(recorders[i].Datagrams.Count, 100, 300);
            while (recorders[i].Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram))
            {
                Assert.Equal(i, owners.GetValueOrDefault(datagram.Remote, i));
                owners[datagram.Remote] = i;
            }
        }
    }

    [Fact]
    public void What_a_handler_keeps_without_a_copy_is_spoilt_and_what_it_overwrites_is_its_own()
    {
        var network = new VirtualNetwork(seed: 14);
        VirtualHost alice = network.AddHost("alice", "192.0.2.1");
        var overwriting = new Overwriting();
        IDatagramSocket socket = alice.Loop.OpenDatagram(Address("192.0.2.1:1"), overwriting);
        PooledBuffer buffer = network.Buffers.Copy("original"u8);
        socket.Send(buffer, socket.LocalAddress);
        network.RunUntilIdle(Minute);
        Assert.Equal("original"u8, buffer.Span);
        Assert.Equal(1, network.Buffers.Outstanding);
        buffer.Release();
    }

    [Fact]
    public void What_is_left_open_can_be_seen()
    {
        var network = new VirtualNetwork(seed: 15);
        (IDatagramSocket alice, IDatagramSocket bob, _) = Pair(network);
        alice.Send("x"u8, bob.LocalAddress);
        Assert.Equal((2, 1, 1L), (network.OpenSockets, network.DatagramsInFlight, network.Buffers.Outstanding));
        Assert.False(network.RunUntilIdle(TimeSpan.Zero));
        network.Hosts[0].Loop.Dispose();
        network.Hosts[1].Loop.Dispose();
        Assert.True(network.RunUntilIdle(Minute));
        Assert.Equal((0, 0, 0L), (network.OpenSockets, network.DatagramsInFlight, network.Buffers.Outstanding));
        Assert.Contains("seed 15", network.ToString(), StringComparison.Ordinal);
    }

    private static NetworkAddress Address(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new ArgumentException(text);

    private static (IDatagramSocket Alice, IDatagramSocket Bob, DatagramRecorder AtBob) Pair(VirtualNetwork network)
    {
        VirtualHost alice = network.AddHost("alice", "192.0.2.1"), bob = network.AddHost("bob", "192.0.2.2");
        var atBob = new DatagramRecorder();
        return (alice.Loop.OpenDatagram(Address("192.0.2.1:5060"), new DatagramRecorder()), bob.Loop.OpenDatagram(Address("192.0.2.2:5060"), atBob), atBob);
    }

    private sealed class Overwriting : IDatagramHandler
    {
        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) => datagram.Fill((byte)'#');

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
        }
    }
}
