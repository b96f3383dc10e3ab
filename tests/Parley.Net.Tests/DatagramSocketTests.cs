using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>What a datagram socket does when the system does not take everything at once: a loopback always does.</summary>
public sealed class DatagramSocketTests : IDisposable
{
    private readonly BufferPool _buffers = new();
    private readonly NetworkLoop _loop;
    private readonly DatagramRecorder _recorder = new();

    public DatagramSocketTests()
    {
        _loop = NetworkLoop.Start(new NetworkLoopOptions { Buffers = _buffers, DatagramQueueCapacity = 100 });
    }

    [Fact]
    public async Task What_the_system_does_not_take_waits_until_the_socket_is_writable()
    {
        var socket = new ScriptedSocket(_loop, _recorder, capacity: 3);
        await _loop.RunAsync(() => Send(socket, 0, 10));
        await _loop.RunAsync(() =>
        {
            Assert.Equal([0, 1, 2], socket.Taken);
            Assert.True(socket.WantsToWrite);
            Send(socket, 10, 5);        // does not ask the system in vain
            Assert.Equal(3, socket.Taken.Count);
            socket.Capacity = 100;
            socket.BecomeWritable();
            Assert.Equal(Enumerable.Range(0, 15), socket.Taken);
            Assert.False(socket.WantsToWrite);
        });
    }

    [Fact]
    public async Task What_does_not_fit_into_the_queue_is_dropped_and_counted()
    {
        var socket = new ScriptedSocket(_loop, _recorder, capacity: 0);
        await _loop.RunAsync(() =>
        {
            Send(socket, 0, 150);
            Assert.Equal(50, _loop.Counters.DatagramsDropped);
            Assert.Equal(100, _buffers.Outstanding);
            socket.Capacity = 1_000;
            socket.BecomeWritable();
            Assert.Equal(Enumerable.Range(0, 100), socket.Taken);
        });
    }

    [Fact]
    public async Task A_full_batch_goes_out_before_the_round_ends()
    {
        var socket = new ScriptedSocket(_loop, _recorder, capacity: 1_000);
        await _loop.RunAsync(() =>
        {
            Send(socket, 0, 63);
            Assert.Empty(socket.Taken);
            Send(socket, 63, 2);
            Assert.Equal(64, socket.Taken.Count);
        });
        await _loop.RunAsync(() => Assert.Equal(65, socket.Taken.Count));
    }

    [Fact]
    public async Task What_the_system_refuses_is_reported_after_the_senders_call()
    {
        var socket = new ScriptedSocket(_loop, _recorder, capacity: 1_000) { Refused = { 5, 70 } };
        await _loop.RunAsync(() =>
        {
            Send(socket, 0, 80);
            Assert.Equal(0, _recorder.Unreachable.Count);
        });
        Assert.Equal(5, (await _recorder.Unreachable.NextAsync()).Port);
        Assert.Equal(70, (await _recorder.Unreachable.NextAsync()).Port);
        await _loop.RunAsync(() =>
        {
            Assert.Equal(Enumerable.Range(0, 80).Except([5, 70]), socket.Taken);
            Assert.Equal(2, _loop.Counters.DatagramsRefused);
            Assert.Equal(78, _loop.Counters.DatagramsSent);
        });
    }

    [Fact]
    public async Task A_blocked_socket_that_is_closed_gives_its_leases_back()
    {
        var socket = new ScriptedSocket(_loop, _recorder, capacity: 2);
        await _loop.RunAsync(() => Send(socket, 0, 10));
        await _loop.RunAsync(() =>
        {
            Assert.Equal(8, _buffers.Outstanding);
            socket.Dispose();
            Assert.Equal(8, _loop.Counters.DatagramsDropped);
        });
    }

    public void Dispose()
    {
        _loop.Dispose();
        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _loop.Counters.Faults);
    }

    private static void Send(ScriptedSocket socket, int first, int count)
    {
        for (int i = first; i < first + count; i++) socket.Send([(byte)i], NetworkAddress.FromIPv4(0x7F000001, (ushort)i));
    }

    /// <summary>Takes as many datagrams as it is told; the port says which is which.</summary>
    private sealed class ScriptedSocket(NetworkLoop loop, IDatagramHandler handler, int capacity) : DatagramSocket(loop, default, handler)
    {
        public int Capacity { get; set; } = capacity;

        public List<int> Taken { get; } = [];

        public HashSet<int> Refused { get; } = [];

        public bool WantsToWrite { get; private set; }

        public void BecomeWritable() => OnWritable();

        public override void SetTimeToLive(int hops)
        {
        }

        protected override int Transmit(DatagramQueue queue, out long bytes)
        {
            bytes = 0;
            int taken = 0;
            while (taken < Math.Min(queue.Count, BatchSize) && Capacity > 0 && !Refused.Contains(queue[taken].Remote.Port))
            {
                Capacity--;
                bytes++;
                Taken.Add(queue[taken++].Remote.Port);
            }

            if (taken > 0) return taken;
            return Capacity > 0 ? TransmitResult.Refused : TransmitResult.WouldBlock;
        }

        protected override void Register()
        {
        }

        protected override void SetWriteInterest(bool wanted) => WantsToWrite = wanted;

        protected override void CloseSocket()
        {
        }
    }
}
