using Parley.Media.Files;

namespace Parley.Endpoint.Media;

/// <summary>WAV files on disk.</summary>
public static class WavFile
{
    /// <summary>Reads a file's sound, all of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="audio">The sound; null when there is an error.</param>
    /// <param name="error">Why there is none: one that the system reports too.</param>
    public static bool TryRead(string path, out PcmAudio? audio, out WavError error)
    {
        audio = null;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return WavReader.TryRead(file, out audio, out error);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = new WavError(WavErrorReason.Unreadable, problem switch
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
