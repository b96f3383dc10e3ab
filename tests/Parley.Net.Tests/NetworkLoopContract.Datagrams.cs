using System.Net.Sockets;
using Parley.Core;

namespace Parley.Net.Tests;

public abstract partial class NetworkLoopContract
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_datagram_arrives_with_its_bytes_and_its_sender(string host)
    {
        Assert.True(NetworkAddress.TryParseHost(host, 0, out NetworkAddress local));
        NetworkLoop loop = Start();
        DatagramRecorder one = new(), other = new();
        IDatagramSocket sender = loop.OpenDatagram(local, one), receiver = loop.OpenDatagram(local, other);
        Assert.NotEqual(0, sender.LocalAddress.Port);
        await loop.RunAsync(() =>
        {
            sender.Send("span"u8, receiver.LocalAddress);
            PooledBuffer buffer = _buffers.Copy("buffer"u8);
            sender.Send(buffer, receiver.LocalAddress);
            buffer.Release();
            sender.Send([], receiver.LocalAddress);
            sender.Send(Bytes(60_000, 1), receiver.LocalAddress);
        });
        foreach (byte[] expected in (byte[][])["span"u8.ToArray(), "buffer"u8.ToArray(), [], Bytes(60_000, 1)])
        {
            (byte[] bytes, NetworkAddress remote) = await other.Datagrams.NextAsync();
            Loops.AssertSame(expected, bytes);
            Assert.Equal(sender.LocalAddress, remote);
        }

        await loop.RunAsync(() =>
        {
            Assert.Equal(4, loop.Counters.DatagramsSent);
            Assert.Equal(4, loop.Counters.DatagramsReceived);
            Assert.Equal(60_010, loop.Counters.DatagramBytesSent);
            Assert.Equal(60_010, loop.Counters.DatagramBytesReceived);
        });
    }

    /// <summary>All members get it, and it comes from a machine.</summary>
    [Fact]
    public async Task A_datagram_to_a_group_reaches_its_members()
    {
        NetworkAddress local = Loops.Loopback();
        NetworkLoop one = Start(), other = Start();
        DatagramRecorder first = new(), second = new();
        IDatagramSocket unicast = one.OpenDatagram(local, new DatagramRecorder());      // a port that nobody has
        NetworkAddress group = NetworkAddress.FromIPv4(0xEFFF4D01, unicast.LocalAddress.Port);     // 239.255.77.1
        IDatagramSocket member = one.OpenDatagram(group, first, groupInterface: local);
        other.OpenDatagram(group, second, groupInterface: local);
        await one.RunAsync(() =>
        {
            member.SetTimeToLive(2);
            member.Send("to all"u8, group);
        });
        foreach (DatagramRecorder recorder in (DatagramRecorder[])[first, second])
        {
            (byte[] bytes, NetworkAddress from) = await recorder.Datagrams.NextAsync();
            Assert.Equal("to all"u8.ToArray(), bytes);
            Assert.Equal(local.WithPort(group.Port), from);
        }
    }

    [Fact]
    public async Task Datagrams_cross_between_loops_and_keep_their_order()
    {
        NetworkLoop one = Start(), other = Start();
        var recorder = new DatagramRecorder();
        IDatagramSocket sender = one.OpenDatagram(Loops.Loopback(), new DatagramRecorder()), receiver = other.OpenDatagram(Loops.Loopback(), recorder);
        for (int round = 0; round < 10; round++)
        {
            await one.RunAsync(() =>
            {
                for (int i = 0; i < 150; i++) sender.Send(BitConverter.GetBytes((round * 150) + i), receiver.LocalAddress);
            });
            for (int i = 0; i < 150; i++) Assert.Equal((round * 150) + i, BitConverter.ToInt32((await recorder.Datagrams.NextAsync()).Bytes));
        }
    }

    [Fact]
    public async Task A_port_in_use_and_a_foreign_address_are_refused_at_once()
    {
        NetworkLoop loop = Start();
        using IDatagramSocket socket = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder());
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal(() => loop.OpenDatagram(socket.LocalAddress, new DatagramRecorder())));
        Assert.Equal(SocketError.AddressNotAvailable, Refusal(() => loop.OpenDatagram(NetworkAddress.FromIPv4(0xC0000201, 0), new DatagramRecorder())));

        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => null);
        Assert.Equal(SocketError.AddressAlreadyInUse, Refusal(() => loop.ListenStream(listener.LocalAddress, _ => null)));
        await loop.RunAsync(() => { });
    }

    [Fact]
    public void Both_families_have_the_same_port()
    {
        NetworkLoop loop = Start();
        using IDatagramSocket four = loop.OpenDatagram(NetworkAddress.FromIPv4(0, 0), new DatagramRecorder());
        using IDatagramSocket six = loop.OpenDatagram(NetworkAddress.FromBytes(new byte[16], four.LocalAddress.Port), new DatagramRecorder());
        Assert.Equal(four.LocalAddress.Port, six.LocalAddress.Port);
        using IStreamListener listener = loop.ListenStream(NetworkAddress.FromIPv4(0, 0), _ => null);
        using IStreamListener other = loop.ListenStream(NetworkAddress.FromBytes(new byte[16], listener.LocalAddress.Port), _ => null);
    }

    [Fact]
    public async Task A_disposed_socket_has_sent_what_it_was_given_hears_nothing_more_and_frees_its_port()
    {
        NetworkLoop loop = Start();
        DatagramRecorder one = new(), other = new();
        IDatagramSocket sender = loop.OpenDatagram(Loops.Loopback(), one), receiver = loop.OpenDatagram(Loops.Loopback(), other);
        await loop.RunAsync(() =>
        {
            sender.Send("last"u8, receiver.LocalAddress);
            sender.Dispose();
            sender.Dispose();
            sender.Send("never"u8, receiver.LocalAddress);
            sender = loop.OpenDatagram(sender.LocalAddress, one);
            sender.Send("again"u8, receiver.LocalAddress);
        });
        Assert.Equal("last"u8.ToArray(), (await other.Datagrams.NextAsync()).Bytes);
        Assert.Equal("again"u8.ToArray(), (await other.Datagrams.NextAsync()).Bytes);
        Assert.Equal(1, loop.Counters.DatagramsDropped);

        sender.Dispose();       // on this thread: done by the loop
        await loop.UntilAsync(() =>
        {
            try
            {
                loop.OpenDatagram(sender.LocalAddress, one).Dispose();
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_socket_disposed_by_its_handler_gets_no_more_of_the_batch()
    {
        NetworkLoop loop = Start();
        var recorder = new DatagramRecorder { Inspect = (socket, _, _) => socket.Dispose() };
        IDatagramSocket sender = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder()), receiver = loop.OpenDatagram(Loops.Loopback(), recorder);
        await loop.RunAsync(() =>
        {
            for (int i = 0; i < 10; i++) sender.Send("x"u8, receiver.LocalAddress);
        });
        await recorder.Datagrams.NextAsync();
        await loop.RunAsync(() => Assert.False(recorder.Datagrams.TryRead(out _)));
    }

    [Fact]
    public async Task An_exception_of_a_handler_loses_that_datagram_alone()
    {
        NetworkLoop loop = Start();
        var recorder = new DatagramRecorder { Inspect = (_, bytes, _) => Assert.NotEqual(3, bytes[0]) };
        IDatagramSocket sender = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder()), receiver = loop.OpenDatagram(Loops.Loopback(), recorder);
        await loop.RunAsync(() =>
        {
            for (byte i = 0; i < 6; i++) sender.Send([i], receiver.LocalAddress);
        });
        foreach (byte expected in (byte[])[0, 1, 2, 4, 5]) Assert.Equal(expected, (await recorder.Datagrams.NextAsync()).Bytes[0]);
        Assert.Equal(1, loop.Counters.Faults);
        Assert.Single(_faults);
        _faults.Clear();
    }

    [Fact]
    public async Task A_datagram_that_the_system_refuses_is_reported_and_the_others_go_out()
    {
        NetworkLoop loop = Start();
        DatagramRecorder one = new(), other = new();
        IDatagramSocket sender = loop.OpenDatagram(Loops.Loopback(), one), receiver = loop.OpenDatagram(Loops.Loopback(), other);
        NetworkAddress six = NetworkAddress.FromBytes(System.Net.IPAddress.IPv6Loopback.GetAddressBytes(), 5060);
        await loop.RunAsync(() =>
        {
            sender.Send("before"u8, receiver.LocalAddress);
            sender.Send(new byte[65_530], receiver.LocalAddress);      // more than fits into a datagram
            sender.Send("six"u8, six);                                 // of a family that the socket is not
            sender.Send("after"u8, receiver.LocalAddress);
        });
        Assert.Equal("before"u8.ToArray(), (await other.Datagrams.NextAsync()).Bytes);
        Assert.Equal("after"u8.ToArray(), (await other.Datagrams.NextAsync()).Bytes);
        Assert.Equal(receiver.LocalAddress, await one.Unreachable.NextAsync());
        Assert.Equal(six, await one.Unreachable.NextAsync());
        Assert.Equal(2, loop.Counters.DatagramsRefused);
    }

    [Fact]
    public async Task A_busy_socket_starves_neither_others_nor_timers_nor_posted_work()
    {
        NetworkLoop loop = Start();
        bool stop = false;
        int echoes = 0;
        IDatagramSocket busy = null!;
        busy = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder
        {
            Inspect = (socket, _, _) =>
            {
                echoes++;
                if (!stop) socket.Send("busy"u8, socket.LocalAddress);
            },
        });
        var quiet = new DatagramRecorder();
        IDatagramSocket other = loop.OpenDatagram(Loops.Loopback(), quiet);
        var timer = new TaskCompletionSource();
        await loop.RunAsync(() =>
        {
            for (int i = 0; i < 500; i++) busy.Send("busy"u8, busy.LocalAddress);
        });
        await loop.UntilAsync(() => echoes > 1_000);
        await loop.RunAsync(() =>
        {
            other.Send("quiet"u8, other.LocalAddress);
            loop.Schedule(new Timer(_ => timer.SetResult()), loop.Now + TimeSpan.FromMilliseconds(5));
        });
        await quiet.Datagrams.NextAsync();
        await timer.Task.WaitAsync(Loops.Limit);
        int before = await loop.RunAsync(() => echoes);
        await loop.UntilAsync(() => echoes > before + 1_000);
        await loop.RunAsync(() => stop = true);
    }

    [Fact]
    public async Task What_is_queued_when_the_loop_ends_is_sent()
    {
        NetworkLoop one = Start(), other = Start();
        var recorder = new DatagramRecorder();
        IDatagramSocket sender = one.OpenDatagram(Loops.Loopback(), new DatagramRecorder()), receiver = other.OpenDatagram(Loops.Loopback(), recorder);
        await one.RunAsync(() =>
        {
            for (int i = 0; i < 10; i++) sender.Send("x"u8, receiver.LocalAddress);
            one.Dispose();
        });
        for (int i = 0; i < 10; i++) await recorder.Datagrams.NextAsync();
    }

    [Fact]
    public async Task A_datagram_to_no_address_is_the_callers_mistake()
    {
        NetworkLoop loop = Start();
        using IDatagramSocket socket = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder());
        await loop.RunAsync(() => Assert.Throws<ArgumentException>(() => socket.Send("x"u8, default)));
    }

    private static SocketError Refusal(Func<IDisposable> open) => Assert.Throws<SocketException>(() => open().Dispose()).SocketErrorCode;
}
