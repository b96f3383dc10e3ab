using Parley.Media.Streams;

namespace Parley.Media.Mixing;

/// <summary>What one party says: written by the party's thread, taken beat by beat by the mixer's.</summary>
internal sealed class PartyVoice : IAudioSink
{
    private const float Quiet = 33f * 33f;      // mean square: 60 dB below full scale
    private const int HoldBeats = 15;           // 300 ms: the end of a word is softer than its beginning

    private SampleRing? _ring;
    private Contribution? _contribution;
    private long _overflowed, _missed, _leftOut;
    private float _gain = 1;
    private bool _isMuted;

    // The mixer's.
    private SampleRing? _taken;
    private Slack _slack;
    private short[] _beat = [], _before = [];
    private BeatResampler? _resampler;
    private float _appliedGain = 1;
    private int _hold;
    private bool _isQuiet = true;

    /// <summary>Samples per second; 0 before the first.</summary>
    public int SampleRate => Volatile.Read(ref _ring)?.SampleRate ?? 0;

    /// <summary>What the party says is multiplied with this.</summary>
    public float Gain
    {
        get => Volatile.Read(ref _gain);
        set => Volatile.Write(ref _gain, value);
    }

    /// <summary>True when nobody hears the party.</summary>
    public bool IsMuted
    {
        get => Volatile.Read(ref _isMuted);
        set => Volatile.Write(ref _isMuted, value);
    }

    /// <summary>Beats that the mixer found nothing in.</summary>
    public long Missed => Volatile.Read(ref _missed);

    /// <summary>Beats that were left out as too many waited.</summary>
    public long LeftOut => Volatile.Read(ref _leftOut) + (Volatile.Read(ref _overflowed) / Math.Max(1, Mixer.SamplesPerBeat(SampleRate)));

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        if (SampleRate != sampleRate) Volatile.Write(ref _ring, new SampleRing(sampleRate));
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples)
    {
        if (_ring is { } ring) Volatile.Write(ref _overflowed, _overflowed + ring.Write(samples));
    }

    /// <inheritdoc/>
    public void End()
    {
    }

    /// <summary>The mixer's: takes the next beat and adds it to the sums.</summary>
    /// <returns>False when the party says nothing.</returns>
    public bool TryAdd(MixLine line, long beat)
    {
        if (!TryTake())
        {
            Rest();
            return false;
        }

        _isQuiet = SampleSums.Energy(_beat) <= Quiet;
        _hold = _isQuiet ? Math.Max(0, _hold - 1) : HoldBeats;
        float before = _appliedGain;
        _appliedGain = IsMuted ? 0 : Gain;
        if (_hold == 0 || (before == 0 && _appliedGain == 0))
        {
            Rest();
            return false;
        }

        if (_contribution?.Line != line) Volatile.Write(ref _contribution, new Contribution(line));
        Span<short> said = _contribution!.Take(beat);
        Convert(line, said);
        if (before != 1 || _appliedGain != 1) SampleSums.Scale(said, before, _appliedGain);
        SampleSums.Add(line.Sums(beat), said);
        return true;
    }

    /// <summary>What the party said in a beat that is published; empty for nothing.</summary>
    public ReadOnlySpan<short> SaidIn(MixLine line, long beat)
    {
        Contribution? contribution = Volatile.Read(ref _contribution);
        return contribution?.Line == line ? contribution.Find(beat) : default;
    }

    private bool TryTake()
    {
        SampleRing? ring = Volatile.Read(ref _ring);
        if (ring is null) return false;
        int samples = Mixer.SamplesPerBeat(ring.SampleRate);
        if (ring != _taken)
        {
            (_taken, _resampler, _slack) = (ring, null, default);
            (_beat, _before) = (new short[samples], new short[samples]);
        }

        int waiting = ring.Count / samples;
        if (waiting == 0)
        {
            Volatile.Write(ref _missed, _missed + 1);
            return false;
        }

        int surplus = _slack.Next(waiting - 1, _isQuiet);
        if (surplus > 0)
        {
            ring.Skip(surplus * samples);
            Volatile.Write(ref _leftOut, _leftOut + surplus);
        }

        (_beat, _before) = (_before, _beat);
        ring.Read(_beat);
        return true;
    }

    private void Convert(MixLine line, Span<short> said)
    {
        if (_taken!.SampleRate == line.SampleRate)
        {
            _beat.CopyTo(said);
            return;
        }

        if (_resampler?.ToRate != line.SampleRate) _resampler = new BeatResampler(_taken.SampleRate, line.SampleRate);
        if (!_resampler.IsWarm) _resampler.Warm(_before);
        _resampler.Process(_beat, said);
    }

    private void Rest()
    {
        _isQuiet = true;
        _resampler?.Cool();
    }

    /// <summary>What the party has added to the beats of a line.</summary>
    private sealed class Contribution(MixLine line)
    {
        private readonly short[] _samples = new short[line.BeatSamples * MixLine.Beats];
        private readonly long[] _numbers = [.. Enumerable.Repeat(-1L, MixLine.Beats)];

        public MixLine Line => line;

        public Span<short> Take(long beat)
        {
            Volatile.Write(ref _numbers[beat % MixLine.Beats], beat);
            return Slot(beat);
        }

        public ReadOnlySpan<short> Find(long beat) => Volatile.Read(ref _numbers[beat % MixLine.Beats]) == beat ? Slot(beat) : default;

        private Span<short> Slot(long beat) => _samples.AsSpan((int)(beat % MixLine.Beats) * line.BeatSamples, line.BeatSamples);
    }
}
