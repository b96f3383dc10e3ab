using System.Threading.Channels;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>Keeps what a connection's handler hears; reads as one stream of bytes.</summary>
internal sealed class StreamRecorder : IStreamHandler
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource<IStreamConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<StreamCloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _rest = [];

    public Task<IStreamConnection> Connected => _connected.Task.WaitAsync(Loops.Limit);

    public Task<StreamCloseReason> Closed => _closed.Task.WaitAsync(Loops.Limit);

    public int TimesClosed { get; private set; }

    /// <summary>Called on the loop before a piece is kept.</summary>
    public Action<IStreamConnection, byte[]>? Inspect { get; init; }

    public void OnConnected(Instant now, IStreamConnection connection) => _connected.SetResult(connection);

    public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        Assert.False(_closed.Task.IsCompleted);
        byte[] piece = bytes.ToArray();
        Inspect?.Invoke(connection, piece);
        _pieces.Writer.TryWrite(piece);
    }

    public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason)
    {
        TimesClosed++;
        _pieces.Writer.TryComplete();
        _closed.TrySetResult(reason);
    }

    /// <summary>The next bytes; fewer when the connection closed before they came.</summary>
    public async Task<byte[]> ReadAsync(int lengthBytes)
    {
        var bytes = new List<byte>(_rest);
        while (bytes.Count < lengthBytes && await _pieces.Reader.WaitToReadAsync().AsTask().WaitAsync(Loops.Limit))
        {
            if (_pieces.Reader.TryRead(out byte[]? piece)) bytes.AddRange(piece);
        }

        int taken = Math.Min(lengthBytes, bytes.Count);
        _rest = [.. bytes.Skip(taken)];
        return [.. bytes.Take(taken)];
    }
}
