using System.Security.Cryptography;
using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.Media.Processing;

namespace Parley.Endpoint.Media;

/// <summary>Files of sound on disk: WAV and Ogg Opus.</summary>
public static class AudioFile
{
    /// <summary>True for a name that stands for Ogg Opus: <c>.opus</c>, <c>.ogg</c>, <c>.oga</c>. Every other one is WAV.</summary>
    public static bool IsOpus(string path) => Path.GetExtension(path).ToLowerInvariant() is ".opus" or ".ogg" or ".oga";

    /// <summary>Writes a file; one of this name is replaced.</summary>
    /// <param name="path">The file, of the kind that its name stands for.</param>
    /// <param name="audio">The sound: one or two channels.</param>
    /// <exception cref="IOException">It cannot be written; the message says why.</exception>
    public static void Write(string path, PcmAudio audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        using IAudioFileWriter writer = Begin(Create(path), IsOpus(path), audio.SampleRate, audio.Channels);
        if (writer.SampleRate == audio.SampleRate)
        {
            writer.Write(audio.Samples.Span);
            return;
        }

        ReadOnlySpan<short> samples = audio.Samples.Span;
        short[][] channels = new short[audio.Channels][];
        for (int channel = 0; channel < channels.Length; channel++)
        {
            short[] one = new short[samples.Length / channels.Length];
            for (int i = 0; i < one.Length; i++) one[i] = samples[(i * channels.Length) + channel];
            channels[channel] = Resampler.Convert(one, audio.SampleRate, writer.SampleRate);
        }

        short[] converted = new short[channels[0].Length * channels.Length];
        for (int i = 0; i < converted.Length; i++) converted[i] = channels[i % channels.Length][i / channels.Length];
        writer.Write(converted);
    }

    /// <summary>Creates a file, or says why not in words for people.</summary>
    /// <exception cref="IOException">It cannot be created, or is Opus and libopus is not installed.</exception>
    internal static FileStream Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (IsOpus(path) && AudioCodecs.Missing.TryGetValue("opus", out string? library)) throw new IOException($"'{path}' would be Opus, which needs {library}; that is not installed.");
        try
        {
            return new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
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

    /// <summary>Begins what a file has; the file is closed with it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="isOpus">Opus, which has a rate of its own, or WAV.</param>
    /// <param name="sampleRate">Of the sound.</param>
    /// <param name="channels">1 or 2.</param>
    /// <exception cref="IOException">It cannot be written; it is closed then.</exception>
    internal static IAudioFileWriter Begin(FileStream file, bool isOpus, int sampleRate, int channels)
    {
        try
        {
            return isOpus ? new OpusFileWriter(file, channels, sampleRate, (uint)RandomNumberGenerator.GetInt32(int.MaxValue)) : new WavWriter(file, sampleRate, channels);
        }
        catch (IOException)
        {
            Close(file);
            throw;
        }
    }

    /// <summary>Closes a file that may be full: what it did not take before, it does not take now.</summary>
    internal static void Close(IDisposable file)
    {
        try
        {
            file.Dispose();
        }
        catch (Exception problem) when (IsFault(problem))
        {
            // The failure that led here is told already.
        }
    }

    /// <summary>True for what the system says of a file that it does not write: also, in .NET's way, of one that is as long as it can be.</summary>
    internal static bool IsFault(Exception problem) => problem is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    /// <summary>Reads a file's sound, all of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="audio">The sound; null when there is an error.</param>
    /// <param name="error">Why there is none: one that the system reports too.</param>
    public static bool TryRead(string path, out PcmAudio? audio, out AudioFileError error)
    {
        audio = null;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return AudioFileReader.TryRead(file, out audio, out error);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = new AudioFileError(AudioFileErrorReason.Unreadable, problem switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException when Directory.Exists(path) => "this is a folder",
                UnauthorizedAccessException => "no permission to read this file",
                _ => problem.Message,
            });
            return false;
        }
    }
}
