using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Parley.Media.Files;

/// <summary>Reads WAV files: 16-bit PCM, mono or stereo, 8 to 192 kHz.</summary>
/// <remarks>
/// Chunks that say nothing about the sound are passed over; sound that is cut off is read as far as it goes, and so is
/// that of a writer that never came back to fill in its length. Source: Microsoft's Multimedia Programming Interface and
/// Data Specifications 1.0, and WAVEFORMATEXTENSIBLE.
/// </remarks>
public static class WavReader
{
    /// <summary>The most sound that is read.</summary>
    /// <value>512 MiB: nine hours at 8 kHz.</value>
    public const int MaxLengthBytes = 1 << 29;

    private const int MaxFormatBytes = 1024;
    private const ushort Pcm = 1;
    private const ushort Extensible = 0xFFFE;

    // Behind its first two bytes, the sub-format of WAVEFORMATEXTENSIBLE is always this.
    private static ReadOnlySpan<byte> SubFormatTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <summary>Reads the sound of a WAV file's bytes.</summary>
    /// <param name="stream">Read from where it stands; need not be seekable.</param>
    /// <param name="audio">The sound; null when there is an error.</param>
    /// <param name="error">Why there is none.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static bool TryRead(Stream stream, out PcmAudio? audio, out AudioFileError error)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return TryRead([], stream, out audio, out error);
    }

    /// <summary>Reads the sound of a WAV file whose first bytes were read already.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> begin, Stream stream, out PcmAudio? audio, out AudioFileError error)
    {
        audio = null;
        Span<byte> header = stackalloc byte[12];
        begin.CopyTo(header);
        int got = begin.Length + stream.ReadAtLeast(header[begin.Length..], header.Length - begin.Length, throwOnEndOfStream: false);
        if (got < 12 || !header[..4].SequenceEqual("RIFF"u8) || !header[8..].SequenceEqual("WAVE"u8))
        {
            error = new AudioFileError(AudioFileErrorReason.NotAudio, "this is no WAV file");
            return false;
        }

        (int Rate, int Channels)? format = null;
        while (stream.ReadAtLeast(header[..8], 8, throwOnEndOfStream: false) == 8)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (header[..4].SequenceEqual("fmt "u8))
            {
                error = ReadFormat(stream, length, out (int Rate, int Channels) read);
                if (error.Reason != AudioFileErrorReason.None) return false;
                format = read;
            }
            else if (header[..4].SequenceEqual("data"u8))
            {
                if (format is not { } known)
                {
                    error = new AudioFileError(AudioFileErrorReason.NoFormat, "the file does not say how its sound is coded");
                    return false;
                }

                return ReadSound(stream, length, known.Rate, known.Channels, out audio, out error);
            }
            else if (!Skip(stream, length + (length & 1L)))
            {
                break;
            }
        }

        error = new AudioFileError(AudioFileErrorReason.NoSound, "the file ends before its sound begins");
        return false;
    }

    private static AudioFileError ReadFormat(Stream stream, uint length, out (int Rate, int Channels) format)
    {
        format = default;
        if (length is < 16 or > MaxFormatBytes) return new AudioFileError(AudioFileErrorReason.NotAudio, "its format is not one of a WAV file");
        Span<byte> bytes = stackalloc byte[MaxFormatBytes + 1];
        int padded = (int)(length + (length & 1));
        if (stream.ReadAtLeast(bytes[..padded], padded, throwOnEndOfStream: false) < padded) return new AudioFileError(AudioFileErrorReason.NoSound, "the file ends before its sound begins");

        int coding = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        if (coding == Extensible && length >= 40 && bytes.Slice(26, 14).SequenceEqual(SubFormatTail)) coding = BinaryPrimitives.ReadUInt16LittleEndian(bytes[24..]);
        if (coding != Pcm) return new AudioFileError(AudioFileErrorReason.UnsupportedCoding, $"{NameOf(coding)}; 16-bit PCM is what Parley reads");
        if (bits != 16) return new AudioFileError(AudioFileErrorReason.UnsupportedSampleSize, $"{bits}-bit samples; 16-bit PCM is what Parley reads");
        if (channels is not (1 or 2)) return new AudioFileError(AudioFileErrorReason.UnsupportedChannels, $"{channels} channels; mono and stereo is what Parley reads");
        if (rate is < 8000 or > 192_000) return new AudioFileError(AudioFileErrorReason.UnsupportedSampleRate, $"{rate} samples a second; 8000 to 192000 is what Parley reads");
        format = ((int)rate, channels);
        return default;
    }

    private static bool ReadSound(Stream stream, uint length, int rate, int channels, out PcmAudio? audio, out AudioFileError error)
    {
        audio = null;
        // A writer that could not go back leaves 0 or all ones: the sound then goes to the end, unless the rest is other chunks.
        long wanted = length is 0 or uint.MaxValue ? long.MaxValue : length;
        using MemoryStream sound = new();
        byte[] buffer = new byte[64 * 1024];
        while (sound.Length < wanted)
        {
            int got = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, wanted - sound.Length));
            if (got == 0) break;
            if (sound.Length + got > MaxLengthBytes)
            {
                error = new AudioFileError(AudioFileErrorReason.TooLong, $"more than {MaxLengthBytes >> 20} MiB of sound");
                return false;
            }

            sound.Write(buffer, 0, got);
        }

        bool isEmpty = length == 0 && AreChunks(sound.GetBuffer().AsSpan(0, (int)sound.Length));
        int frames = isEmpty ? 0 : (int)(sound.Length / (2 * channels));
        if (frames == 0)
        {
            error = new AudioFileError(AudioFileErrorReason.NoSound, "there is no sound in the file");
            return false;
        }

        short[] samples = new short[frames * channels];
        sound.GetBuffer().AsSpan(0, samples.Length * 2).CopyTo(MemoryMarshal.AsBytes(samples.AsSpan()));
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(samples, samples);
        audio = new PcmAudio(samples, rate, channels);
        error = default;
        return true;
    }

    /// <summary>True when bytes are chunks, one after the other up to the end: what follows a file's sound, not sound.</summary>
    private static bool AreChunks(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            if (bytes[..4].IndexOfAnyExceptInRange((byte)' ', (byte)'~') >= 0) return false;
            long length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            if (length > bytes.Length - 8) return false;
            bytes = bytes[(int)Math.Min(bytes.Length, 8 + length + (length & 1))..];
        }

        return bytes.IsEmpty;
    }

    private static bool Skip(Stream stream, long length)
    {
        if (stream.CanSeek)
        {
            if (stream.Length - stream.Position < length) return false;
            stream.Seek(length, SeekOrigin.Current);
            return true;
        }

        byte[] buffer = new byte[4096];
        while (length > 0)
        {
            int got = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
            if (got == 0) return false;
            length -= got;
        }

        return true;
    }

    private static string NameOf(int coding) => coding switch
    {
        2 => "Microsoft ADPCM",
        3 => "floating-point samples",
        6 => "A-law",
        7 => "mu-law",
        0x11 => "IMA ADPCM",
        0x31 => "GSM 06.10",
        0x55 => "MP3",
        Extensible => "an extensible format without a known coding",
        _ => $"coding {coding}",
    };
}
