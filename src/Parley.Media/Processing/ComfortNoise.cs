namespace Parley.Media.Processing;

/// <summary>Describes the noise between words in a few bytes, and makes such noise from them.</summary>
/// <remarks>
/// <code>
/// |0|   level     |      N1       |      N2       | ... |      NM       |
/// </code>
/// The level is in dB below full scale, each N a reflection coefficient of an all-pole filter that gives white noise the spectrum. Source: RFC 3389 3.
/// </remarks>
public static class ComfortNoise
{
    /// <summary>The most coefficients that are used; those beyond are passed over, as RFC 3389 3 allows.</summary>
    public const int MaxOrder = 12;

    /// <summary>The square wave of full scale: 0 dBov.</summary>
    internal const double FullScale = 32767;

    private const int MaxLevel = 127;
    private const double Step = 258 / 32768.0;

    /// <summary>Describes noise.</summary>
    /// <param name="samples">Some 20 ms of it or more.</param>
    /// <param name="order">How many coefficients: 0 to <see cref="MaxOrder"/>.</param>
    /// <param name="payload">At least one byte more.</param>
    /// <returns>Bytes written.</returns>
    public static int Describe(ReadOnlySpan<short> samples, int order, Span<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, MaxOrder);
        Span<double> correlation = stackalloc double[MaxOrder + 1];
        Correlate(samples, correlation[..(order + 1)]);
        return Describe(correlation[..(order + 1)], payload);
    }

    /// <summary>Measures how alike noise is to itself a little later; the mean of several such measures is one of all of them.</summary>
    /// <param name="samples">Some 20 ms of it or more.</param>
    /// <param name="correlation">Gets the mean product of samples that are 0, 1, 2 ... apart: 1 to <see cref="MaxOrder"/> + 1 of them.</param>
    public static void Correlate(ReadOnlySpan<short> samples, Span<double> correlation)
    {
        for (int lag = 0; lag < correlation.Length; lag++)
        {
            double sum = 0;
            for (int i = lag; i < samples.Length; i++) sum += (double)samples[i] * samples[i - lag];
            correlation[lag] = sum / Math.Max(1, samples.Length);
        }
    }

    /// <summary>Describes noise of which that much is known.</summary>
    /// <param name="correlation">Of <see cref="Correlate"/>; there is a coefficient less than values.</param>
    /// <param name="payload">At least as many bytes as values.</param>
    /// <returns>Bytes written.</returns>
    public static int Describe(ReadOnlySpan<double> correlation, Span<byte> payload)
    {
        if (correlation.Length is 0 or > MaxOrder + 1) throw new ArgumentException("1 to 13 values.", nameof(correlation));
        if (payload.Length < correlation.Length) throw new ArgumentException("The payload does not fit.", nameof(payload));
        int order = correlation.Length - 1;
        double rms = Math.Sqrt(correlation[0]);
        payload[0] = (byte)(rms < 1e-6 ? MaxLevel : Math.Clamp((int)Math.Round(-20 * Math.Log10(rms / FullScale)), 0, MaxLevel));
        Span<double> reflections = stackalloc double[MaxOrder];
        Levinson(correlation, reflections);
        for (int i = 0; i < order; i++) payload[i + 1] = (byte)Math.Clamp((int)Math.Round(reflections[i] / Step) + 127, 0, 254);
        return order + 1;
    }

    /// <summary>The level of a description.</summary>
    /// <returns>The root mean square of its samples.</returns>
    internal static double LevelOf(byte level) => FullScale * Math.Pow(10, -(level & MaxLevel) / 20.0);

    /// <summary>The coefficient of an index.</summary>
    /// <returns>Less than 1 either way; 0 for the index that is reserved.</returns>
    internal static double ReflectionOf(byte index) => index == 255 ? 0 : (index - 127) * Step;

    // The filter 1 + a1/z + a2/z^2 ... that whitens the noise, and its reflection coefficients on the way.
    private static void Levinson(ReadOnlySpan<double> correlation, Span<double> reflections)
    {
        reflections.Clear();
        Span<double> filter = stackalloc double[MaxOrder + 1], before = stackalloc double[MaxOrder + 1];
        double error = correlation[0];
        for (int m = 1; m < correlation.Length && error > 0; m++)
        {
            double sum = correlation[m];
            for (int i = 1; i < m; i++) sum += filter[i] * correlation[m - i];
            double reflection = -sum / error;
            reflections[m - 1] = reflection;
            filter.CopyTo(before);
            for (int i = 1; i < m; i++) filter[i] = before[i] + (reflection * before[m - i]);
            filter[m] = reflection;
            error *= 1 - (reflection * reflection);
        }
    }
}

/// <summary>Makes noise as it is described. Not thread-safe.</summary>
/// <remarks>White noise through the lattice of the reflection coefficients, which cannot become unstable. Source: RFC 3389 3.2.</remarks>
public sealed class ComfortNoiseGenerator
{
    private readonly double[] _reflections = new double[ComfortNoise.MaxOrder];
    private readonly double[] _backward = new double[ComfortNoise.MaxOrder + 1];
    private double _gain;
    private int _order;
    private uint _noise = 0x9E3779B9;

    /// <summary>Takes a description; an empty one is silence.</summary>
    /// <param name="payload">A payload of RFC 3389.</param>
    public void Update(ReadOnlySpan<byte> payload)
    {
        int order = Math.Clamp(payload.Length - 1, 0, ComfortNoise.MaxOrder);
        if (order != _order) Array.Clear(_backward);
        _order = order;
        _gain = payload.IsEmpty ? 0 : ComfortNoise.LevelOf(payload[0]);
        for (int i = 0; i < order; i++)
        {
            _reflections[i] = ComfortNoise.ReflectionOf(payload[i + 1]);
            _gain *= Math.Sqrt(1 - (_reflections[i] * _reflections[i]));
        }
    }

    /// <summary>Makes noise.</summary>
    /// <param name="samples">All are filled.</param>
    public void Fill(Span<short> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            double forward = _gain * White();
            for (int m = _order; m > 0; m--)
            {
                forward -= _reflections[m - 1] * _backward[m - 1];
                _backward[m] = _backward[m - 1] + (_reflections[m - 1] * forward);
            }

            _backward[0] = forward;
            samples[i] = (short)Math.Clamp(Math.Round(forward), short.MinValue, short.MaxValue);
        }
    }

    // Even noise of power 1, by an xorshift: nothing depends on its being hard to guess.
    private double White()
    {
        _noise ^= _noise << 13;
        _noise ^= _noise >> 17;
        _noise ^= _noise << 5;
        return ((_noise / 4294967296.0) - 0.5) * 3.4641016151377544;
    }
}
