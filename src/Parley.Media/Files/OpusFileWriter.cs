using Parley.Media.Codecs;
using Parley.Media.Files.Ogg;

namespace Parley.Media.Files;

/// <summary>Writes Opus in Ogg: packets of 20 ms, on a page with each <see cref="Flush"/> and at the latest each second.</summary>
/// <remarks>
/// Every page is whole when it is written, so that a file that was cut off is read up to its last one. The end says how many samples of the last packet are to be
/// heard, so that what is read is as long as what was written. Source: RFC 3533, RFC 7845.
/// </remarks>
public sealed class OpusFileWriter : IAudioFileWriter
{
    private const int FrameSamples = OpusPacket.SampleRate / 50;
    private const int MaxPageSamples = OpusPacket.SampleRate;
    private const int MaxPacketBytes = 1275 * 2;
    private const int BitrateOfChannel = 32_000;

    private readonly Stream _stream;
    private readonly OggPageWriter _pages;
    private readonly LibOpus.Encoder _encoder;
    private readonly int _channels;
    private readonly int _preSkip;
    private readonly short[] _frame;
    private readonly byte[] _packet = new byte[MaxPacketBytes];
    private int _count;             // samples of the frame
    private long _written;          // samples of a channel, with those of the frame
    private long _encoded;          // samples of a channel that packets stand for
    private long _paged;            // of which are on pages
    private bool _isDisposed;

    /// <summary>Begins a file.</summary>
    /// <param name="stream">Disposed with the writer.</param>
    /// <param name="channels">1 or 2.</param>
    /// <param name="inputSampleRate">What the file says of where the sound comes from; what is written is at 48 kHz.</param>
    /// <param name="serial">The stream's number: different from file to file, so that files can be joined.</param>
    /// <exception cref="InvalidOperationException">libopus is not installed, or has no memory.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public OpusFileWriter(Stream stream, int channels, int inputSampleRate, uint serial)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)channels - 1, 1u, nameof(channels));
        OpusCodec.RequireLibrary();
        (_stream, _channels, _pages, _frame) = (stream, channels, new OggPageWriter(stream, serial), new short[FrameSamples * channels]);
        _encoder = LibOpus.opus_encoder_create(OpusPacket.SampleRate, channels, LibOpus.ApplicationAudio, out int error);
        if (error == 0) error = LibOpus.Set(_encoder, LibOpus.SetBitrate, BitrateOfChannel * channels);
        if (error == 0) error = LibOpus.Get(_encoder, LibOpus.GetLookahead, out _preSkip);
        if (error != 0) throw new InvalidOperationException($"libopus made no encoder ({error}).");
        WriteHeaders((uint)inputSampleRate);
    }

    /// <inheritdoc/>
    public int SampleRate => OpusPacket.SampleRate;

    /// <inheritdoc/>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_written / OpusPacket.SampleRate);

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<short> samples)
    {
        if (samples.Length % _channels != 0) throw new ArgumentException("A sample of a channel is missing.", nameof(samples));
        _written += samples.Length / _channels;
        while (!samples.IsEmpty)
        {
            int count = Math.Min(samples.Length, _frame.Length - _count);
            samples[..count].CopyTo(_frame.AsSpan(_count));
            _count += count;
            samples = samples[count..];
            if (_count == _frame.Length) Encode();
            if (_encoded - _paged >= MaxPageSamples) WritePage(_encoded, flags: 0);
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>But for what is less than a packet.</remarks>
    public void Flush()
    {
        if (!_pages.IsEmpty) WritePage(_encoded, flags: 0);
        _stream.Flush();
    }

    /// <summary>Writes the end and closes the stream.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        try
        {
            // The decoder is behind the encoder by what is skipped at the beginning.
            while (_encoded < _preSkip + _written)
            {
                _frame.AsSpan(_count).Clear();
                Encode();
            }

            WritePage(_preSkip + _written, OggPage.Ends);
            _stream.Flush();
        }
        finally
        {
            _encoder.Dispose();
            _stream.Dispose();
        }
    }

    private void WriteHeaders(uint inputSampleRate)
    {
        Span<byte> head = stackalloc byte[OpusHead.LengthBytes];
        new OpusHead((byte)_channels, (ushort)_preSkip, inputSampleRate, OutputGain: 0, MappingFamily: 0).Write(head);
        _pages.TryAdd(head);
        _pages.Write(0, OggPage.Begins);

        // The writer's name, and no titles: RFC 7845 5.2.
        _pages.TryAdd([.. "OpusTags"u8, 6, 0, 0, 0, .. "Parley"u8, 0, 0, 0, 0]);
        _pages.Write(0, flags: 0);
        _stream.Flush();
    }

    private void Encode()
    {
        int length = LibOpus.opus_encode(_encoder, _frame, FrameSamples, _packet, _packet.Length);
        if (length < 0) throw new InvalidOperationException($"libopus encodes no more ({length}).");
        if (!_pages.TryAdd(_packet.AsSpan(0, length)))
        {
            WritePage(_encoded, flags: 0);
            _pages.TryAdd(_packet.AsSpan(0, length));
        }

        (_count, _encoded) = (0, _encoded + FrameSamples);
    }

    private void WritePage(long granulePosition, byte flags)
    {
        _pages.Write(granulePosition, flags);
        _paged = _encoded;
    }
}
