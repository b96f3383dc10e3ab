using System.Globalization;

namespace Parley.TestSupport;

/// <summary>Says how a recording differs from what was played: where it begins, how clean it is, and whether anything is missing.</summary>
/// <remarks>
/// The recording is put over the reference where both correlate best. The signal-to-noise ratio is then taken over all
/// of the reference; what lies outside the recording counts as noise. Pieces of the reference are aligned once more by
/// themselves, so that a recording that jumps in time shows where.
/// </remarks>
public sealed record AudioComparison
{
    /// <summary>Where the reference begins in the recording.</summary>
    /// <value>Samples; negative when the recording begins later.</value>
    public required int OffsetSamples { get; init; }

    /// <summary>Power of the reference over power of the difference.</summary>
    /// <value>dB; positive infinity when there is no difference.</value>
    public required double SignalToNoise { get; init; }

    /// <summary>Samples of the reference that can be heard and have nothing in the recording: beyond its ends, or where it has 5 ms of zeros and more.</summary>
    public required int MissingSamples { get; init; }

    /// <summary>Samples of the reference that differ.</summary>
    public required int DifferentSamples { get; init; }

    /// <summary>How far the piece that is farthest from its place is from it; 0 when nothing was inserted or left out.</summary>
    public required int LargestShiftSamples { get; init; }

    /// <summary>Where the first shifted piece begins in the reference; -1 when there is none.</summary>
    public required int FirstShiftAt { get; init; }

    /// <summary>All in one line, for a test's message.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"offset {OffsetSamples}, SNR {SignalToNoise:0.0} dB, {MissingSamples} missing, {DifferentSamples} different, shift {LargestShiftSamples} (first at {FirstShiftAt})");

    /// <summary>Compares two pieces of mono sound of the same sample rate.</summary>
    /// <param name="reference">What was played.</param>
    /// <param name="recording">What was recorded.</param>
    /// <param name="sampleRate">Samples per second of both.</param>
    public static AudioComparison Compare(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording, int sampleRate)
    {
        int offset = BestOffset(reference, recording);
        double signal = 0, noise = 0;
        int missing = 0, different = 0, zeros = 0;
        int gap = sampleRate / 200;
        for (int i = 0; i < reference.Length; i++)
        {
            int at = i + offset;
            bool outside = at < 0 || at >= recording.Length;
            int sample = outside ? 0 : recording[at], wanted = reference[i];
            signal += (double)wanted * wanted;
            noise += (double)(wanted - sample) * (wanted - sample);
            if (sample != wanted) different++;
            zeros = sample == 0 ? zeros + 1 : 0;
            bool audible = Math.Abs(wanted) > 200;
            if (audible && (outside || zeros >= gap)) missing++;
        }

        (int shift, int first) = LargestShift(reference, recording, offset, sampleRate);
        return new AudioComparison
        {
            OffsetSamples = offset,
            SignalToNoise = noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise),
            MissingSamples = missing,
            DifferentSamples = different,
            LargestShiftSamples = shift,
            FirstShiftAt = first,
        };
    }

    /// <summary>Aligns pieces of 100 ms within 250 ms around their place.</summary>
    private static (int Shift, int FirstAt) LargestShift(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording, int offset, int sampleRate)
    {
        int piece = sampleRate / 10, reach = sampleRate / 4;
        int largest = 0, first = -1, before = 0;
        for (int start = 0; start + piece <= reference.Length; start += piece)
        {
            ReadOnlySpan<short> part = reference.Slice(start, piece);
            if (Power(part) < 300.0 * 300) continue;        // too quiet to know its place
            int place = start + offset, shiftBefore = before;
            before = 0;
            double here = Likeness(part, recording, place);
            if (here > 0.98) continue;
            (double most, int at) = (here, place);
            for (int other = place - reach; other <= place + reach; other++)
            {
                double likeness = Likeness(part, recording, other);
                if (likeness > most) (most, at) = (likeness, other);
            }

            // A vowel with a hole is like itself a period later: a place counts that is clearly better, for two pieces in a row.
            if (most < 0.7 || most < here + 0.1) continue;
            before = at - place;
            if (Math.Abs(before - shiftBefore) > 2) continue;
            if (Math.Abs(before) > Math.Abs(largest)) largest = before;
            if (first < 0) first = start - piece;
        }

        return (largest, first);
    }

    /// <summary>The normalised correlation of a piece with a place of the recording: 1 when they differ in loudness at most.</summary>
    internal static double Likeness(ReadOnlySpan<short> part, ReadOnlySpan<short> recording, int at)
    {
        if (at < 0 || at + part.Length > recording.Length) return 0;
        double product = 0, own = 0, other = 0;
        for (int i = 0; i < part.Length; i++)
        {
            double a = part[i], b = recording[at + i];
            product += a * b;
            own += a * a;
            other += b * b;
        }

        return other == 0 ? 0 : product / Math.Sqrt(own * other);
    }

    internal static double Power(ReadOnlySpan<short> samples)
    {
        double sum = 0;
        foreach (short sample in samples) sum += (double)sample * sample;
        return sum / Math.Max(1, samples.Length);
    }

    /// <summary>The offset at which the cross-correlation is largest, by way of the frequency domain.</summary>
    internal static int BestOffset(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording)
    {
        if (reference.IsEmpty || recording.IsEmpty) return 0;
        int size = 1;
        while (size < reference.Length + recording.Length) size <<= 1;
        (double[] aRe, double[] aIm) = (new double[size], new double[size]);
        (double[] bRe, double[] bIm) = (new double[size], new double[size]);
        for (int i = 0; i < recording.Length; i++) aRe[i] = recording[i];
        for (int i = 0; i < reference.Length; i++) bRe[i] = reference[i];
        Transform(aRe, aIm);
        Transform(bRe, bIm);
        for (int i = 0; i < size; i++)
        {
            // recording times the conjugate of the reference; conjugated, so that the same transform goes back.
            double re = (aRe[i] * bRe[i]) + (aIm[i] * bIm[i]), im = (aIm[i] * bRe[i]) - (aRe[i] * bIm[i]);
            (aRe[i], aIm[i]) = (re, -im);
        }

        Transform(aRe, aIm);
        int best = 0;
        for (int i = 1; i < size; i++)
        {
            if (aRe[i] > aRe[best]) best = i;
        }

        return best < recording.Length ? best : best - size;
    }

    /// <summary>The fast Fourier transform, in place; the length is a power of two.</summary>
    private static void Transform(double[] re, double[] im)
    {
        int n = re.Length;
        for (int i = 1, j = 0; i < n; i++)
        {
            int bit = n >> 1;
            for (; (j & bit) != 0; bit >>= 1) j ^= bit;
            j ^= bit;
            if (i >= j) continue;
            (re[i], re[j]) = (re[j], re[i]);
            (im[i], im[j]) = (im[j], im[i]);
        }

        for (int length = 2; length <= n; length <<= 1)
        {
            int half = length / 2;
            double[] cos = new double[half], sin = new double[half];
            for (int k = 0; k < half; k++) (sin[k], cos[k]) = Math.SinCos(-2 * Math.PI * k / length);
            for (int start = 0; start < n; start += length)
            {
                for (int k = 0; k < half; k++)
                {
                    int low = start + k, high = low + half;
                    double re2 = (re[high] * cos[k]) - (im[high] * sin[k]), im2 = (re[high] * sin[k]) + (im[high] * cos[k]);
                    (re[high], im[high]) = (re[low] - re2, im[low] - im2);
                    (re[low], im[low]) = (re[low] + re2, im[low] + im2);
                }
            }
        }
    }
}
