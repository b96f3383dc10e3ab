namespace Parley.Media.Files;

/// <summary>Writes sound into a file that can be read at every moment: as far as it was at the last <see cref="Flush"/>.</summary>
public interface IAudioFileWriter : IDisposable
{
    /// <summary>Samples per second and channel that it takes.</summary>
    int SampleRate { get; }

    /// <summary>How much sound was written.</summary>
    TimeSpan Duration { get; }

    /// <summary>Writes samples.</summary>
    /// <param name="samples">Interleaved by channel, whole moments.</param>
    /// <returns>False when the file is as long as it can be: these are left out.</returns>
    /// <exception cref="ArgumentException">A sample of a channel is missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    bool Write(ReadOnlySpan<short> samples);

    /// <summary>Hands all to the system, so that who reads the file finds it.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    void Flush();
}
