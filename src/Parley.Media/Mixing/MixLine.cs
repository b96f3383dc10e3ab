namespace Parley.Media.Mixing;

/// <summary>The beats of a mix at one sample rate, as far back as somebody may still want to hear them: written by the mixer, read by all parties.</summary>
/// <remarks>
/// A beat is written, then <see cref="Published"/> counts it; who has read one looks at the count again, and throws away what was overwritten meanwhile.
/// When the rate of the mix changes, a new line begins.
/// </remarks>
internal sealed class MixLine
{
    /// <summary>Beats that are kept.</summary>
    public const int Beats = 16;

    private readonly int[] _sums;
    private readonly bool[] _isQuiet = new bool[Beats];
    private readonly float[] _gains = new float[Beats];
    private readonly Limiter _limiter = new();
    private readonly short[] _silence;
    private CommonMix[] _mixes;
    private long _published;

    /// <summary>A line without beats.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    public MixLine(int sampleRate)
    {
        SampleRate = sampleRate;
        BeatSamples = Mixer.SamplesPerBeat(sampleRate);
        _sums = new int[BeatSamples * Beats];
        _silence = new short[BeatSamples];
        _mixes = [new CommonMix(sampleRate, sampleRate)];
    }

    /// <summary>Samples per second.</summary>
    public int SampleRate { get; }

    /// <summary>Samples in a beat.</summary>
    public int BeatSamples { get; }

    /// <summary>How many beats there have been: the number of the next one.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>The sums of a beat.</summary>
    public Span<int> Sums(long beat) => _sums.AsSpan((int)(beat % Beats) * BeatSamples, BeatSamples);

    /// <summary>True when nobody spoke in a beat.</summary>
    public bool IsQuiet(long beat) => _isQuiet[beat % Beats];

    /// <summary>What the common mix was turned down to at the end of a beat.</summary>
    public float Gain(long beat) => _gains[beat % Beats];

    /// <summary>What everybody hears who says nothing himself, at one of the rates that are in use.</summary>
    /// <returns>Null for a rate that is not in use yet.</returns>
    public CommonMix? Common(int sampleRate)
    {
        foreach (CommonMix mix in Volatile.Read(ref _mixes))
        {
            if (mix.SampleRate == sampleRate) return mix;
        }

        return null;
    }

    /// <summary>The mixer's: from now on a rate is in use.</summary>
    public void Use(int sampleRate)
    {
        if (_mixes.Length < Mixer.MaxRates && Common(sampleRate) is null) Volatile.Write(ref _mixes, [.. _mixes, new CommonMix(SampleRate, sampleRate)]);
    }

    /// <summary>The mixer's: the sums of the next beat are complete.</summary>
    /// <param name="isQuiet">True when nobody spoke.</param>
    public void Publish(bool isQuiet)
    {
        long beat = _published;
        CommonMix own = _mixes[0];
        Span<short> samples = own.Samples(beat);
        if (isQuiet && _limiter.Gain == 1) samples.Clear();
        else _limiter.Process(Sums(beat), samples);
        ReadOnlySpan<short> before = beat == 0 ? _silence : own.Samples(beat - 1);
        for (int i = 1; i < _mixes.Length; i++) _mixes[i].Follow(beat, before, samples, isQuiet && (beat == 0 || IsQuiet(beat - 1)));
        _isQuiet[beat % Beats] = isQuiet;
        _gains[beat % Beats] = _limiter.Gain;
        Volatile.Write(ref _published, beat + 1);
    }

    /// <summary>What everybody hears in a beat but one, who said something.</summary>
    /// <param name="beat">The beat.</param>
    /// <param name="own">What he said.</param>
    /// <param name="limiter">His.</param>
    /// <param name="work">Room for a beat of sums.</param>
    /// <param name="others">What he is to hear.</param>
    public void Without(long beat, ReadOnlySpan<short> own, Limiter limiter, Span<int> work, Span<short> others)
    {
        Sums(beat).CopyTo(work);
        SampleSums.Subtract(work, own);
        limiter.Process(work, others);
    }

    /// <summary>The samples of the beat before one, at the rate of the line.</summary>
    public ReadOnlySpan<short> Before(long beat) => beat == 0 ? _silence : _mixes[0].Samples(beat - 1);
}

/// <summary>What everybody hears who says nothing himself, at one sample rate.</summary>
internal sealed class CommonMix
{
    private readonly short[] _samples;
    private readonly int _beat;
    private readonly BeatResampler? _resampler;

    /// <summary>A mix without beats.</summary>
    public CommonMix(int lineRate, int sampleRate)
    {
        SampleRate = sampleRate;
        _beat = Mixer.SamplesPerBeat(sampleRate);
        _samples = new short[_beat * MixLine.Beats];
        if (lineRate != sampleRate) _resampler = new BeatResampler(lineRate, sampleRate);
    }

    /// <summary>Samples per second.</summary>
    public int SampleRate { get; }

    /// <summary>The samples of a beat.</summary>
    public Span<short> Samples(long beat) => _samples.AsSpan((int)(beat % MixLine.Beats) * _beat, _beat);

    /// <summary>Converts a beat of the line.</summary>
    /// <param name="beat">Its number.</param>
    /// <param name="before">The one before it.</param>
    /// <param name="samples">What it is.</param>
    /// <param name="isSilent">True when both are silence.</param>
    public void Follow(long beat, ReadOnlySpan<short> before, ReadOnlySpan<short> samples, bool isSilent)
    {
        if (isSilent)
        {
            _resampler!.Cool();
            Samples(beat).Clear();
            return;
        }

        if (!_resampler!.IsWarm) _resampler.Warm(before);
        _resampler.Process(samples, Samples(beat));
    }
}
