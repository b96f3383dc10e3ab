using System.Net.Sockets;
using System.Text;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>The Linux engine: the contract, and what only it does.</summary>
public sealed class EpollLoopTests() : NetworkLoopContract(NetworkEngine.Epoll)
{
    [Fact]
    public void Linux_gets_this_engine_by_itself()
    {
        NetworkLoop loop = Start(options => options with { Engine = NetworkEngine.Automatic });
        Assert.True(loop.CanShareDatagramPorts);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_closed_port_is_reported_and_disturbs_no_other_datagram(string host)
    {
        Assert.True(NetworkAddress.TryParseHost(host, 0, out NetworkAddress local));
        NetworkLoop loop = Start();
        DatagramRecorder one = new(), other = new();
        IDatagramSocket sender = loop.OpenDatagram(local, one), receiver = loop.OpenDatagram(local, other), closed = loop.OpenDatagram(local, new DatagramRecorder());
        await loop.RunAsync(closed.Dispose);
        const int Count = 40;
        await loop.RunAsync(() =>
        {
            for (byte i = 0; i < Count; i++)
            {
                sender.Send("x"u8, closed.LocalAddress);
                sender.Send([i], receiver.LocalAddress);
            }
        });
        for (byte i = 0; i < Count; i++) Assert.Equal(i, (await other.Datagrams.NextAsync()).Bytes[0]);
        Assert.Equal(closed.LocalAddress, await one.Unreachable.NextAsync());
        await loop.RunAsync(() =>
        {
            Assert.Equal(0, loop.Counters.DatagramsRefused);
            Assert.Equal(2 * Count, loop.Counters.DatagramsSent);
            while (one.Unreachable.TryRead(out NetworkAddress remote)) Assert.Equal(closed.LocalAddress, remote);
        });
    }

    [Fact]
    public async Task What_comes_to_a_busy_loop_is_received_by_another_one()
    {
        const int Peers = 200;
        using var release = new ManualResetEventSlim();
        NetworkLoop busy = Start(), free = Start(), client = Start();
        var isHeld = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DatagramRecorder slow = new()
        {
            Inspect = (_, _, _) =>
            {
                isHeld.TrySetResult();
                release.Wait(TimeSpan.FromSeconds(30));
            },
        };
        DatagramRecorder other = new();
        IDatagramSocket first = busy.OpenDatagram(Tests.Loops.Loopback(), slow, DatagramSharing.Leads);
        free.OpenDatagram(first.LocalAddress, other, DatagramSharing.Joins);
        IDatagramSocket[] peers = [.. Enumerable.Range(0, Peers).Select(_ => client.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder()))];
        using (new LoopWatch([busy, free]))
        {
            // One after the other, until one of them holds the busy loop up.
            for (int i = 0; !isHeld.Task.IsCompleted; i++)
            {
                Assert.True(i < Peers, "The system gave the busy loop nothing.");
                await client.RunAsync(() => peers[i].Send([0], first.LocalAddress));
                await Task.WhenAny(isHeld.Task, other.Datagrams.WaitToReadAsync().AsTask());
                other.Datagrams.TryRead(out _);
            }

            await client.RunAsync(() =>
            {
                for (byte i = 0; i < Peers; i++) peers[i].Send([i], first.LocalAddress);
            });
            var received = new HashSet<byte>();
            while (received.Count < Peers) received.Add((await other.Datagrams.NextAsync()).Bytes[0]);
            Assert.False(slow.Datagrams.TryRead(out _));
            release.Set();
            Assert.Equal(0, (await slow.Datagrams.NextAsync()).Bytes[0]);
        }
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Many_datagrams_to_one_receiver_arrive_each_on_its_own_and_in_order(string host)
    {
        Assert.True(NetworkAddress.TryParseHost(host, 0, out NetworkAddress local));
        NetworkLoop loop = Start(options => options with { MergesDatagrams = true }), receiving = Start();
        DatagramRecorder one = new(), other = new();
        IDatagramSocket sender = loop.OpenDatagram(local, new DatagramRecorder());
        IDatagramSocket first = receiving.OpenDatagram(local, one), second = receiving.OpenDatagram(local, other);
        var random = new Random(5);
        int[] lengths = [1, 2, 400, 400, 1200, 1201, 1500];
        List<byte[]>[] sent = [[], []];
        for (int round = 0; round < 20; round++)
        {
            await loop.RunAsync(() =>
            {
                int which = 0, length = 400;
                for (int i = random.Next(10, 150); i > 0; i--)
                {
                    if (random.Next(8) == 0) which = random.Next(2);
                    if (random.Next(6) == 0) length = lengths[random.Next(lengths.Length)];
                    byte[] datagram = new byte[length];
                    random.NextBytes(datagram);
                    sent[which].Add(datagram);
                    sender.Send(datagram, which == 0 ? first.LocalAddress : second.LocalAddress);
                }
            });
            foreach (byte[] datagram in sent[0]) Assert.Equal(datagram, (await one.Datagrams.NextAsync()).Bytes);
            foreach (byte[] datagram in sent[1]) Assert.Equal(datagram, (await other.Datagrams.NextAsync()).Bytes);
            sent[0].Clear();
            sent[1].Clear();
        }

        await loop.RunAsync(() => Assert.Equal((0, 0), (loop.Counters.DatagramsRefused, loop.Counters.DatagramsDropped)));
    }

    [Fact]
    public async Task Loops_that_share_a_port_share_its_peers()
    {
        const int Loops = 3, Peers = 64;
        NetworkLoop[] loops = [.. Enumerable.Range(0, Loops).Select(_ => Start())];
        DatagramRecorder[] recorders = [.. loops.Select(_ => new DatagramRecorder())];
        var shared = new IDatagramSocket[Loops];
        shared[0] = loops[0].OpenDatagram(Tests.Loops.Loopback(), recorders[0], DatagramSharing.Leads);
        for (int i = 1; i < Loops; i++) shared[i] = loops[i].OpenDatagram(shared[0].LocalAddress, recorders[i], DatagramSharing.Joins);
        Assert.All(shared, socket => Assert.Equal(shared[0].LocalAddress, socket.LocalAddress));

        NetworkLoop client = Start();
        for (int round = 0; round < 2; round++)
        {
            IDatagramSocket[] peers = [.. Enumerable.Range(0, Peers).Select(_ => client.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder()))];
            await client.RunAsync(() =>
            {
                foreach (IDatagramSocket peer in peers)
                {
                    peer.Send("1"u8, shared[0].LocalAddress);
                    peer.Send("2"u8, shared[0].LocalAddress);
                }
            });
            await loops[0].UntilAsync(() => loops.Sum(loop => loop.Counters.DatagramsReceived) == 2 * Peers * (round + 1));
            await client.RunAsync(() =>
            {
                foreach (IDatagramSocket peer in peers) peer.Dispose();
            });
        }

        // Who got a peer's first datagram got its second, too; and each loop got some.
        foreach (NetworkLoop loop in loops) await loop.RunAsync(() => { });
        var owners = new Dictionary<NetworkAddress, int>();
        for (int i = 0; i < Loops; i++)
        {
            Assert.True(recorders[i].Datagrams.Count > 0);
            while (recorders[i].Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram))
            {
                Assert.Equal(i, owners.GetValueOrDefault(datagram.Remote, i));
                owners[datagram.Remote] = i;
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(255)]
    public async Task What_begins_something_is_thinned_out_by_its_field_and_all_else_comes(int kept)
    {
        NetworkLoop server = Start(), client = Start();
        var recorder = new DatagramRecorder();
        IDatagramSocket socket = server.OpenDatagram(Tests.Loops.Loopback(), recorder);
        var field = new FieldSteering("Call-ID");
        Assert.True(socket.TryThin(new DatagramThinning { Field = field, Starts = ["INVI", "REGI", "OPTI", "SUBS", "MESS", "PUBL", "REFE"], Mark = ";tag=", Kept = 13 }));
        Assert.True(socket.TryThin(new DatagramThinning { Field = field, Starts = ["INVI", "REGI"], Mark = ";tag=", Kept = kept }));       // in its place
        List<string> expected = [], sent = [];
        for (int i = 0; i < 600; i++)
        {
            string vias = $"Via: SIP/2.0/UDP h;branch={new string('b', i % 60)}\r\n", id = $"Call-ID: {i}\r\nCSeq: 1 X\r\nContact: <sip:a@127.0.0.1:5060>\r\nContent-Length: 0\r\n\r\n";
            string beginning = $"{(i % 2 == 0 ? "INVITE" : "REGISTER")} sip:a@b SIP/2.0\r\n{vias}From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n{id}";
            bool isKept = field.SocketOf(Encoding.ASCII.GetBytes($"{i}"), DatagramThinning.Parts) < kept;
            string inDialog = $"INVITE sip:a@b SIP/2.0\r\n{vias}From: <sip:a@b>;tag={i}\r\nTo: <sip:c@d>;tag=\r\n{id}";
            string other = (i % 4) switch { 0 => $"BYE sip:a@b SIP/2.0\r\n{id}", 1 => $"SIP/2.0 200 OK\r\n{vias}{id}", 2 => $"INVITE sip:a@b SIP/2.0\r\n{vias}i: {i}\r\n\r\n", _ => new string('x', i % 16) };
            sent.AddRange([beginning, inDialog, other]);
            expected.AddRange(isKept ? [beginning, inDialog, other] : [inDialog, other]);
        }

        IDatagramSocket peer = client.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder());
        List<string> came = [];
        foreach (string[] part in sent.Chunk(48))
        {
            await client.RunAsync(() => Array.ForEach([.. part, "end"], text => peer.Send(Encoding.ASCII.GetBytes(text), socket.LocalAddress)));
            for (string text = ""; text != "end";)
            {
                text = Encoding.ASCII.GetString((await recorder.Datagrams.NextAsync()).Bytes);
                if (text != "end") came.Add(text);
            }
        }

        Assert.Equal(expected, came);
        Assert.True(socket.TryThin(null));
        await client.RunAsync(() => peer.Send(Encoding.ASCII.GetBytes(sent[0]), socket.LocalAddress));
        Assert.Equal(sent[0], Encoding.ASCII.GetString((await recorder.Datagrams.NextAsync()).Bytes));
    }

    [Fact]
    public async Task Loops_that_share_a_port_get_what_has_the_field_that_is_theirs()
    {
        const int Loops = 3;
        NetworkLoop[] loops = [.. Enumerable.Range(0, Loops).Select(_ => Start())];
        DatagramRecorder[] recorders = [.. loops.Select(_ => new DatagramRecorder())];
        IDatagramSocket leader = loops[0].OpenDatagram(Tests.Loops.Loopback(), recorders[0], DatagramSharing.Leads);
        for (int i = 1; i < Loops; i++) loops[i].OpenDatagram(leader.LocalAddress, recorders[i], DatagramSharing.Joins);
        var steering = new FieldSteering("Call-ID");
        Assert.True(leader.TrySteer(steering, Loops));

        // From one peer alone, at each place that a four-byte search may stumble over, with values shorter and longer than what counts.
        string[] names = ["Call-ID: ", "call-id:", "CALL-ID: ", "Call-Id:"];
        List<string> found = [], notFound = [];
        for (int i = 0; i < 300; i++)
        {
            string value = $"{i}{new string((char)('a' + (i % 26)), i % 80)}@{i}";
            found.Add(Text(i, names[i % names.Length] + value));
        }

        found.AddRange(Enumerable.Range(0, 40).Select(i => Text(380, $"Call-ID: {i}")));
        notFound.AddRange(Enumerable.Range(0, 20).Select(i => Text(i, $"i: {i}")));                             // the compact form
        notFound.AddRange(Enumerable.Range(0, 20).Select(i => Text(i, $"X-Call-ID: {i}")));                     // another field
        notFound.AddRange(Enumerable.Range(0, 20).Select(i => Text(i, $"Call-IDs: {i}")));
        notFound.AddRange(Enumerable.Range(0, 20).Select(i => Text(2000 + i, $"Call-ID: {i}")));                // too far behind
        notFound.AddRange(["", "\r\n\r\n", "\nCall-ID: 1", new string('x', 24) + "\nCall-ID", new string('x', 1023)]);

        NetworkLoop client = Start();
        IDatagramSocket peer = client.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder());
        foreach (string[] part in found.Concat(notFound).Chunk(50))
        {
            long before = loops.Sum(loop => loop.Counters.DatagramsReceived);
            await client.RunAsync(() => Array.ForEach(part, text => peer.Send(Encoding.ASCII.GetBytes(text), leader.LocalAddress)));
            await loops[0].UntilAsync(() => loops.Sum(loop => loop.Counters.DatagramsReceived) == before + part.Length);
        }

        foreach (NetworkLoop loop in loops) await loop.RunAsync(() => { });
        var owners = new HashSet<int>();
        for (int i = 0; i < Loops; i++)
        {
            int steered = 0;
            while (recorders[i].Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) datagram))
            {
                string text = Encoding.ASCII.GetString(datagram.Bytes);
                if (found.Remove(text))
                {
                    string value = text.Split("\n")[1].Split(':', 2)[1].Trim();
                    Assert.Equal(steering.SocketOf(Encoding.ASCII.GetBytes(value), Loops), i);
                    steered++;
                }
                else if (text.Length > 100)     // what is cut off within the search may as well be the first socket's
                {
                    Assert.True(notFound.Remove(text), text);
                    owners.Add(i);
                }
            }

            Assert.InRange(steered, 50, 200);
        }

        Assert.Empty(found);
        Assert.Single(owners);      // by its address, as without steering

        static string Text(int fill, string field) => $"OPTIONS sip:all-callers@call-id.example SIP/2.0 {new string('a', fill)}\n{field}\nCSeq: 1 OPTIONS and 32 bytes more of something\n";
    }

    [Fact]
    public async Task A_fault_over_an_error_leaves_no_datagram_lying()
    {
        NetworkLoop loop = Start();
        var handler = new ThrowsWhenUnreachable();
        IDatagramSocket socket = loop.OpenDatagram(Tests.Loops.Loopback(), handler);
        IDatagramSocket peer = loop.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder());
        IDatagramSocket closed = loop.OpenDatagram(Tests.Loops.Loopback(), new DatagramRecorder());
        await loop.RunAsync(closed.Dispose);
        await loop.RunAsync(() => { });

        // Both are sent when the round ends: the next wait finds an error and a datagram at once.
        await loop.RunAsync(() =>
        {
            peer.Send("here"u8, socket.LocalAddress);
            socket.Send("nobody"u8, closed.LocalAddress);
        });
        await handler.Heard.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await loop.UntilAsync(() => loop.Counters.Faults == 1);
        Faults.Clear();
    }

    [Fact]
    public void A_port_in_use_can_neither_be_led_nor_joined()
    {
        NetworkLoop loop = Start();
        using IDatagramSocket exclusive = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder());
        foreach (DatagramSharing sharing in Enum.GetValues<DatagramSharing>())
        {
            var refusal = Assert.Throws<SocketException>(() => loop.OpenDatagram(exclusive.LocalAddress, new DatagramRecorder(), sharing));
            Assert.Equal(SocketError.AddressAlreadyInUse, refusal.SocketErrorCode);
        }

        using IDatagramSocket leader = loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder(), DatagramSharing.Leads);
        Assert.Throws<SocketException>(() => loop.OpenDatagram(leader.LocalAddress, new DatagramRecorder(), DatagramSharing.Leads));
        Assert.Throws<SocketException>(() => loop.OpenDatagram(leader.LocalAddress, new DatagramRecorder()));
    }

    [Fact]
    public async Task Datagrams_work_and_timers_allocate_nothing_in_the_steady_state()
    {
        NetworkLoop loop = Start();
        var echo = new Echo();
        IDatagramSocket one = loop.OpenDatagram(Loops.Loopback(), echo), other = loop.OpenDatagram(NetworkAddress.FromBytes(System.Net.IPAddress.IPv6Loopback.GetAddressBytes(), 0), echo);
        var tick = new Tick(loop);
        await loop.RunAsync(() =>
        {
            byte[] request = new byte[600];
            for (int i = 0; i < 20; i++)
            {
                one.Send(request, one.LocalAddress);
                other.Send(request, other.LocalAddress);
            }

            loop.Schedule(tick, loop.Now);
        });
        await loop.UntilAsync(() => echo.Count > 20_000);

        await loop.RunAsync(() => tick.StartMeasuring(20_000));
        long allocatedBytes = await tick.AllocatedBytes.WaitAsync(Loops.Limit);
        await loop.RunAsync(() => echo.Stop = true);
        Assert.Equal(0, allocatedBytes);
    }

    [Fact]
    public async Task A_stream_allocates_nothing_in_the_steady_state()
    {
        NetworkLoop loop = Start();
        var server = new StreamEcho(loop);
        var client = new StreamEcho(loop);
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => server);
        IStreamConnection connection = await loop.RunAsync(() => loop.ConnectStream(listener.LocalAddress, client));
        await loop.RunAsync(() => Send(connection, new byte[600]));
        await loop.UntilAsync(() => client.Count > 2_000);
        await loop.RunAsync(() => client.StopAt = client.Count + 5_000);
        Assert.Equal(0, await client.AllocatedBytes.WaitAsync(Loops.Limit));
        await loop.RunAsync(connection.Close);
    }

    [Fact]
    public async Task A_loop_out_of_descriptors_stops_accepting_for_a_while_and_goes_on()
    {
        // The limit is the process's; what is checked here is the pause: the listener waits and is then asked again.
        NetworkLoop loop = Start();
        var listener = new PausingListener(loop);
        await loop.RunAsync(() =>
        {
            listener.Begin();
            listener.PauseNow();
        });
        Assert.Equal([false, true], listener.Interests.Take(await UntilCountAsync(loop, listener.Interests, 2)));
        await loop.RunAsync(listener.Dispose);
    }

    private static async Task<int> UntilCountAsync(NetworkLoop loop, List<bool> list, int count)
    {
        await loop.UntilAsync(() => list.Count >= count);
        return count;
    }

    private sealed class Echo : IDatagramHandler
    {
        public long Count { get; private set; }

        public bool Stop { get; set; }

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
        {
            Count++;
            if (!Stop) socket.Send(datagram, remote);
        }

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
        }
    }

    /// <summary>A timer that never rests, and measures the thread that it runs on.</summary>
    private sealed class Tick(NetworkLoop loop) : LoopTimer
    {
        private readonly TaskCompletionSource<long> _allocatedBytes = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _until = long.MaxValue;
        private long _before = -1;

        public Task<long> AllocatedBytes => _allocatedBytes.Task;

        public void StartMeasuring(long datagrams) => _until = loop.Counters.DatagramsReceived + datagrams;

        public override void OnDeadline(Instant now)
        {
            if (_until < long.MaxValue && _before < 0) _before = GC.GetAllocatedBytesForCurrentThread();
            if (loop.Counters.DatagramsReceived >= _until) _allocatedBytes.SetResult(GC.GetAllocatedBytesForCurrentThread() - _before);
            else loop.Schedule(this, now + TimeSpan.FromMilliseconds(1));
        }
    }

    private sealed class StreamEcho(NetworkLoop loop) : IStreamHandler
    {
        private readonly TaskCompletionSource<long> _allocatedBytes = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _before = -1;

        public long Count { get; private set; }

        public long StopAt { get; set; }

        public Task<long> AllocatedBytes => _allocatedBytes.Task;

        public void OnConnected(Instant now, IStreamConnection connection)
        {
        }

        public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes)
        {
            Count++;
            if (StopAt > 0 && _before < 0) _before = GC.GetAllocatedBytesForCurrentThread();
            if (Count == StopAt)
            {
                _allocatedBytes.SetResult(GC.GetAllocatedBytesForCurrentThread() - _before);
                return;
            }

            PooledBuffer buffer = loop.Buffers.Copy(bytes);
            connection.Send(buffer);
            buffer.Release();
        }

        public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason)
        {
        }
    }

    private sealed class PausingListener(NetworkLoop loop) : Streams.StreamListener(loop, default)
    {
        public List<bool> Interests { get; } = [];

        public void PauseNow() => Pause();

        protected override void Register()
        {
        }

        protected override void SetInterest(bool wanted) => Interests.Add(wanted);

        protected override void CloseSocket()
        {
        }
    }

    private sealed class ThrowsWhenUnreachable : IDatagramHandler
    {
        public TaskCompletionSource Heard { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) => Heard.TrySetResult();

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote) => throw new InvalidOperationException("unreachable");
    }
}
