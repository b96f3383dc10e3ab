using static System.Math;

namespace Parley.Media.Quality;

/// <summary>The mean opinion score that belongs to a transmission rating, and the other way about.</summary>
/// <remarks>Source: ITU-T G.107 (06/2015), annex B and appendix I; G.107.1 and G.107.2, annex A.</remarks>
public static class OpinionScore
{
    /// <summary>The worst.</summary>
    public const double Least = 1;

    /// <summary>The best that a conversation can have.</summary>
    public const double Most = 4.5;

    private const double LeastRating = 6.5;     // below it the cubic bends away from 1

    /// <summary>The score of a rating.</summary>
    /// <param name="r">On the band's scale.</param>
    /// <param name="band">The band.</param>
    /// <returns>1 to 4.5; never less for a greater rating.</returns>
    public static double FromRating(double r, AudioBand band = AudioBand.Narrow)
    {
        double x = r / band.Factor();
        if (double.IsNaN(x) || x <= 0) return Least;
        return x >= 100 ? Most : Max(Least, 1 + (0.035 * x) + (x * (x - 60) * (100 - x) * 7e-6));
    }

    /// <summary>The rating of a score.</summary>
    /// <param name="score">1 to 4.5; beyond that the nearest of these is taken.</param>
    /// <param name="band">The band.</param>
    /// <returns>6.5 to 100 of the narrow band's scale, on the band's.</returns>
    public static double ToRating(double score, AudioBand band = AudioBand.Narrow)
    {
        double mos = Clamp(double.IsNaN(score) ? Least : score, Least, Most);
        double h = Atan2(15 * Sqrt(Max(0, -903522 + (1113960 * mos) - (202500 * mos * mos))), 18566 - (6750 * mos)) / 3;
        double r = 20.0 / 3 * (8 - (Sqrt(226) * Cos(h + (PI / 3))));
        return Clamp(r, LeastRating, 100) * band.Factor();
    }
}
