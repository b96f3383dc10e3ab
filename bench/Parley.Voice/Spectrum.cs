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
            Fourier.Transform(real, imaginary);
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
}
