namespace Parley.Media.Files;

/// <summary>Reads files of sound: WAV and Ogg Opus, told apart by how they begin and not by their names.</summary>
public static class AudioFileReader
{
    /// <summary>Reads the sound of a file's bytes.</summary>
    /// <param name="stream">Read from where it stands; need not be seekable.</param>
    /// <param name="audio">The sound; null when there is an error.</param>
    /// <param name="error">Why there is none.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static bool TryRead(Stream stream, out PcmAudio? audio, out AudioFileError error)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> begin = stackalloc byte[4];
        begin = begin[..stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false)];
        if (begin.SequenceEqual("RIFF"u8)) return WavReader.TryRead(begin, stream, out audio, out error);
        if (begin.SequenceEqual("OggS"u8)) return OpusFileReader.TryRead(begin, stream, out audio, out error);
        (audio, error) = (null, new AudioFileError(AudioFileErrorReason.NotAudio, "this is neither a WAV nor an Ogg file"));
        return false;
    }
}
