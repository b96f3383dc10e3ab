using Parley.Media.Files;

namespace Parley.Voice;

/// <summary>A file with speech.</summary>
internal static class SpeechFile
{
    /// <summary>Reads one, its channels mixed to one.</summary>
    /// <param name="problem">What is wrong, for a person.</param>
    public static bool TryRead(FileInfo file, out PcmAudio? audio, out string problem)
    {
        audio = null;
        try
        {
            using FileStream stream = file.OpenRead();
            if (AudioFileReader.TryRead(stream, out audio, out AudioFileError error))
            {
                audio = audio!.ToMono();
                problem = "";
                return true;
            }

            problem = $"{file} is no sound file that can be read ({error})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }

        return false;
    }
}
