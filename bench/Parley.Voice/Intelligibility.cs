using Parley.Media.Processing;

namespace Parley.Voice;

/// <summary>How well speech can be understood that came over a network, and how late it came.</summary>
/// <param name="Score">0 to 1: the mean of the correlations of STOI.</param>
/// <param name="Delays">How much later than it was said each piece was heard, in milliseconds.</param>
/// <remarks>
/// STOI (Taal and others, 2011) compares how the bands of both rise and fall over pieces of 384 ms. It wants both aligned to the sample, which they are not
/// when playout changes its delay; so each piece is compared where it fits best. Pieces in which the speaker is silent do not count.
/// </remarks>
internal readonly record struct Intelligibility(double Score, IReadOnlyList<double> Delays)
{
    private const int Hop = Spectrum.Window / 2;
    private const int FineHop = 32;             // 3.2 ms: how exactly a piece is placed
    private const int Pieces = 30;              // rows in a segment
    private const int Step = 10;                // rows from one segment to the next
    private const double Silent = 1e-4;         // of the loudest row's power: -40 dB
    private const double Clip = 6.623;          // 1 + 10^(15/20): noise of more than that does no more harm
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(600), Nearby = TimeSpan.FromMilliseconds(200);

    /// <summary>Compares what was heard with what was said; both begin at the same moment.</summary>
    public static Intelligibility Of(ReadOnlySpan<short> said, int saidRate, ReadOnlySpan<short> heard, int heardRate)
    {
        double[][] reference = Spectrum.Of(Resampled(said, saidRate), Hop), other = Spectrum.Of(Resampled(heard, heardRate), FineHop);
        double[] power = [.. reference.Select(row => row.Sum(band => band * band))];
        double threshold = power.Max() * Silent;
        int[] segments = [.. Segments(power, threshold)];
        int most = (int)(LongestDelay.TotalSeconds * Spectrum.SampleRate / FineHop), nearby = (int)(Nearby.TotalSeconds * Spectrum.SampleRate / FineHop);
        // Where everything fits best on the whole, and then each piece near there: a piece that is looked for everywhere is found somewhere.
        int[] rough = [.. segments.Select(first => Place(reference, first, other, 0, most).Shift).Order()];
        int middle = rough.Length == 0 ? 0 : rough[rough.Length / 2];
        double sum = 0;
        List<double> delays = [];
        foreach (int first in segments)
        {
            (int shift, double correlation) = Place(reference, first, other, Math.Max(0, middle - nearby), middle + nearby);
            if (double.IsNegativeInfinity(correlation)) continue;
            sum += correlation;
            delays.Add(shift * FineHop * 1000.0 / Spectrum.SampleRate);
        }

        return new Intelligibility(delays.Count == 0 ? 0 : sum / delays.Count, delays);
    }

    /// <summary>The first rows of the pieces in which there is speech most of the time.</summary>
    private static IEnumerable<int> Segments(double[] power, double threshold)
    {
        for (int first = 0; first + Pieces <= power.Length; first += Step)
        {
            int loud = 0;
            for (int i = first; i < first + Pieces; i++) loud += power[i] > threshold ? 1 : 0;
            if (loud >= Pieces * 2 / 3) yield return first;
        }
    }

    private static (int Shift, double Correlation) Place(double[][] reference, int first, double[][] other, int from, int to)
    {
        (int Shift, double Correlation) best = (from, double.NegativeInfinity);
        for (int shift = from; shift <= to; shift++)
        {
            double correlation = Correlate(reference, first, other, (first * (Hop / FineHop)) + shift);
            if (correlation > best.Correlation) best = (shift, correlation);
        }

        return best;
    }

    private static double Correlate(double[][] reference, int first, double[][] other, int otherFirst)
    {
        if (otherFirst + ((Pieces - 1) * (Hop / FineHop)) >= other.Length) return double.NegativeInfinity;
        double sum = 0;
        Span<double> x = stackalloc double[Pieces], y = stackalloc double[Pieces];
        for (int band = 0; band < Spectrum.Bands; band++)
        {
            double xx = 0, yy = 0;
            for (int i = 0; i < Pieces; i++)
            {
                x[i] = reference[first + i][band];
                y[i] = other[otherFirst + (i * (Hop / FineHop))][band];
                xx += x[i] * x[i];
                yy += y[i] * y[i];
            }

            double scale = yy == 0 ? 0 : Math.Sqrt(xx / yy);
            double xMean = 0, yMean = 0;
            for (int i = 0; i < Pieces; i++)
            {
                y[i] = Math.Min(y[i] * scale, x[i] * Clip);
                xMean += x[i] / Pieces;
                yMean += y[i] / Pieces;
            }

            double xy = 0;
            (xx, yy) = (0, 0);
            for (int i = 0; i < Pieces; i++)
            {
                xy += (x[i] - xMean) * (y[i] - yMean);
                xx += (x[i] - xMean) * (x[i] - xMean);
                yy += (y[i] - yMean) * (y[i] - yMean);
            }

            if (xx > 0 && yy > 0) sum += xy / Math.Sqrt(xx * yy);
        }

        return sum / Spectrum.Bands;
    }

    private static short[] Resampled(ReadOnlySpan<short> sound, int rate)
    {
        var resampler = new Resampler(rate, Spectrum.SampleRate);
        short[] samples = new short[resampler.MaxOutput(sound.Length) + resampler.MaxFlush];
        int count = resampler.Process(sound, samples);
        count += resampler.Flush(samples.AsSpan(count));
        return samples[..count];
    }
}
