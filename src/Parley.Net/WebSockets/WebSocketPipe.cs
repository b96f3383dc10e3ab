using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text.Unicode;
using Parley.Net.Streams;

namespace Parley.Net.WebSockets;

/// <summary>A WebSocket as the pipe that a loop adopts: each message that comes is a piece of its own, each buffer that is sent a message.</summary>
/// <remarks>Messages are sent as text where they are UTF-8, else as binary ones; both are taken. Source: RFC 6455 5.6, RFC 7118 4.2.</remarks>
public sealed class WebSocketPipe : IDuplexPipe, IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly WebSocket _socket;
    private readonly Reader _input;
    private readonly Writer _output;

    /// <summary>A pipe over a WebSocket, which it takes over.</summary>
    /// <param name="socket">The WebSocket.</param>
    /// <param name="maxMessageBytes">A longer message ends the connection.</param>
    /// <param name="messageTimeout">One that has begun has to be whole after this time.</param>
    /// <param name="time">For the times.</param>
    public WebSocketPipe(WebSocket socket, int maxMessageBytes, TimeSpan messageTimeout, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _socket = socket;
        _input = new Reader(socket, maxMessageBytes, messageTimeout, time);
        _output = new Writer(socket, time);
    }

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    /// <summary>Closes the WebSocket.</summary>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _input.Dispose();
        _output.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads a message at a time.</summary>
    private sealed class Reader(WebSocket socket, int maxMessageBytes, TimeSpan messageTimeout, TimeProvider time) : PipeReader, IDisposable
    {
        private const int UsualBytes = 4096;

        private readonly CancellationTokenSource _cancelled = new();
        private byte[] _buffer = new byte[UsualBytes];
        private bool _isOver;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (_isOver) return new ReadResult(default, isCanceled: false, isCompleted: true);
            int length = 0;
            CancellationTokenSource? limit = null, either = null;      // of a message that has begun
            try
            {
                while (true)
                {
                    ValueWebSocketReceiveResult received = await socket.ReceiveAsync(_buffer.AsMemory(length), either?.Token ?? _cancelled.Token).ConfigureAwait(false);
                    length += received.Count;
                    if (received.MessageType == WebSocketMessageType.Close || (!received.EndOfMessage && length >= maxMessageBytes)) break;
                    if (received.EndOfMessage) return new ReadResult(new ReadOnlySequence<byte>(_buffer, 0, length), isCanceled: false, isCompleted: false);
                    limit ??= new CancellationTokenSource(messageTimeout, time);
                    either ??= CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _cancelled.Token);
                    if (length == _buffer.Length) Array.Resize(ref _buffer, Math.Min(2 * length, maxMessageBytes));
                }
            }
            catch (OperationCanceledException) when (_cancelled.IsCancellationRequested)
            {
                _isOver = true;
                return new ReadResult(default, isCanceled: true, isCompleted: false);
            }
            finally
            {
                either?.Dispose();
                limit?.Dispose();
            }

            _isOver = true;
            return new ReadResult(default, isCanceled: false, isCompleted: true);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (_buffer.Length > UsualBytes) _buffer = new byte[UsualBytes];    // a long message is rare, a connection stands for long
        }

        public override void CancelPendingRead() => _ = _cancelled.CancelAsync();

        public override void Complete(Exception? exception = null) => _isOver = true;

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return false;
        }

        public void Dispose() => _cancelled.Dispose();
    }

    /// <summary>Collects messages and sends them with the flush.</summary>
    private sealed class Writer(WebSocket socket, TimeProvider time) : MessagePipeWriter, IDisposable
    {
        private readonly CancellationTokenSource _cancelled = new();
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private readonly List<int> _ends = [];

        public override void Advance(int bytes) => _bytes.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

        public override void EndMessage() => _ends.Add(_bytes.WrittenCount);

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            int start = 0;
            try
            {
                foreach (int end in _ends)
                {
                    ReadOnlyMemory<byte> message = _bytes.WrittenMemory[start..end];
                    WebSocketMessageType type = Utf8.IsValid(message.Span) ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
                    await socket.SendAsync(message, type, endOfMessage: true, _cancelled.Token).ConfigureAwait(false);
                    start = end;
                }
            }
            catch (OperationCanceledException)
            {
                return new FlushResult(isCanceled: true, isCompleted: false);
            }
            finally
            {
                _ends.Clear();
                _bytes.ResetWrittenCount();
            }

            return new FlushResult(isCanceled: false, isCompleted: false);
        }

        public override void CancelPendingFlush() => _ = _cancelled.CancelAsync();

        public override void Complete(Exception? exception = null)
        {
            // Nothing is waited for here: the WebSocket is closed when it is disposed.
        }

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            if (_cancelled.IsCancellationRequested || socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived)) return;
            try
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, _cancelled.Token).WaitAsync(CloseTimeout, time).ConfigureAwait(false);
            }
            catch (Exception)   // of whatever kind the transport has: it is over either way
            {
            }
        }

        public void Dispose() => _cancelled.Dispose();
    }
}
