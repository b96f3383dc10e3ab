using System.IO.Pipelines;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>Connections over pipes that somebody else serves.</summary>
public sealed class AdoptedPipeTests : IDisposable
{
    private static readonly NetworkAddress Local = NetworkAddress.FromIPv4(0xC0000201, 5060);
    private static readonly NetworkAddress Remote = NetworkAddress.FromIPv4(0xC0000202, 40000);

    private readonly BufferPool _buffers = new();
    private readonly StreamRecorder _server = new();
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 65_536));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 65_536));
    private readonly List<Exception> _faults = [];
    private NetworkLoop _loop;

    public AdoptedPipeTests()
    {
        _loop = Start(new NetworkLoopOptions());
    }

    private PipeWriter ClientOutput => _toServer.Writer;

    private PipeReader ClientInput => _toClient.Reader;

    [Fact]
    public async Task It_is_a_connection_like_any_other()
    {
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        Assert.True(connection.IsAccepted);
        Assert.Equal((Local, Remote), (connection.LocalAddress, connection.RemoteAddress));
        byte[] request = Bytes(300_000), response = Bytes(400_000);
        Task reading = Task.Run(async () => Loops.AssertSame(response, await ReadAsync(response.Length)));
        await ClientOutput.WriteAsync(request);
        Loops.AssertSame(request, await _server.ReadAsync(request.Length));
        for (int at = 0; at < response.Length; at += 20_000) Assert.True(Send(connection, response.AsSpan(at, 20_000)));
        await reading.WaitAsync(Loops.Limit);

        await ClientOutput.CompleteAsync();
        Assert.Equal(StreamCloseReason.ClosedByPeer, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
        Assert.False(Send(connection, "x"u8));
        Assert.Equal((300_000, 400_000), (_loop.Counters.StreamBytesReceived, await SentAsync()));
    }

    [Fact]
    public async Task What_is_queued_is_written_before_the_end()
    {
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        byte[] bytes = Bytes(200_000);
        for (int at = 0; at < bytes.Length; at += 20_000) Assert.True(Send(connection, bytes.AsSpan(at, 20_000)));
        connection.Close();
        Assert.False(Send(connection, "late"u8));
        Assert.False(over.IsCompleted);
        Loops.AssertSame(bytes, await ReadAsync(bytes.Length));
        Assert.True((await ClientInput.ReadAsync()).IsCompleted);
        Assert.Equal(StreamCloseReason.ClosedHere, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
        Assert.Equal(1, _server.TimesClosed);
    }

    [Fact]
    public async Task More_than_the_queue_holds_closes_it()
    {
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        byte[] bytes = new byte[60_000];
        int sends = 0;
        while (Send(connection, bytes)) Assert.True(++sends < 100);
        Assert.Equal(StreamCloseReason.SendQueueFull, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task A_close_that_the_other_side_does_not_read_takes_its_time_and_no_more()
    {
        Restart(new NetworkLoopOptions { CloseTimeout = TimeSpan.FromMilliseconds(100) });
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        for (int i = 0; i < 10; i++) Assert.True(Send(connection, new byte[50_000]));
        connection.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task A_transport_that_breaks_is_a_failure()
    {
        Task over = Adopt();
        await _server.Connected;
        await ClientOutput.CompleteAsync(new IOException("reset"));
        Assert.Equal(StreamCloseReason.Failed, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task A_peer_that_reads_no_more_is_a_failure_once_there_is_something_to_write()
    {
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        await ClientInput.CompleteAsync();
        Assert.True(Send(connection, "x"u8));
        Assert.Equal(StreamCloseReason.Failed, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
    }

    [Theory]
    [InlineData(false, StreamCloseReason.Failed)]
    [InlineData(true, StreamCloseReason.ClosedHere)]
    public async Task A_stream_that_breaks_and_cannot_be_completed_either_ends_it(bool isClosing, StreamCloseReason reason)
    {
        var broken = new BrokenStream();
        Task over = _loop.AdoptStreamAsync(new Duplex(_toServer.Reader, PipeWriter.Create(broken)), Local, Remote, _ => _server);
        IStreamConnection connection = await _server.Connected;
        Assert.True(Send(connection, Bytes(20_000)));
        await broken.Written.WaitAsync(Loops.Limit);
        if (isClosing)
        {
            connection.Close();
            await _loop.RunAsync(() => true);
        }

        broken.Break();
        Assert.Equal(reason, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task One_that_nobody_wants_or_that_is_one_too_many_is_closed_at_once()
    {
        Restart(new NetworkLoopOptions { MaxAcceptedConnections = 1 });
        await _loop.AdoptStreamAsync(new Duplex(_toServer.Reader, _toClient.Writer), Local, Remote, _ => null).WaitAsync(Loops.Limit);
        Assert.True((await ClientInput.ReadAsync()).IsCompleted);

        Pipe input = new(), output = new();
        Task first = _loop.AdoptStreamAsync(new Duplex(input.Reader, output.Writer), Local, Remote, _ => _server);
        await _server.Connected;
        Pipe second = new(), third = new();
        await _loop.AdoptStreamAsync(new Duplex(second.Reader, third.Writer), Local, Remote, _ => throw new InvalidOperationException()).WaitAsync(Loops.Limit);
        Assert.Equal(2, _loop.Counters.ConnectionsTurnedAway);
        await input.Writer.CompleteAsync();
        await first.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task It_ends_with_its_loop_and_what_was_queued_is_still_written()
    {
        Task over = Adopt();
        IStreamConnection connection = await _server.Connected;
        byte[] bytes = Bytes(200_000);
        for (int at = 0; at < bytes.Length; at += 20_000) Assert.True(Send(connection, bytes.AsSpan(at, 20_000)));
        _loop.Dispose();
        Assert.Equal(StreamCloseReason.ClosedHere, await _server.Closed);
        await over.WaitAsync(Loops.Limit);
        Loops.AssertSame(bytes, await ReadAsync(bytes.Length));
    }

    [Fact]
    public async Task Messages_in_both_directions_at_once_stay_whole_and_in_order()
    {
        var echo = new StreamRecorder { Inspect = (connection, piece) => Assert.True(Send(connection, piece)) };
        Task over = _loop.AdoptStreamAsync(new Duplex(_toServer.Reader, _toClient.Writer), Local, Remote, _ => echo);
        byte[] bytes = Bytes(500_000);
        Task writing = Task.Run(async () =>
        {
            var random = new Random(7);
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(bytes.Length - at, 1 + random.Next(3_000));
                await ClientOutput.WriteAsync(bytes.AsMemory(at, length));
                at += length;
            }
        });
        Loops.AssertSame(bytes, await ReadAsync(bytes.Length));
        await writing;
        await ClientOutput.CompleteAsync();
        await over.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task An_exception_of_a_handler_loses_that_piece_alone()
    {
        var server = new StreamRecorder { Inspect = (_, piece) => Assert.NotEqual((byte)'!', piece[0]) };
        Task over = _loop.AdoptStreamAsync(new Duplex(_toServer.Reader, _toClient.Writer), Local, Remote, _ => server);
        await ClientOutput.WriteAsync("!"u8.ToArray());
        await _loop.UntilAsync(() => _loop.Counters.Faults == 1);
        await ClientOutput.WriteAsync("?"u8.ToArray());
        Assert.Equal("?"u8.ToArray(), await server.ReadAsync(1));
        await ClientOutput.CompleteAsync();
        await over.WaitAsync(Loops.Limit);
        _faults.Clear();
    }

    public void Dispose()
    {
        _loop.Dispose();
        Assert.Empty(_faults);
        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _loop.Counters.Connections);
    }

    private static byte[] Bytes(int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(lengthBytes).NextBytes(bytes);
        return bytes;
    }

    private NetworkLoop Start(NetworkLoopOptions options) => NetworkLoop.Start(options with { Buffers = _buffers, OnFault = _faults.Add });

    private void Restart(NetworkLoopOptions options)
    {
        _loop.Dispose();
        _loop = Start(options);
    }

    private Task Adopt() => _loop.AdoptStreamAsync(new Duplex(_toServer.Reader, _toClient.Writer), Local, Remote, _ => _server);

    private bool Send(IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = _buffers.Copy(bytes);
        bool isQueued = connection.Send(buffer);
        buffer.Release();
        return isQueued;
    }

    private async Task<byte[]> ReadAsync(int lengthBytes)
    {
        ReadResult result = await ClientInput.ReadAtLeastAsync(lengthBytes).AsTask().WaitAsync(Loops.Limit);
        byte[] bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer.Slice(0, Math.Min(lengthBytes, result.Buffer.Length)));
        ClientInput.AdvanceTo(result.Buffer.GetPosition(bytes.Length));
        return bytes;
    }

    private Task<long> SentAsync() => _loop.RunAsync(() => _loop.Counters.StreamBytesSent);

    /// <summary>Takes no byte, and fails when it is told to.</summary>
    private sealed class BrokenStream : MemoryStream
    {
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Written => _written.Task;

        public void Break() => _broken.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _written.TrySetResult();
            await _broken.Task;
            throw new IOException("The stream is broken.");
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
