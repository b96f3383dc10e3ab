using System.IO.Pipelines;
using Parley.Core;
using Parley.Net.Streams;

namespace Parley.Net.Tests;

/// <summary>Connections that somebody makes for a loop.</summary>
public sealed class DialledStreamTests : IDisposable
{
    private static readonly NetworkAddress Local = NetworkAddress.FromIPv4(0xC0000201, 40000);
    private static readonly NetworkAddress Remote = NetworkAddress.FromIPv4(0xC0000202, 5061);

    private readonly BufferPool _buffers = new();
    private readonly StreamRecorder _client = new();
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly TaskCompletionSource<DialledStream> _dialled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NetworkLoop _loop;

    public DialledStreamTests() => _loop = NetworkLoop.Start(new NetworkLoopOptions { Buffers = _buffers, StreamQueueBytes = 4096 });

    public void Dispose() => _loop.Dispose();

    [Fact]
    public async Task What_is_sent_before_it_stands_is_sent_then()
    {
        IStreamConnection connection = await DialAsync();
        Assert.False(connection.IsAccepted);
        Assert.True(Send(connection, "early "u8));
        Stand();
        await _client.Connected;
        Assert.Equal(Local, connection.LocalAddress);
        Assert.True(Send(connection, "late"u8));
        Assert.Equal("early late", await ReadAsync(10));

        connection.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await _client.Closed);
        await _disposed.Task.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task What_cannot_be_made_is_told()
    {
        IStreamConnection connection = await DialAsync();
        Send(connection, "lost"u8);
        _dialled.SetException(new IOException("refused"));
        Assert.Equal(StreamCloseReason.ConnectFailed, await _client.Closed);
        Assert.False(Send(connection, "x"u8));
    }

    [Fact]
    public async Task Too_much_before_it_stands_ends_it()
    {
        IStreamConnection connection = await DialAsync();
        Assert.True(Send(connection, new byte[4000]));
        Assert.False(Send(connection, new byte[4000]));
        Assert.Equal(StreamCloseReason.SendQueueFull, await _client.Closed);
        await _cancelled.Task.WaitAsync(Loops.Limit);
        Stand();        // nobody wants it any more
        await _disposed.Task.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task A_close_before_it_stands_ends_the_attempt()
    {
        IStreamConnection connection = await DialAsync();
        connection.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await _client.Closed);
        await _cancelled.Task.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task The_end_of_the_loop_ends_the_attempt()
    {
        await DialAsync();
        _loop.Dispose();
        Assert.Equal(StreamCloseReason.ClosedHere, await _client.Closed);
        Stand();
        await _disposed.Task.WaitAsync(Loops.Limit);
        Assert.Equal(0, _loop.Counters.Connections);
    }

    private void Stand() => _dialled.SetResult(new DialledStream(new Duplex(_toClient.Reader, _toServer.Writer), Local, new Owner(_disposed)));

    private async Task<IStreamConnection> DialAsync()
    {
        var dialling = new Dialling(this);
        _loop.Post(dialling);
        return await dialling.Started.Task.WaitAsync(Loops.Limit);
    }

    private bool Send(IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = _buffers.Copy(bytes);
        bool isSent = connection.Send(buffer);
        buffer.Release();
        return isSent;
    }

    private async Task<string> ReadAsync(int length)
    {
        ReadResult result = await _toServer.Reader.ReadAtLeastAsync(length).AsTask().WaitAsync(Loops.Limit);
        string text = System.Text.Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer));
        _toServer.Reader.AdvanceTo(result.Buffer.End);
        return text;
    }

    private sealed class Dialling(DialledStreamTests test) : ILoopWork
    {
        public TaskCompletionSource<IStreamConnection> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Run(Instant now) => Started.SetResult(test._loop.DialStream(Remote, test._client, cancellation =>
        {
            cancellation.Register(() => test._cancelled.TrySetResult());
            return test._dialled.Task;
        }));
    }

    private sealed class Owner(TaskCompletionSource disposed) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            disposed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input { get; } = input;

        public PipeWriter Output { get; } = output;
    }
}
