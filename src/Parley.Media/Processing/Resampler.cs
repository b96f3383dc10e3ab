using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Media.Processing;

/// <summary>Changes the sample rate of a stream by a windowed-sinc filter in as many phases as the ratio needs.</summary>
/// <remarks>
/// The filter has 32 zero crossings of the lower rate on each side under a Kaiser window: flat up to 0.84 of the lower
/// rate's half, and 80 dB down above that half. The first sample out stands for the first sample in, so nothing is
/// shifted; the last come with <see cref="Flush"/>. Equal rates copy. Not thread-safe.
/// </remarks>
public sealed class Resampler
{
    private const int ZeroCrossings = 32;
    private const int MaxPhases = 1024;         // ratios that need more get the nearest two mixed: an error of -110 dB
    private const double KaiserBeta = 8.0;      // 80 dB
    private const double Cutoff = 0.92;         // in the middle of the transition that ends at the lower rate's half

    private readonly int _up, _down;            // the ratio in lowest terms
    private readonly int _phases;
    private readonly int _taps;
    private readonly float[] _filter = [];      // phase after phase; one more than there are, for mixing
    private readonly float[] _history = [];     // the last taps of input, then what is being worked on
    private int _historyCount;
    private long _position;                     // of the next sample out, in 1/up of an input sample, from the history's beginning
    private long _in, _out;

    /// <summary>A resampler at its beginning.</summary>
    /// <param name="fromRate">Samples per second that go in: 1000 to 768,000.</param>
    /// <param name="toRate">Samples per second that come out: 1000 to 768,000.</param>
    public Resampler(int fromRate, int toRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRate, 1000);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fromRate, 768_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(toRate, 1000);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(toRate, 768_000);
        int divisor = (int)BigInteger.GreatestCommonDivisor(fromRate, toRate);
        (_up, _down) = (toRate / divisor, fromRate / divisor);
        if (_up == _down) return;

        _phases = Math.Min(_up, MaxPhases);
        double stretch = Math.Max(1.0, (double)_down / _up);            // a lower rate out needs a longer filter
        int half = (int)Math.Ceiling(ZeroCrossings * stretch);
        _taps = half * 2;
        _filter = MakeFilter(_phases, half, Cutoff / stretch);
        _history = new float[_taps * 4];
        // Before the first sample lies silence, so that the filter's middle is on that sample.
        _historyCount = half - 1;
    }

    /// <summary>The most samples that can come out when some go in.</summary>
    public int MaxOutput(int input) => _up == _down ? input : (int)(((long)input * _up / _down) + 2);

    /// <summary>The most samples that <see cref="Flush"/> gives.</summary>
    public int MaxFlush => MaxOutput(_taps);

    /// <summary>Takes samples in and gives those that can be told already.</summary>
    /// <param name="input">Any number.</param>
    /// <param name="output">At least <see cref="MaxOutput"/> for that number.</param>
    /// <returns>Samples given.</returns>
    public int Process(ReadOnlySpan<short> input, Span<short> output)
    {
        if (_up == _down)
        {
            input.CopyTo(output);
            return input.Length;
        }

        _in += input.Length;
        int given = 0;
        while (!input.IsEmpty)
        {
            int count = Math.Min(input.Length, _history.Length - _historyCount);
            for (int i = 0; i < count; i++) _history[_historyCount + i] = input[i];
            _historyCount += count;
            input = input[count..];
            given += Produce(output[given..]);
        }

        return given;
    }

    /// <summary>Gives the samples that waited for more to come: silence is taken to follow.</summary>
    /// <param name="output">At least <see cref="MaxFlush"/>.</param>
    /// <returns>Samples given: in all, as many as the input's duration holds.</returns>
    public int Flush(Span<short> output)
    {
        if (_up == _down) return 0;
        long total = ((_in * _up) + _down - 1) / _down;
        int left = (int)(total - _out);
        Span<short> silence = stackalloc short[64];
        silence.Clear();
        int given = 0;
        Span<short> piece = new short[MaxOutput(silence.Length)];
        while (given < left)
        {
            int count = Math.Min(Process(silence, piece), left - given);
            piece[..count].CopyTo(output[given..]);
            given += count;
        }

        return given;
    }

    /// <summary>Converts a whole piece of sound.</summary>
    public static short[] Convert(ReadOnlySpan<short> input, int fromRate, int toRate)
    {
        Resampler resampler = new(fromRate, toRate);
        short[] output = new short[resampler.MaxOutput(input.Length) + resampler.MaxFlush];
        int count = resampler.Process(input, output);
        count += resampler.Flush(output.AsSpan(count));
        return output[..count];
    }

    /// <summary>Begins anew: silence lies before the next sample.</summary>
    public void Reset()
    {
        if (_up == _down) return;
        Array.Clear(_history);
        (_historyCount, _position, _in, _out) = ((_taps / 2) - 1, 0, 0, 0);
    }

    private int Produce(Span<short> output)
    {
        int given = 0;
        while (true)
        {
            int start = (int)(_position / _up);
            if (start + _taps > _historyCount) break;
            long phase = _position % _up;
            ReadOnlySpan<float> window = _history.AsSpan(start, _taps);
            float sample = _phases == _up ? Dot(window, Phase((int)phase)) : Mixed(window, (double)phase * _phases / _up);
            output[given++] = (short)Math.Clamp(MathF.Round(sample), short.MinValue, short.MaxValue);
            _position += _down;
        }

        // What no sample to come needs goes out of the history.
        int used = Math.Min((int)(_position / _up), _historyCount);
        _history.AsSpan(used, _historyCount - used).CopyTo(_history);
        _historyCount -= used;
        _position -= (long)used * _up;
        _out += given;
        return given;
    }

    private ReadOnlySpan<float> Phase(int phase) => _filter.AsSpan(phase * _taps, _taps);

    private float Mixed(ReadOnlySpan<float> window, double phase)
    {
        int below = (int)phase;
        float share = (float)(phase - below);
        return (Dot(window, Phase(below)) * (1 - share)) + (Dot(window, Phase(below + 1)) * share);
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> va = MemoryMarshal.Cast<float, Vector<float>>(a), vb = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> sums = Vector<float>.Zero;
        for (int i = 0; i < va.Length; i++) sums += va[i] * vb[i];
        float sum = Vector.Sum(sums);
        for (int i = va.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static float[] MakeFilter(int phases, int half, double cutoff)
    {
        int taps = half * 2;
        float[] filter = new float[(phases + 1) * taps];
        double norm = Bessel(KaiserBeta);
        for (int phase = 0; phase <= phases; phase++)
        {
            Span<float> row = filter.AsSpan(phase * taps, taps);
            Span<double> exact = new double[taps];
            double sum = 0;
            for (int tap = 0; tap < taps; tap++)
            {
                // How far the input sample of this tap lies from the output sample.
                double x = tap - (half - 1) - ((double)phase / phases);
                double edge = x / half;
                double window = Math.Abs(edge) >= 1 ? 0 : Bessel(KaiserBeta * Math.Sqrt(1 - (edge * edge))) / norm;
                double sinc = x == 0 ? 1 : Math.Sin(Math.PI * x * cutoff) / (Math.PI * x * cutoff);
                exact[tap] = window * sinc;
                sum += exact[tap];
            }

            // Each phase passes a constant unchanged.
            for (int tap = 0; tap < taps; tap++) row[tap] = (float)(exact[tap] / sum);
        }

        return filter;
    }

    /// <summary>The modified Bessel function of the first kind and order 0.</summary>
    private static double Bessel(double x)
    {
        double sum = 1, term = 1;
        for (int k = 1; term > sum * 1e-12; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
