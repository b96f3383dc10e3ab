using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Net.Tls;

/// <summary>A TLS stream whose handshake is done, as the pipe that a loop adopts.</summary>
/// <remarks>A flush that is cancelled ends the connection: what is not written by then never is, so that a peer which does not read holds up nothing.</remarks>
public sealed class TlsPipe : IDuplexPipe, IAsyncDisposable
{
    /// <summary>The versions that are spoken.</summary>
    /// <remarks>TLS 1.2 is what RFC 3261 26.3.1 has become by RFC 8996, which forbids the ones before.</remarks>
    public const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(2);

    private readonly SslStream _stream;
    private readonly Writer _output;
    private readonly TimeProvider _time;

    /// <summary>A pipe over a stream, which it takes over.</summary>
    public TlsPipe(SslStream stream, TimeProvider time)
    {
        (_stream, _time) = (stream, time);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        _output = new Writer(PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
    }

    /// <inheritdoc/>
    public PipeReader Input { get; }

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    /// <summary>The other side's certificate; null when it showed none.</summary>
    public X509Certificate2? PeerCertificate => _stream.RemoteCertificate as X509Certificate2;

    /// <summary>True when something that was to be written was given up.</summary>
    public bool IsAborted => _output.IsCancelled;

    /// <summary>Tells the other side that nothing more comes, and closes the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!IsAborted)
        {
            try
            {
                await _stream.ShutdownAsync().WaitAsync(ShutdownTimeout, _time).ConfigureAwait(false);
            }
            catch (Exception)   // of whatever kind the stream below has: the connection is over either way
            {
            }
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A writer that gives up what is not written once its flush was cancelled.</summary>
    private sealed class Writer(PipeWriter inner) : PipeWriter
    {
        private volatile bool _isCancelled;

        public bool IsCancelled => _isCancelled;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush()
        {
            _isCancelled = true;
            inner.CancelPendingFlush();
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void Complete(Exception? exception = null) => inner.Complete(exception ?? Abandoned());

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception ?? Abandoned());

        private OperationCanceledException? Abandoned() => _isCancelled ? new OperationCanceledException() : null;
    }
}
