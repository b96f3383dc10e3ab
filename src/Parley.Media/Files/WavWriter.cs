using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Parley.Media.Files;

/// <summary>Writes a WAV file of 16-bit PCM that is a valid one at every moment.</summary>
/// <remarks>
/// The header is written first, for no sound, and put right with every <see cref="Flush"/>: whoever reads the file while
/// it grows, or after the process was killed, finds all sound of the last flush.
/// </remarks>
public sealed class WavWriter : IAudioFileWriter
{
    private const int HeaderLengthBytes = 44;
    private const long MaxLengthBytes = uint.MaxValue - HeaderLengthBytes - 1;

    private readonly Stream _stream;
    private readonly int _frameBytes;
    private long _lengthBytes;
    private bool _isDisposed;

    /// <summary>Begins a file.</summary>
    /// <param name="stream">Seekable; disposed with the writer.</param>
    /// <param name="sampleRate">Per second and channel.</param>
    /// <param name="channels">1 or 2.</param>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public WavWriter(Stream stream, int sampleRate, int channels = 1)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)channels - 1, 1u, nameof(channels));
        (_stream, SampleRate, _frameBytes) = (stream, sampleRate, channels * 2);
        Span<byte> header = stackalloc byte[HeaderLengthBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], HeaderLengthBytes - 8);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], (uint)sampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], (uint)(sampleRate * _frameBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], (ushort)_frameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], 0);
        stream.Write(header);
        stream.Flush();
    }

    /// <inheritdoc/>
    public int SampleRate { get; }

    /// <inheritdoc/>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_lengthBytes / _frameBytes / SampleRate);

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<short> samples)
    {
        if (samples.Length * 2 % _frameBytes != 0) throw new ArgumentException("A sample of a channel is missing.", nameof(samples));
        if (_lengthBytes + (samples.Length * 2L) > MaxLengthBytes) return false;
        if (BitConverter.IsLittleEndian)
        {
            _stream.Write(MemoryMarshal.AsBytes(samples));
        }
        else
        {
            Span<byte> bytes = stackalloc byte[2];
            foreach (short sample in samples)
            {
                BinaryPrimitives.WriteInt16LittleEndian(bytes, sample);
                _stream.Write(bytes);
            }
        }

        _lengthBytes += samples.Length * 2L;
        return true;
    }

    /// <summary>Makes the header say how much sound there is, and hands all to the system.</summary>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Flush()
    {
        // First the sound, then what says that it is there.
        _stream.Flush();
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)(HeaderLengthBytes - 8 + _lengthBytes));
        _stream.Seek(4, SeekOrigin.Begin);
        _stream.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)_lengthBytes);
        _stream.Seek(40, SeekOrigin.Begin);
        _stream.Write(length);
        _stream.Seek(HeaderLengthBytes + _lengthBytes, SeekOrigin.Begin);
        _stream.Flush();
    }

    /// <summary>Makes the header right and closes the stream.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        try
        {
            Flush();
        }
        finally
        {
            _stream.Dispose();
        }
    }
}
