namespace Parley.Media.Playout;

/// <summary>Makes sound for packets that did not come, of a codec that cannot do so itself: goes on as the voice was, and meets it where it comes back.</summary>
/// <remarks>
/// <code>
/// before the gap |  forward: the last period, again and again   \
///                |                                               X  faded over, after the first is bent so that both meet in phase
///                |  /  backward: the first period of what follows  | behind the gap
/// </code>
/// What follows a lost packet is there already more often than not, as a playout buffer holds it: knowing both sides of a gap is worth more than any guess
/// from one. Without it the sound goes on for 20 ms, fades out until 100 ms, and what comes back is faded in (<see cref="Merge"/>).
/// Noise, which has no period, is mirrored at the edge of the gap. The period as ITU-T G.711 Appendix I has it; the rest is ours. Not thread-safe.
/// </remarks>
public sealed class LossConcealer
{
    private const int HistoryMilliseconds = 50;
    private const int WindowMilliseconds = 10;          // of what is compared
    private const int ShortestWindowMilliseconds = 4;
    private const int MergeMilliseconds = 6;
    private const int FullMilliseconds = 20;            // before it fades
    private const int SilentMilliseconds = 100;
    private const float Voiced = 0.5f;                  // correlation from which on a piece has a pitch
    private const float Meets = 0.3f;                   // correlation from which on both sides of a gap are brought in phase
    private const int LargestBend = 6;                  // of the gap's length, a part: more would be heard as another pitch

    private readonly int _sampleRate;
    private readonly int _window;
    private readonly short[] _history;
    private float[] _forward = [];
    private short[] _forwardSamples = [];
    private Pitch _pitch;
    private int _concealed;         // samples made since the last good one

    /// <summary>For sound of a rate.</summary>
    /// <param name="sampleRate">8,000 or a multiple.</param>
    public LossConcealer(int sampleRate)
    {
        _sampleRate = sampleRate;
        _window = Milliseconds(WindowMilliseconds);
        _history = new short[Milliseconds(HistoryMilliseconds)];
    }

    /// <summary>True behind a gap of which the end was not known: what comes next is to be merged.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Takes sound that was received, and played behind all before.</summary>
    public void Add(ReadOnlySpan<short> samples)
    {
        Remember(samples);
        (_concealed, IsOpen) = (0, false);
    }

    /// <summary>Fills a gap.</summary>
    /// <param name="gap">All of it is filled.</param>
    /// <param name="next">What follows it; empty when that is not known (yet).</param>
    public void Conceal(Span<short> gap, ReadOnlySpan<short> next)
    {
        if (gap.IsEmpty) return;
        if (_concealed == 0) _pitch = Pitch.Find(_history, _sampleRate, _window);
        if (next.Length < Pitch.ShortestPeriod(_sampleRate))
        {
            Span<float> forward = Extend(gap.Length);
            Write(forward, gap);
            IsOpen = true;
        }
        else
        {
            Bridge(gap, next);
            IsOpen = false;
        }

        _concealed += gap.Length;
        Remember(gap, isConcealed: true);
    }

    /// <summary>Fades from a gap whose end was not known into what came behind it.</summary>
    /// <param name="samples">What came; its beginning is changed.</param>
    public void Merge(Span<short> samples)
    {
        if (!IsOpen) return;
        int length = Math.Min(samples.Length, Milliseconds(MergeMilliseconds));
        ReadOnlySpan<float> forward = Extend(length);
        for (int i = 0; i < length; i++)
        {
            float share = (i + 1f) / (length + 1);
            samples[i] = Clip((forward[i] * (1 - share)) + (samples[i] * share));
        }

        IsOpen = false;
    }

    /// <summary>Forgets what was before: other sound begins.</summary>
    public void Clear()
    {
        Array.Clear(_history);
        (_concealed, IsOpen) = (0, false);
    }

    private int Milliseconds(int milliseconds) => _sampleRate * milliseconds / 1000;

    private void Remember(ReadOnlySpan<short> samples, bool isConcealed = false)
    {
        if (isConcealed) return;        // the pitch and the period are those of the voice, not of what was made of it
        if (samples.Length >= _history.Length)
        {
            samples[^_history.Length..].CopyTo(_history);
            return;
        }

        _history.AsSpan(samples.Length).CopyTo(_history);
        samples.CopyTo(_history.AsSpan(_history.Length - samples.Length));
    }

    /// <summary>Goes on from the last good sample, behind what was made already.</summary>
    private Span<float> Extend(int length)
    {
        if (_forward.Length < length) (_forward, _forwardSamples) = (new float[length], new short[length]);
        Span<float> forward = _forward.AsSpan(0, length);
        for (int i = 0; i < length; i++) forward[i] = Forward(_concealed + i) * GainAt(_concealed + i);
        return forward;
    }

    /// <summary>The sample so many behind the last good one, at full strength.</summary>
    private float Forward(int index)
    {
        int end = _history.Length;
        if (_pitch.Correlation < Voiced)
        {
            int span = end - 1;
            int folded = index % (2 * span);
            return _history[end - 1 - (folded < span ? folded : (2 * span) - folded)];
        }

        // A second period where there is room makes it less of a buzz. The end of a cycle flows into its beginning over a quarter of a period.
        int cycle = _pitch.Period * (_pitch.Period * 3 > end ? 1 : 2), overlap = _pitch.Period / 4;
        int position = index % cycle;
        float sample = _history[end - cycle + position];
        int left = cycle - position;
        if (left > overlap) return sample;
        float share = (float)(overlap - left + 1) / (overlap + 1);
        return (sample * (1 - share)) + (_history[end - cycle - left] * share);
    }

    private float GainAt(int index)
    {
        int full = Milliseconds(FullMilliseconds), silent = Milliseconds(SilentMilliseconds);
        return index <= full ? 1 : index >= silent ? 0 : (float)(silent - index) / (silent - full);
    }

    /// <summary>Fills a gap of which both sides are known.</summary>
    private void Bridge(Span<short> gap, ReadOnlySpan<short> next)
    {
        int window = Math.Min(next.Length, _window);
        int bend = _pitch.Correlation < Voiced ? 0 : Math.Min(gap.Length / LargestBend, (_pitch.Period / 2) + 1);
        Span<float> forward = Extend(gap.Length + bend + window);
        int shift = bend == 0 ? 0 : FindShift(forward, gap.Length, bend, next[..window]);
        // Less is compared where more would leave no room for long periods.
        int compared = Math.Min(Math.Clamp(next.Length - Pitch.LongestPeriod(_sampleRate), Milliseconds(ShortestWindowMilliseconds), _window), next.Length / 2);
        Pitch after = Pitch.Find(Reversed(next), _sampleRate, compared);
        float rate = (float)(gap.Length + shift) / gap.Length;
        for (int i = 0; i < gap.Length; i++)
        {
            float at = i * rate;
            int whole = (int)at;
            float part = at - whole;
            float one = (forward[whole] * (1 - part)) + (forward[whole + 1] * part);
            int left = gap.Length - 1 - i;
            float other = Backward(next, after, left) * GainAt(left);
            float share = Smooth((i + 0.5f) / gap.Length);
            gap[i] = Clip((one * (1 - share)) + (other * share));
        }
    }

    /// <summary>By how many samples the forward sound must be bent so that it is in phase where the gap ends.</summary>
    private int FindShift(ReadOnlySpan<float> forward, int gap, int most, ReadOnlySpan<short> next)
    {
        Span<short> samples = _forwardSamples.AsSpan(0, forward.Length);
        for (int i = 0; i < forward.Length; i++) samples[i] = Clip(forward[i]);
        (int Shift, float Correlation) best = (0, Meets);
        for (int shift = -most; shift <= most; shift++)
        {
            float correlation = Pitch.Correlate(next, samples.Slice(gap + shift, next.Length));
            if (correlation > best.Correlation) best = (shift, correlation);
        }

        return best.Shift;
    }

    /// <summary>The sample so many before the first one behind the gap, and one more.</summary>
    private static float Backward(ReadOnlySpan<short> next, Pitch pitch, int index)
    {
        if (pitch.Correlation >= Voiced && pitch.Period <= next.Length) return next[pitch.Period - 1 - (index % pitch.Period)];
        int span = Math.Max(1, next.Length - 1);
        int folded = index % (2 * span);
        return next[Math.Min(next.Length - 1, folded < span ? folded : (2 * span) - folded)];
    }

    private ReadOnlySpan<short> Reversed(ReadOnlySpan<short> next)
    {
        int length = Math.Min(next.Length, _forwardSamples.Length);
        Span<short> reversed = _forwardSamples.AsSpan(0, length);
        next[..length].CopyTo(reversed);
        reversed.Reverse();
        return reversed;
    }

    private static float Smooth(float share) => share * share * (3 - (2 * share));

    private static void Write(ReadOnlySpan<float> sound, Span<short> samples)
    {
        for (int i = 0; i < samples.Length; i++) samples[i] = Clip(sound[i]);
    }

    private static short Clip(float sample) => (short)Math.Clamp(MathF.Round(sample), short.MinValue, short.MaxValue);
}
