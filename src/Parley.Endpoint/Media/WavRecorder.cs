using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Parley.Core;
using Parley.Media.Files;
using Parley.Media.Processing;
using Parley.Media.Streams;

namespace Parley.Endpoint.Media;

/// <summary>Records what is heard in a WAV file, without letting the media loop wait for a disk.</summary>
/// <remarks>
/// The loop puts samples into a bounded queue, a task takes them out, writes them, and puts the file's header right twice
/// a second. When the disk falls ten seconds behind, samples are left out and counted. The file is a valid WAV from the
/// moment that the recorder exists. Dispose it after the audio has ended: that waits until all is written.
/// </remarks>
public sealed class WavRecorder : IAudioSink, IAsyncDisposable
{
    private const int MaxQueued = 500;      // pieces of 20 ms
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(500);

    private readonly Channel<Piece> _queue = Channel.CreateBounded<Piece>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly BufferPool _buffers;
    private readonly FileStream _file;
    private readonly Task _writing;
    private WavWriter _writer;
    private Resampler? _resampler;
    private TimeSpan _flushedAt;
    private int _sampleRate;            // of what comes
    private int _writtenRate = 8000;    // of what was last taken out of the queue
    private long _droppedSamples;

    private WavRecorder(FileStream file, BufferPool buffers)
    {
        (_file, _buffers) = (file, buffers);
        _writer = new WavWriter(file, 8000);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Samples that were left out because the disk was too slow, or full.</summary>
    public long DroppedSamples => Interlocked.Read(ref _droppedSamples);

    /// <summary>Why writing stopped before the end; null when it did not.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>Begins a file; one of this name is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="buffers">Where samples wait; null for the process's.</param>
    /// <exception cref="IOException">It cannot be created; the message says why.</exception>
    public static WavRecorder Create(string path, BufferPool? buffers = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            FileStream file = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
            return new WavRecorder(file, buffers ?? BufferPool.Shared);
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new IOException(Directory.Exists(path) ? $"'{path}' is a folder." : $"No permission to write '{path}'.", problem);
        }
        catch (DirectoryNotFoundException problem)
        {
            throw new IOException($"There is no folder for '{path}'.", problem);
        }
    }

    /// <inheritdoc/>
    public void Start(int sampleRate) => _sampleRate = sampleRate;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples)
    {
        PooledBuffer copy = _buffers.Copy(MemoryMarshal.AsBytes(samples));
        if (_queue.Writer.TryWrite(new Piece(_sampleRate, copy))) return;
        Interlocked.Add(ref _droppedSamples, samples.Length);
        copy.Release();
    }

    /// <inheritdoc/>
    public void End() => _queue.Writer.TryComplete();

    /// <summary>Waits until all is written, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out Piece piece)) Write(piece);
            }

            Close();
        }
        catch (IOException problem)
        {
            // The disk is full or gone. What was flushed stays a valid file.
            Failure = problem;
            await DropAsync().ConfigureAwait(false);
        }
        finally
        {
            await CloseFileAsync().ConfigureAwait(false);
        }
    }

    private async Task CloseFileAsync()
    {
        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException problem)
        {
            // What the full disk did not take before, it does not take now.
            Failure ??= problem;
        }
    }

    private void Write(Piece piece)
    {
        try
        {
            if (piece.SampleRate != _writtenRate) Begin(piece.SampleRate);
            ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(piece.Samples.Span);
            if (_resampler is null) _writer.Write(samples);
            else WriteResampled(samples);
        }
        finally
        {
            piece.Samples.Release();
        }

        if (_writer.Duration - _flushedAt < FlushInterval) return;
        _writer.Flush();
        _flushedAt = _writer.Duration;
    }

    /// <summary>The first rate is the file's; later ones are converted to it.</summary>
    private void Begin(int sampleRate)
    {
        _writtenRate = sampleRate;
        if (_writer.Duration > TimeSpan.Zero)
        {
            EndResampling();
            _resampler = sampleRate == _writer.SampleRate ? null : new Resampler(sampleRate, _writer.SampleRate);
        }
        else if (sampleRate != _writer.SampleRate)
        {
            _file.SetLength(0);
            _file.Seek(0, SeekOrigin.Begin);
            _writer = new WavWriter(_file, sampleRate);
        }
    }

    private void WriteResampled(ReadOnlySpan<short> samples)
    {
        short[] converted = ArrayPool<short>.Shared.Rent(_resampler!.MaxOutput(samples.Length));
        _writer.Write(converted.AsSpan(0, _resampler.Process(samples, converted)));
        ArrayPool<short>.Shared.Return(converted);
    }

    private void EndResampling()
    {
        if (_resampler is null) return;
        short[] rest = new short[_resampler.MaxFlush];
        _writer.Write(rest.AsSpan(0, _resampler.Flush(rest)));
        _resampler = null;
    }

    private void Close()
    {
        EndResampling();
        _writer.Dispose();
    }

    private async Task DropAsync()
    {
        await foreach (Piece piece in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Interlocked.Add(ref _droppedSamples, piece.Samples.Length / 2);
            piece.Samples.Release();
        }
    }

    private readonly record struct Piece(int SampleRate, PooledBuffer Samples);
}
