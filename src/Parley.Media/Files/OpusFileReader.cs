using Parley.Media.Codecs;
using Parley.Media.Files.Ogg;

namespace Parley.Media.Files;

/// <summary>Reads Opus in Ogg: mono or stereo, always at 48 kHz.</summary>
/// <remarks>
/// Of streams side by side the first that is Opus is read; streams one after the other are read one after the other, with the channels of the first. What is damaged
/// is left out, and a file that is cut off is read as far as it goes. Source: RFC 3533, RFC 7845.
/// </remarks>
public static class OpusFileReader
{
    /// <summary>Reads the sound of a file's bytes.</summary>
    /// <param name="stream">Read from where it stands; need not be seekable.</param>
    /// <param name="audio">The sound; null when there is an error.</param>
    /// <param name="error">Why there is none.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static bool TryRead(Stream stream, out PcmAudio? audio, out AudioFileError error)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return TryRead([], stream, out audio, out error);
    }

    /// <summary>Reads the sound of a file whose first bytes were read already.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> begin, Stream stream, out PcmAudio? audio, out AudioFileError error, int maxLengthBytes = WavReader.MaxLengthBytes)
    {
        audio = null;
        if (!OpusCodec.IsAvailable)
        {
            error = new AudioFileError(AudioFileErrorReason.NoLibrary, $"{NativeCodecs.FileOf(LibOpus.Library)} is not installed, which Opus needs");
            return false;
        }

        var pages = new OggPageReader(begin, stream);
        using var sound = new OpusStreamReader(maxLengthBytes);
        bool hasPage = false;
        string? other = null;
        while (!sound.IsOver && pages.TryRead(out OggPage page))
        {
            hasPage = true;
            if (page.IsFirst && !sound.TryBegin(page)) other ??= NameOf(page.Body);
            else sound.Take(page);
        }

        error = sound.Error.Reason != AudioFileErrorReason.None ? sound.Error
            : !hasPage ? new AudioFileError(AudioFileErrorReason.NotAudio, "this is no Ogg file")
            : !sound.HasBegun ? new AudioFileError(AudioFileErrorReason.UnsupportedCoding, $"{other ?? "no sound"} in Ogg; Opus is what Parley reads")
            : sound.IsEmpty ? new AudioFileError(AudioFileErrorReason.NoSound, "there is no sound in the file")
            : default;
        if (error.Reason == AudioFileErrorReason.None) audio = sound.ToAudio();
        return audio is not null;
    }

    private static string NameOf(ReadOnlySpan<byte> packet) =>
        packet.StartsWith("\x01vorbis"u8) ? "Vorbis"
        : packet.StartsWith("\x7fFLAC"u8) ? "FLAC"
        : packet.StartsWith("Speex   "u8) ? "Speex"
        : "something else";
}
