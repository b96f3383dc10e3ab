using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.TestSupport;

/// <summary>
/// Says how a recording differs from what was played when a playout lies between: one that leaves out periods of a voice, or plays them
/// twice, to follow the network's delay. All pieces of the reference are laid over the recording at once: each where it is most like it,
/// but for as few moves from one piece to the next as that allows (a shortest path, after Viterbi).
/// </summary>
/// <remarks>Where sound was left out or put in, two pieces of it are blended: the piece that moved and its neighbours are a seam, and no noise.</remarks>
public sealed record ElasticComparison
{
    private const double PieceSeconds = 0.02;
    private const double ReachSeconds = 0.3;            // each way, from where the most of it is
    private const double LeastPower = 300.0 * 300;      // quieter pieces have no place that can be told
    private const float MoveCost = 0.69f;               // a voice is like itself a period later: a place counts at which half as much differs
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
        List<int> starts = [];
        for (int start = 0; start + piece <= reference.Length; start += piece)
        {
            if (AudioComparison.Power(reference.Slice(start, piece)) >= LeastPower) starts.Add(start);
        }

        int reach = (int)(sampleRate * ReachSeconds), lowest = AudioComparison.BestOffset(reference, recording) - reach;
        int[] path = CheapestPath(new Likenesses(reference, recording, piece), starts, lowest, (2 * reach) + 1, (float)(1 - wanted));
        Place[] followed = [.. starts.Select((start, i) => new Place(start, path[i] + lowest))];
        for (int i = 1; i < followed.Length; i++)
        {
            // What is back in its place after a while had a hole, and was only like its neighbourhood.
            int before = followed[i - 1].Shift, back = Array.FindIndex(followed, i, Math.Min(LongestHole, followed.Length - i), place => place.Shift == before);
            for (int hole = i; hole < back; hole++) followed[hole] = followed[hole] with { Shift = before };
        }

        return followed;
    }

    /// <summary>The shift of each piece, of all that begin at <paramref name="lowest"/>, that together cost least.</summary>
    /// <remarks>
    /// A piece costs the logarithm of what differs at its place, over <paramref name="clean"/> (what is as clean as wanted costs nothing),
    /// and each move <see cref="MoveCost"/>. A move may come from anywhere, so the best place of the piece before is all that it needs.
    /// </remarks>
    private static int[] CheapestPath(Likenesses likenesses, List<int> starts, int lowest, int shifts, float clean)
    {
        (float[] costs, float[] likeness) = (new float[shifts], new float[shifts]);
        int[] bestBefore = new int[starts.Count];
        bool[][] isMoved = new bool[starts.Count][];
        for (int i = 0; i < starts.Count; i++)
        {
            bestBefore[i] = Lowest(costs);
            float moved = costs[bestBefore[i]] + MoveCost;
            isMoved[i] = new bool[shifts];
            likenesses.Of(starts[i], lowest, likeness);
            for (int s = 0; s < shifts; s++)
            {
                isMoved[i][s] = moved < costs[s];
                costs[s] = Math.Min(moved, costs[s]) + MathF.Log(Math.Max(1 - likeness[s], clean) / clean);
            }
        }

        int[] path = new int[starts.Count];
        for (int i = starts.Count - 1, at = Lowest(costs); i >= 0; at = isMoved[i][at] ? bestBefore[i] : at, i--) path[i] = at;
        return path;
    }

    private static int Lowest(float[] costs) => Array.IndexOf(costs, costs.Min());

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

    /// <summary>The normalised correlation of pieces with places of the recording, for very many of them.</summary>
    private sealed class Likenesses
    {
        private readonly float[] _reference, _recording;
        private readonly double[] _energyBefore;
        private readonly int _piece;

        public Likenesses(ReadOnlySpan<short> reference, ReadOnlySpan<short> recording, int piece)
        {
            (_reference, _recording, _piece) = (new float[reference.Length], new float[recording.Length], piece);
            _energyBefore = new double[recording.Length + 1];
            for (int i = 0; i < reference.Length; i++) _reference[i] = reference[i];
            for (int i = 0; i < recording.Length; i++)
            {
                _recording[i] = recording[i];
                _energyBefore[i + 1] = _energyBefore[i] + ((double)recording[i] * recording[i]);
            }
        }

        /// <summary>1 where the piece that begins at <paramref name="start"/> and its place differ in loudness at most; 0 beyond the recording's ends.</summary>
        public void Of(int start, int lowestShift, Span<float> likenesses)
        {
            ReadOnlySpan<float> part = _reference.AsSpan(start, _piece);
            double energy = Product(part, part);
            for (int i = 0; i < likenesses.Length; i++)
            {
                int at = start + lowestShift + i;
                bool isInside = at >= 0 && at + _piece <= _recording.Length;
                double energies = isInside ? energy * (_energyBefore[at + _piece] - _energyBefore[at]) : 0;
                likenesses[i] = energies <= 0 ? 0 : (float)(Product(part, _recording.AsSpan(at, _piece)) / Math.Sqrt(energies));
            }
        }

        private static float Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            ReadOnlySpan<Vector<float>> wideA = MemoryMarshal.Cast<float, Vector<float>>(a), wideB = MemoryMarshal.Cast<float, Vector<float>>(b);
            Vector<float> sums = Vector<float>.Zero;
            for (int i = 0; i < wideA.Length; i++) sums += wideA[i] * wideB[i];
            float sum = Vector.Sum(sums);
            for (int i = wideA.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
            return sum;
        }
    }
}
