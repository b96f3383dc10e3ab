namespace Parley.Voice;

/// <summary>The power of short pieces of sound in fifteen bands, each a third of an octave wide, from 150 Hz on.</summary>
/// <remarks>Pieces of 256 samples at 10 kHz under a Hann window, as STOI has them (Taal, Hendriks, Heusdens, Jensen: An algorithm for intelligibility prediction of time-frequency weighted noisy speech, 2011).</remarks>
internal static class Spectrum
{
    /// <summary>Samples per second that it wants.</summary>
    public const int SampleRate = 10_000;

    /// <summary>Samples in a piece.</summary>
    public const int Window = 256;

    /// <summary>How many bands there are.</summary>
    public const int Bands = 15;

    private const int Points = 512;
    private const double LowestBand = 150;

    private static readonly (int From, int To)[] Edges = [.. Enumerable.Range(0, Bands).Select(EdgesOf)];
    private static readonly double[] Hann = [.. Enumerable.Range(1, Window).Select(n => 0.5 - (0.5 * Math.Cos(2 * Math.PI * n / (Window + 1))))];

    /// <summary>The amplitude in each band of pieces that begin a number of samples apart.</summary>
    /// <returns>A row of <see cref="Bands"/> for each piece.</returns>
    public static double[][] Of(ReadOnlySpan<short> sound, int hop)
    {
        var rows = new double[Math.Max(0, ((sound.Length - Window) / hop) + 1)][];
        double[] real = new double[Points], imaginary = new double[Points];
        for (int row = 0; row < rows.Length; row++)
        {
            Array.Clear(real);
            Array.Clear(imaginary);
            for (int i = 0; i < Window; i++) real[i] = sound[(row * hop) + i] * Hann[i];
            Transform(real, imaginary);
            rows[row] = [.. Edges.Select(band => Math.Sqrt(Power(real, imaginary, band)))];
        }

        return rows;
    }

    private static double Power(double[] real, double[] imaginary, (int From, int To) band)
    {
        double sum = 0;
        for (int bin = band.From; bin < band.To; bin++) sum += (real[bin] * real[bin]) + (imaginary[bin] * imaginary[bin]);
        return sum;
    }

    private static (int From, int To) EdgesOf(int band)
    {
        double center = LowestBand * Math.Pow(2, band / 3.0);
        return (Bin(center * Math.Pow(2, -1 / 6.0)), Bin(center * Math.Pow(2, 1 / 6.0)));
    }

    private static int Bin(double frequency) => (int)Math.Round(frequency * Points / SampleRate);

    /// <summary>The fast Fourier transform, in place (Cooley and Tukey).</summary>
    private static void Transform(double[] real, double[] imaginary)
    {
        for (int i = 1, j = 0; i < Points; i++)
        {
            int bit = Points >> 1;
            for (; (j & bit) != 0; bit >>= 1) j ^= bit;
            j ^= bit;
            if (i < j) (real[i], real[j], imaginary[i], imaginary[j]) = (real[j], real[i], imaginary[j], imaginary[i]);
        }

        for (int length = 2; length <= Points; length <<= 1)
        {
            double angle = -2 * Math.PI / length;
            for (int first = 0; first < Points; first += length)
            {
                for (int k = 0; k < length / 2; k++)
                {
                    double cosine = Math.Cos(angle * k), sine = Math.Sin(angle * k);
                    int a = first + k, b = a + (length / 2);
                    double productReal = (real[b] * cosine) - (imaginary[b] * sine), productImaginary = (real[b] * sine) + (imaginary[b] * cosine);
                    (real[b], imaginary[b]) = (real[a] - productReal, imaginary[a] - productImaginary);
                    (real[a], imaginary[a]) = (real[a] + productReal, imaginary[a] + productImaginary);
                }
            }
        }
    }
}
