using System.Runtime.InteropServices;
using System.Threading.Channels;
using Parley.Core;
using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.Media.Recording;
using Parley.Media.Streams;

namespace Parley.Endpoint.Media;

/// <summary>Records a call in a file, without letting the media loop wait for a disk: as a tap both directions, as a sink what it is given, one after the other.</summary>
/// <remarks>
/// The loop puts samples into a bounded queue, a task takes them out, puts them on a <see cref="RecordingTimeline"/>, and hands what it has written to the system twice
/// a second. When the disk falls ten seconds behind, samples are left out and counted. The file can be read from the
/// moment that the recorder exists. Dispose it after the audio has ended: that waits until all is written.
/// </remarks>
public sealed class AudioRecorder : IAudioTap, IAudioSink, IAsyncDisposable
{
    private const int MaxQueued = 1000;     // pieces of 20 ms of two directions
    private const int FirstSampleRate = 8000;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(500);

    private readonly Channel<Piece> _queue = Channel.CreateBounded<Piece>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly BufferPool _buffers;
    private readonly FileStream _file;
    private readonly RecordAs _recordAs;
    private readonly Task _writing;
    private IAudioFileWriter _writer;
    private RecordingTimeline _timeline;
    private bool _isFixedRate;          // of the file: it has sound, or is Opus
    private TimeSpan _flushedAt;
    private int _sinkRate;
    private Instant _followAt;          // where what has no time of its own is over
    private volatile bool _hasEnded;
    private long _droppedSamples;

    private AudioRecorder(FileStream file, RecordAs recordAs, bool isOpus, BufferPool buffers)
    {
        (_file, _recordAs, _isFixedRate, _buffers) = (file, recordAs, isOpus, buffers);
        _timeline = new RecordingTimeline(recordAs, isOpus ? OpusCodec.SampleRate : FirstSampleRate);
        _writer = AudioFile.Begin(file, isOpus, _timeline.SampleRate, _timeline.Channels);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Samples that were left out because the disk was too slow, or full.</summary>
    public long DroppedSamples => Interlocked.Read(ref _droppedSamples);

    /// <summary>Why writing stopped before the end; null when it did not.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>Begins a file; one of this name is replaced.</summary>
    /// <param name="path">The file: Ogg Opus when its name ends in <c>.opus</c>, <c>.ogg</c> or <c>.oga</c>, else WAV.</param>
    /// <param name="recordAs">What of a call is recorded in it. Of what it gets as a sink, all is received.</param>
    /// <param name="buffers">Where samples wait; null for the process's.</param>
    /// <exception cref="IOException">It cannot be created; the message says why.</exception>
    public static AudioRecorder Create(string path, RecordAs recordAs = RecordAs.Received, BufferPool? buffers = null)
    {
        return new AudioRecorder(AudioFile.Create(path), recordAs, AudioFile.IsOpus(path), buffers ?? BufferPool.Shared);
    }

    /// <inheritdoc/>
    /// <remarks>What is recorded alone has nothing to be in time with: its pieces follow each other, however late they are.</remarks>
    public void OnReceived(Instant at, int sampleRate, ReadOnlySpan<short> samples)
    {
        if (_recordAs == RecordAs.Received) Follow(sampleRate, samples);
        else Queue(PieceKind.Received, at, sampleRate, samples);
    }

    /// <inheritdoc/>
    public void OnSent(Instant at, int sampleRate, ReadOnlySpan<short> samples)
    {
        if (_recordAs != RecordAs.Received) Queue(PieceKind.Sent, at, sampleRate, samples);
    }

    /// <inheritdoc/>
    public void OnPaused() => Queue(PieceKind.Pause, default, 0, []);

    /// <inheritdoc/>
    public void Start(int sampleRate) => _sinkRate = sampleRate;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples) => Follow(_sinkRate, samples);

    /// <inheritdoc/>
    public void End()
    {
        _hasEnded = true;
        _queue.Writer.TryComplete();
    }

    /// <summary>Waits until all is written, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        End();
        await _writing.ConfigureAwait(false);
    }

    private void Follow(int sampleRate, ReadOnlySpan<short> samples)
    {
        Queue(PieceKind.Received, _followAt, sampleRate, samples);
        _followAt += TimeSpan.FromTicks(samples.Length * TimeSpan.TicksPerSecond / sampleRate);
    }

    private void Queue(PieceKind kind, Instant at, int sampleRate, ReadOnlySpan<short> samples)
    {
        if (_hasEnded) return;
        PooledBuffer copy = _buffers.Copy(MemoryMarshal.AsBytes(samples));
        if (_queue.Writer.TryWrite(new Piece(kind, at, sampleRate, copy))) return;
        Interlocked.Add(ref _droppedSamples, samples.Length);
        copy.Release();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out Piece piece)) Write(piece);
            }

            _timeline.Pause();
            WriteReady();
            _writer.Dispose();
        }
        catch (Exception problem) when (AudioFile.IsFault(problem))
        {
            // The disk is full or gone. What was flushed stays a valid file.
            Failure = problem as IOException ?? new IOException(problem is ArgumentOutOfRangeException ? "the file system takes no longer file" : problem.Message, problem);
            await DropAsync().ConfigureAwait(false);
        }
        finally
        {
            AudioFile.Close(_writer);
        }
    }

    private void Write(in Piece piece)
    {
        try
        {
            ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(piece.Samples.Span);
            if (!_isFixedRate && !samples.IsEmpty) Begin(piece.SampleRate);
            if (piece.Kind == PieceKind.Pause) _timeline.Pause();
            else if (piece.Kind == PieceKind.Received) _timeline.AddReceived(piece.At, piece.SampleRate, samples);
            else _timeline.AddSent(piece.At, piece.SampleRate, samples);
        }
        finally
        {
            piece.Samples.Release();
        }

        WriteReady();
    }

    /// <summary>The first rate is a WAV file's; later ones are converted to it.</summary>
    private void Begin(int sampleRate)
    {
        _isFixedRate = true;
        if (sampleRate == _timeline.SampleRate) return;
        _timeline = new RecordingTimeline(_recordAs, sampleRate);
        _file.SetLength(0);
        _file.Seek(0, SeekOrigin.Begin);
        _writer = new WavWriter(_file, sampleRate, _timeline.Channels);
    }

    private void WriteReady()
    {
        ReadOnlySpan<short> samples = _timeline.Take();
        if (!samples.IsEmpty && !_writer.Write(samples)) Interlocked.Add(ref _droppedSamples, samples.Length / _timeline.Channels);
        if (_writer.Duration - _flushedAt < FlushInterval) return;
        _writer.Flush();
        _flushedAt = _writer.Duration;
    }

    private async Task DropAsync()
    {
        await foreach (Piece piece in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Interlocked.Add(ref _droppedSamples, piece.Samples.Length / 2);
            piece.Samples.Release();
        }
    }

    private enum PieceKind
    {
        Received,
        Sent,
        Pause,
    }

    private readonly record struct Piece(PieceKind Kind, Instant At, int SampleRate, PooledBuffer Samples);
}
