using System.Globalization;

namespace Parley.Load.Measuring;

/// <summary>What several rounds of one measurement say together.</summary>
/// <param name="Median">The middle one; of an even number, the mean of the two in the middle.</param>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
internal readonly record struct Spread(double Median, double Least, double Most)
{
    /// <summary>Of some values.</summary>
    /// <returns>Null when there is none, or one is no number.</returns>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0 || !sorted.All(double.IsFinite)) return null;
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>The median, and least and most in brackets.</summary>
    /// <param name="format">How each is written.</param>
    public string ToText(string format) => string.Create(CultureInfo.InvariantCulture,
        $"{Median.ToString(format, CultureInfo.InvariantCulture)} ({Least.ToString(format, CultureInfo.InvariantCulture)} to {Most.ToString(format, CultureInfo.InvariantCulture)})");
}
