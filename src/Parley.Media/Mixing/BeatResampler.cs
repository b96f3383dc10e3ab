using Parley.Media.Processing;

namespace Parley.Media.Mixing;

/// <summary>Changes the rate of a stream beat by beat: each beat in gives exactly a beat out, from the first on.</summary>
/// <remarks>
/// The sound comes 32 samples of the lower rate later (4 ms at 8 kHz). Whoever has left beats out warms it up with the one before the next: all that its
/// filter reaches back to lies in there, so nobody hears that it was away.
/// </remarks>
internal sealed class BeatResampler
{
    private readonly Resampler _resampler;
    private readonly short[] _output;
    private readonly int _beat;

    /// <summary>A resampler between two rates.</summary>
    public BeatResampler(int fromRate, int toRate)
    {
        (FromRate, ToRate, _resampler) = (fromRate, toRate, new Resampler(fromRate, toRate));
        _beat = Mixer.SamplesPerBeat(toRate);
        _output = new short[_resampler.MaxOutput(Mixer.SamplesPerBeat(fromRate))];
    }

    /// <summary>Samples per second that go in.</summary>
    public int FromRate { get; }

    /// <summary>Samples per second that come out.</summary>
    public int ToRate { get; }

    /// <summary>True when the next beat follows on what it knows.</summary>
    public bool IsWarm { get; private set; }

    /// <summary>The next beats are left out.</summary>
    public void Cool() => IsWarm = false;

    /// <summary>Begins anew behind a beat.</summary>
    /// <param name="before">The beat before the next one.</param>
    public void Warm(ReadOnlySpan<short> before)
    {
        _resampler.Reset();
        _resampler.Process(before, _output);
        IsWarm = true;
    }

    /// <summary>Converts the next beat.</summary>
    public void Process(ReadOnlySpan<short> beat, Span<short> converted)
    {
        int given = _resampler.Process(beat, _output);
        _output.AsSpan(0, Math.Min(given, _beat)).CopyTo(converted);
    }
}
