using Parley.Media.Streams;

namespace VoicemailBox;

/// <summary>One sound after the other.</summary>
internal sealed class Playlist(IAudioSource[] sources) : IAudioSource
{
    private int _at;

    public void Start(int sampleRate)
    {
        foreach (IAudioSource source in sources) source.Start(sampleRate);
    }

    public int Read(Span<short> samples)
    {
        int given = 0;
        while (given < samples.Length && _at < sources.Length)
        {
            given += sources[_at].Read(samples[given..]);
            if (given < samples.Length) _at++;
        }

        return given;
    }
}
