using Parley.Media.Streams;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Samples that are said once.</summary>
internal sealed class SampleSource(short[] samples) : IAudioSource
{
    private int _at;

    public void Start(int sampleRate)
    {
    }

    public int Read(Span<short> destination)
    {
        int count = Math.Min(destination.Length, samples.Length - _at);
        samples.AsSpan(_at, count).CopyTo(destination);
        _at += count;
        return count;
    }

    /// <summary>Noise of all amplitudes as G.711 mu-law has it, so that coding it once more changes nothing.</summary>
    public static short[] Noise(int seed, int count)
    {
        var random = new Random(seed);
        var codes = new byte[count];
        random.NextBytes(codes);
        codes.AsSpan().Replace((byte)0x7F, (byte)0xFF);     // minus zero decodes to zero, which is coded as plus zero
        var result = new short[count];
        Parley.Media.Codecs.G711.DecodeMuLaw(codes, result);
        return result;
    }
}

/// <summary>Keeps what it hears.</summary>
internal sealed class SampleSink : IAudioSink
{
    public List<short> Samples { get; } = [];

    public int Ends { get; private set; }

    public void Start(int sampleRate)
    {
    }

    public void Write(ReadOnlySpan<short> samples) => Samples.AddRange(samples);

    public void End() => Ends++;

    /// <summary>What was heard between the silence before and after.</summary>
    public short[] Trimmed()
    {
        short[] all = [.. Samples];
        return all.AsSpan().Trim((short)0).ToArray();
    }
}
