using System.Globalization;

namespace Parley.TestSupport;

/// <summary>
/// Says how a recording differs from what was played when a playout lies between: one that leaves out periods of a voice, or plays them
/// twice, to follow the network's delay. Each piece of the reference is looked for where the piece before it was found, and around there.
/// </summary>
/// <remarks>Where sound was left out or put in, two pieces of it are blended: the piece that moved and its neighbours are a seam, and no noise.</remarks>
public sealed record ElasticComparison
{
    private const double PieceSeconds = 0.02, ReachSeconds = 0.06, FirstReachSeconds = 0.25;
    private const double LeastPower = 300.0 * 300;      // quieter pieces have no place that can be told
    private const double LeastLikeness = 0.7;           // of a place to move to
    private const int LongestHole = 10;                 // pieces

    /// <summary>Power of the pieces over power of what differs from them at their places, seams left out.</summary>
    /// <value>dB; positive infinity when there is no difference.</value>
    public required double SignalToNoise { get; init; }

    /// <summary>Pieces of 20 ms that are loud enough to be followed.</summary>
    public required int Pieces { get; init; }

    /// <summary>Those of them that are at a seam.</summary>
    public required int SeamPieces { get; init; }

    /// <summary>Places at which sound was left out or put in.</summary>
    public required int Moves { get; init; }

    /// <summary>How far the piece that was moved farthest is from where the first one was, in time.</summary>
    /// <value>Samples; negative when sound was left out.</value>
    public required int LargestShiftSamples { get; init; }

    /// <summary>Samples of the reference that can be heard and have nothing in the recording: beyond its ends, or where it has 5 ms of zeros and more.</summary>
    public required int MissingSamples { get; init; }

    /// <summary>All in one line, for a test's message.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Pieces} pieces, SNR {SignalToNoise:0.0} dB, {Moves} moves ({SeamPieces} pieces at seams), {LargestShiftSamples} samples at most, {MissingSamples} missing");

    /// <summary>Compares two pieces of mono sound of the same sample rate.</summary>
    /// <param name="reference">What was played.</param>
    /// <param name="recording">What was recorded.</param>
    /// <param name="sampleRate">Samples per second of both.</param>
    /// <param name="wantedSignalToNoise">A piece that is as clean as this, in dB, is in its place: it is not looked for elsewhere.</param>
    public static ElasticComparison Compare(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording, int sampleRate, double wantedSignalToNoise)
    {
        int piece = (int)(sampleRate * PieceSeconds);
        Place[] places = Follow(reference, recording, piece, sampleRate, LikenessAt(wantedSignalToNoise));
        double signal = 0, noise = 0;
        int missing = 0, seams = 0, moves = 0, largest = 0;
        for (int i = 0; i < places.Length; i++)
        {
            ReadOnlySpan<short> part = reference.Slice(places[i].Start, piece);
            int shift = places[i].Shift;
            missing += Missing(part, recording, places[i].Start + shift, sampleRate);
            if (Math.Abs(shift - places[0].Shift) > Math.Abs(largest)) largest = shift - places[0].Shift;
            if (IsMoved(i)) moves++;
            if (IsMoved(i - 1) || IsMoved(i) || IsMoved(i + 1))
            {
                seams++;
                continue;
            }

            for (int s = 0; s < piece; s++)
            {
                int at = places[i].Start + shift + s;
                double heard = at >= 0 && at < recording.Length ? recording[at] : 0;
                signal += (double)part[s] * part[s];
                noise += (part[s] - heard) * (part[s] - heard);
            }
        }

        return new ElasticComparison
        {
            SignalToNoise = noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise),
            Pieces = places.Length,
            SeamPieces = seams,
            Moves = moves,
            LargestShiftSamples = largest,
            MissingSamples = missing,
        };

        bool IsMoved(int index) => index > 0 && index < places.Length && places[index].Shift != places[index - 1].Shift;
    }

    /// <summary>Where each loud piece of the reference is in the recording.</summary>
    private static Place[] Follow(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording, int piece, int sampleRate, double wanted)
    {
        List<Place> places = [];
        int shift = AudioComparison.BestOffset(reference, recording);
        int reach = (int)(sampleRate * FirstReachSeconds);
        for (int start = 0; start + piece <= reference.Length; start += piece)
        {
            ReadOnlySpan<short> part = reference.Slice(start, piece);
            if (AudioComparison.Power(part) < LeastPower) continue;
            double here = AudioComparison.Likeness(part, recording, start + shift);
            if (here < wanted)
            {
                (double most, int best) = (here, shift);
                for (int other = shift - reach; other <= shift + reach; other++)
                {
                    double likeness = AudioComparison.Likeness(part, recording, start + other);
                    if (likeness > most) (most, best) = (likeness, other);
                }

                // A voice is like itself a period later: a place counts that is clearly better.
                if (most >= LeastLikeness && 1 - most < (1 - here) / 2) shift = best;
            }

            places.Add(new Place(start, shift));
            reach = (int)(sampleRate * ReachSeconds);
        }

        Place[] followed = [.. places];
        for (int i = 1; i < followed.Length; i++)
        {
            // What is back in its place after a while had a hole, and was only like its neighbourhood.
            int before = followed[i - 1].Shift, back = Array.FindIndex(followed, i, Math.Min(LongestHole, followed.Length - i), place => place.Shift == before);
            for (int hole = i; hole < back; hole++) followed[hole] = followed[hole] with { Shift = before };
        }

        return followed;
    }

    private static int Missing(ReadOnlySpan<short> part, ReadOnlySpan<short> recording, int at, int sampleRate)
    {
        int missing = 0, zeros = 0, gap = sampleRate / 200;
        for (int i = 0; i < part.Length; i++)
        {
            bool outside = at + i < 0 || at + i >= recording.Length;
            zeros = outside || recording[at + i] == 0 ? zeros + 1 : 0;
            if (Math.Abs((int)part[i]) > 200 && (outside || zeros >= gap)) missing++;
        }

        return missing;
    }

    /// <summary>The normalised correlation of sound with itself and noise of its own.</summary>
    private static double LikenessAt(double signalToNoise)
    {
        double ratio = Math.Pow(10, signalToNoise / 10);
        return Math.Sqrt(ratio / (1 + ratio));
    }

    private readonly record struct Place(int Start, int Shift);
}
