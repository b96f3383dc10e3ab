using Parley.Media.Processing;

namespace Parley.Voice;

/// <summary>How much of what was heard a listener would find wrong, by the difference in loudness.</summary>
/// <param name="Difference">What sounds otherwise than it was said; 0 when nothing does.</param>
/// <param name="Addition">What was not said at all: heard more than what is missing.</param>
/// <param name="Delays">How much later than it was said each piece was heard, in milliseconds.</param>
/// <remarks>
/// <code>
/// said  --> bands -> loudness of each piece ----------------------------\
///                                                                         difference -> worst of a syllable -> call
/// heard --> bands -> level and colour made alike -> loudness, every 2 ms /  (along the delay that fits best, changes of which cost)
/// </code>
/// The score is on the scale of a mean opinion (1 to 4.55), fitted to what PESQ in its narrow band says of calls made by taking packets out of Opus and PCMU and putting nothing,
/// the last packet, or Opus' own concealment and FEC in their place. It orders such calls as PESQ does; it is no PESQ, and says nothing about other harm.
/// </remarks>
internal readonly record struct Degradation(double Difference, double Addition, IReadOnlyList<double> Delays)
{
    private const int Hop = Loudness.Window / 2;        // 16 ms
    private const int FineHop = 16;                     // 2 ms: how exactly a piece is placed
    private const int Syllable = 20;                    // pieces: 320 ms
    private const double SyllablePower = 6, CallPower = 2;
    private const double Unnoticed = 0.25;              // of the loudness: a smaller difference is not heard
    private const double AddedFrom = 1.5, AddedMost = 3.5;  // in powers of two: how much more than was said counts as something else
    private const double Quiet = 50;                    // power of which nobody knows whether it was there
    private const double MoveCost = 1.5;                // of a changed delay, as a difference
    private const double Silent = 1e-4;                 // of the loudest piece's power
    private const double MostColour = 100;              // 20 dB
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(600), Nearby = TimeSpan.FromMilliseconds(300);

    private static readonly (double Constant, double Difference, double Addition) Fit = (5.97, 0.425, 1.81);

    /// <summary>On the scale of a mean opinion: 1 (bad) to 4.55 (as it was said).</summary>
    public double Opinion => 1 + (3.55 / (1 + Math.Exp(-(Fit.Constant - (Fit.Difference * Math.Log(0.3 + Difference)) - (Fit.Addition * Math.Log(1 + Addition))))));

    /// <summary>Compares what was heard with what was said; both begin at the same moment.</summary>
    public static Degradation Of(ReadOnlySpan<short> said, int saidRate, ReadOnlySpan<short> heard, int heardRate)
    {
        double[][] reference = Loudness.PowersOf(Resampled(said, saidRate), Hop), other = Loudness.PowersOf(Resampled(heard, heardRate), FineHop);
        double loudest = reference.Max(row => row.Sum());
        bool[] isSpeech = [.. reference.Select(row => row.Sum() > loudest * Silent)];
        int middle = Place(reference, other);
        Equalize(reference, other, isSpeech, middle);
        double[][] referenceLoudness = [.. reference.Select(LoudnessOf)], otherLoudness = [.. other.Select(LoudnessOf)];
        int[] path = Follow(referenceLoudness, otherLoudness, middle);

        double[] differences = new double[reference.Length], additions = new double[reference.Length];
        List<double> delays = [];
        for (int i = 0; i < reference.Length; i++)
        {
            int at = (i * (Hop / FineHop)) + path[i];
            if (at < 0 || at >= other.Length) continue;
            (differences[i], additions[i]) = Compare(reference[i], referenceLoudness[i], other[at], otherLoudness[at]);
            if (isSpeech[i]) delays.Add(path[i] * FineHop * 1000.0 / Loudness.SampleRate);
        }

        return new Degradation(Pool(differences), Pool(additions), delays);
    }

    private static double[] LoudnessOf(double[] powers) => [.. powers.Select(Loudness.Of)];

    /// <summary>The one delay at which the powers of the whole call go best together.</summary>
    private static int Place(double[][] reference, double[][] other)
    {
        double[] x = [.. reference.Select(row => Math.Log(1 + row.Sum()))], y = [.. other.Select(row => Math.Log(1 + row.Sum()))];
        (int Shift, double Correlation) best = (0, double.NegativeInfinity);
        for (int shift = 0; shift <= (int)(LongestDelay.TotalSeconds * Loudness.SampleRate / FineHop); shift++)
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
            {
                int at = (i * (Hop / FineHop)) + shift;
                double error = at < y.Length ? x[i] - y[at] : x[i];
                sum -= error * error;
            }

            if (sum > best.Correlation) best = (shift, sum);
        }

        return best.Shift;
    }

    /// <summary>Brings both to the level of speech, and what was said to the colour of what was heard: a line's own sound is no fault that comes and goes.</summary>
    private static void Equalize(double[][] reference, double[][] other, bool[] isSpeech, int shift)
    {
        double[] said = new double[Loudness.Bands], heard = new double[Loudness.Bands];
        int count = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            int at = (i * (Hop / FineHop)) + shift;
            if (!isSpeech[i] || at >= other.Length) continue;
            count++;
            for (int band = 0; band < Loudness.Bands; band++) (said[band], heard[band]) = (said[band] + reference[i][band], heard[band] + other[at][band]);
        }

        double saidLevel = Loudness.SpeechPower * count / Math.Max(1, said.Sum()), heardLevel = Loudness.SpeechPower * count / Math.Max(1, heard.Sum());
        for (int band = 0; band < Loudness.Bands; band++)
        {
            double colour = Math.Clamp((heard[band] * heardLevel + 1) / (said[band] * saidLevel + 1), 1 / MostColour, MostColour);
            foreach (double[] row in reference) row[band] *= saidLevel * colour;
            foreach (double[] row in other) row[band] *= heardLevel;
        }
    }

    /// <summary>For each piece the delay with the least difference, where every change of it costs something (Viterbi's way through all of them).</summary>
    private static int[] Follow(double[][] reference, double[][] other, int middle)
    {
        int nearby = (int)(Nearby.TotalSeconds * Loudness.SampleRate / FineHop), states = (2 * nearby) + 1;
        double[] cost = new double[states], next = new double[states];
        var from = new short[reference.Length, states];
        for (int i = 0; i < reference.Length; i++)
        {
            int cheapest = 0;
            for (int state = 1; state < states; state++) if (cost[state] < cost[cheapest]) cheapest = state;
            for (int state = 0; state < states; state++)
            {
                int at = (i * (Hop / FineHop)) + middle - nearby + state;
                bool stays = cost[state] <= cost[cheapest] + MoveCost;
                from[i, state] = (short)(stays ? state : cheapest);
                next[state] = (stays ? cost[state] : cost[cheapest] + MoveCost) + (at < 0 || at >= other.Length ? 0 : Distance(reference[i], other[at]));
            }

            (cost, next) = (next, cost);
        }

        int last = 0;
        for (int state = 1; state < states; state++) if (cost[state] < cost[last]) last = state;
        var path = new int[reference.Length];
        for (int i = reference.Length - 1; i >= 0; i--)
        {
            path[i] = middle - nearby + last;
            last = from[i, last];
        }

        return path;
    }

    private static double Distance(double[] said, double[] heard)
    {
        double sum = 0;
        for (int band = 0; band < said.Length; band++)
        {
            double difference = heard[band] - said[band];
            sum += difference * difference;
        }

        return Math.Sqrt(sum);
    }

    private static (double Difference, double Addition) Compare(double[] saidPower, double[] said, double[] heardPower, double[] heard)
    {
        double difference = 0, addition = 0;
        for (int band = 0; band < said.Length; band++)
        {
            double wrong = Math.Max(0, Math.Abs(heard[band] - said[band]) - (Unnoticed * Math.Min(heard[band], said[band])));
            difference += wrong * wrong;
            addition += wrong * (Math.Clamp(Math.Log2((heardPower[band] + Quiet) / (saidPower[band] + Quiet)), AddedFrom, AddedMost) - AddedFrom);
        }

        return (Math.Sqrt(difference), addition);
    }

    /// <summary>A bad moment spoils the syllable that it is in; a call is as bad as its syllables together.</summary>
    private static double Pool(double[] pieces)
    {
        double sum = 0;
        int count = 0;
        for (int first = 0; first + Syllable <= pieces.Length; first += Syllable / 2, count++)
        {
            double syllable = 0;
            for (int i = first; i < first + Syllable; i++) syllable += Math.Pow(pieces[i], SyllablePower) / Syllable;
            sum += Math.Pow(syllable, CallPower / SyllablePower);
        }

        return count == 0 ? 0 : Math.Pow(sum / count, 1 / CallPower);
    }

    private static short[] Resampled(ReadOnlySpan<short> sound, int rate)
    {
        var resampler = new Resampler(rate, Loudness.SampleRate);
        short[] samples = new short[resampler.MaxOutput(sound.Length) + resampler.MaxFlush];
        int count = resampler.Process(sound, samples);
        count += resampler.Flush(samples.AsSpan(count));
        return samples[..count];
    }
}
