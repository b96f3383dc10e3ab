namespace Parley.Voice;

/// <summary>How loud pieces of sound are in each band of the ear: specific loudness, in sone for each band half a Bark wide, from 100 Hz to 3.7 kHz.</summary>
/// <remarks>
/// Zwicker's law with an exponent of 0.23 over the threshold in quiet (Zwicker and Fastl, Psychoacoustics), Terhardt's formula for the threshold (1979), Traunmüller's for the
/// Bark (1990). Pieces of 32 ms at 8 kHz under a Hann window. Where the powers are those of speech at a usual level, speech is at 79 dB.
/// </remarks>
internal static class Loudness
{
    /// <summary>Samples per second that it wants.</summary>
    public const int SampleRate = 8000;

    /// <summary>Samples in a piece.</summary>
    public const int Window = 256;

    /// <summary>How many bands there are.</summary>
    public const int Bands = 32;

    /// <summary>How loud speech is meant to be, as the power of its loud pieces.</summary>
    public static readonly double SpeechPower = Math.Pow(10, 7.9);

    private const double LowestBark = 1, BandBark = 0.5, Exponent = 0.23;
    private static readonly double[] Hann = [.. Enumerable.Range(0, Window).Select(n => 0.5 - (0.5 * Math.Cos(2 * Math.PI * (n + 0.5) / Window)))];
    private static readonly double[][] Shares = [.. Enumerable.Range(0, Bands).Select(SharesOf)];
    private static readonly double[] Thresholds = [.. Enumerable.Range(0, Bands).Select(ThresholdOf)];

    /// <summary>The power in each band of pieces that begin a number of samples apart.</summary>
    /// <returns>A row of <see cref="Bands"/> for each piece.</returns>
    public static double[][] PowersOf(ReadOnlySpan<short> sound, int hop)
    {
        var rows = new double[Math.Max(0, ((sound.Length - Window) / hop) + 1)][];
        double[] real = new double[Window], imaginary = new double[Window], power = new double[Window / 2];
        for (int row = 0; row < rows.Length; row++)
        {
            Array.Clear(imaginary);
            for (int i = 0; i < Window; i++) real[i] = sound[(row * hop) + i] * Hann[i];
            Fourier.Transform(real, imaginary);
            for (int bin = 0; bin < power.Length; bin++) power[bin] = ((real[bin] * real[bin]) + (imaginary[bin] * imaginary[bin])) / (Window * Window);
            var bands = new double[Bands];
            for (int band = 0; band < Bands; band++)
            {
                double[] shares = Shares[band];
                for (int bin = 0; bin < shares.Length; bin++) bands[band] += power[bin] * shares[bin];
            }

            rows[row] = bands;
        }

        return rows;
    }

    /// <summary>The loudness of a power in a band.</summary>
    public static double Of(double power, int band)
    {
        double threshold = Thresholds[band];
        return power <= threshold ? 0 : Math.Pow(threshold / 0.5, Exponent) * (Math.Pow(0.5 + (0.5 * power / threshold), Exponent) - 1) * BandBark;
    }

    /// <summary>How much of each bin of the spectrum is in a band.</summary>
    private static double[] SharesOf(int band)
    {
        double from = Frequency(LowestBark + (band * BandBark)), to = Frequency(LowestBark + ((band + 1) * BandBark)), width = (double)SampleRate / Window;
        return [.. Enumerable.Range(0, Window / 2).Select(bin => Math.Max(0, Math.Min(to, (bin + 0.5) * width) - Math.Max(from, (bin - 0.5) * width)) / width)];
    }

    private static double ThresholdOf(int band)
    {
        double kilohertz = Frequency(LowestBark + ((band + 0.5) * BandBark)) / 1000;
        double decibels = (3.64 * Math.Pow(kilohertz, -0.8)) - (6.5 * Math.Exp(-0.6 * Math.Pow(kilohertz - 3.3, 2))) + (1e-3 * Math.Pow(kilohertz, 4));
        return Math.Pow(10, decibels / 10);
    }

    private static double Frequency(double bark) => 1960 / ((26.81 / (bark + 0.53)) - 1);
}
