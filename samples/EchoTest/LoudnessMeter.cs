using Parley.Media.Streams;

namespace EchoTest;

/// <summary>Keeps the loudest sample.</summary>
internal sealed class LoudnessMeter : IAudioSink
{
    public int Loudest { get; private set; }

    public void Start(int sampleRate)
    {
    }

    public void Write(ReadOnlySpan<short> samples)
    {
        foreach (short sample in samples) Loudest = Math.Max(Loudest, Math.Abs((int)sample));
    }

    public void End()
    {
    }
}
