using System.Globalization;
using Parley.Media.Codecs;
using Parley.Media.Files;

namespace Parley.Voice;

/// <summary>One case of a sweep: the mean of its calls.</summary>
/// <param name="Codec">What it was said in.</param>
/// <param name="Network">What the network did.</param>
/// <param name="Loss">What it was to lose, percent.</param>
/// <param name="Around">What it did besides: bursts, jitter.</param>
/// <param name="Score">Intelligibility, 0 to 1.</param>
/// <param name="Opinion">What a listener would say of it, 1 to 4.55 (<see cref="Degradation"/>).</param>
/// <param name="DelayMilliseconds">From mouth to ear, the median: the packet, the network and playout.</param>
/// <param name="LongestDelayMilliseconds">The same, of which 95 in 100 stay below.</param>
/// <param name="LostPercent">Packets that the network lost.</param>
/// <param name="LatePercent">Packets that came, and too late.</param>
/// <param name="Recovered">Packets whose sound came with a later one, of 100 that were sent.</param>
/// <param name="ShortenedPercent">Sound that was left out.</param>
/// <param name="LengthenedPercent">Sound that was played twice.</param>
/// <param name="Kilobits">RTP sent per second.</param>
internal sealed record SweepRow(
    string Codec,
    string Network,
    double Loss,
    string Around,
    double Score,
    double Opinion,
    double DelayMilliseconds,
    double LongestDelayMilliseconds,
    double LostPercent,
    double LatePercent,
    double Recovered,
    double ShortenedPercent,
    double LengthenedPercent,
    double Kilobits)
{
    private const double PacketMilliseconds = 20;

    /// <summary>Makes the calls of a case.</summary>
    public static SweepRow Measure(PcmAudio speech, IAudioCodec codec, bool redundancy, NetworkConditions conditions, int runs, int seed, DirectoryInfo? keep)
    {
        double score = 0, opinion = 0, lost = 0, late = 0, recovered = 0, shortened = 0, lengthened = 0, kilobits = 0;
        List<double> delays = [];
        string name = redundancy ? codec.Format.Name + "+RED" : codec.Format.Name;
        for (int run = 0; run < runs; run++)
        {
            VoiceResult call = VoiceCall.Run(speech, codec, redundancy, conditions, seed + (run * 1000));
            Intelligibility compared = Intelligibility.Of(speech.Samples.Span, speech.SampleRate, call.Heard, call.SampleRate);
            score += compared.Score / runs;
            opinion += Degradation.Of(speech.Samples.Span, speech.SampleRate, call.Heard, call.SampleRate).Opinion / runs;
            delays.AddRange(compared.Delays);
            lost += 100.0 * call.Lost / call.Packets / runs;
            late += 100.0 * call.Statistics.Playout.Late / call.Packets / runs;
            recovered += 100.0 * call.Statistics.Recovered / call.Packets / runs;
            shortened += 100 * (call.Statistics.Shortened / speech.Duration) / runs;
            lengthened += 100 * (call.Statistics.Lengthened / speech.Duration) / runs;
            kilobits += call.Bytes * 8 / speech.Duration.TotalSeconds / 1000 / runs;
            if (keep is not null) Keep(call, Path.Combine(keep.FullName, $"{name}-{conditions}-{seed + (run * 1000)}.wav"));
        }

        delays.Sort();
        return new SweepRow(
            name,
            conditions.ToString(),
            conditions.LossPercent,
            conditions.Around,
            score,
            opinion,
            Quantile(delays, 0.5) + PacketMilliseconds,
            Quantile(delays, 0.95) + PacketMilliseconds,
            lost,
            late,
            recovered,
            shortened,
            lengthened,
            kilobits);
    }

    /// <summary>The row of a table.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Codec,-12}{Network,-18}{Score,7:0.000}{Opinion,9:0.00}{DelayMilliseconds,10:0}{LongestDelayMilliseconds,8:0}{LostPercent,8:0.0}{LatePercent,8:0.00}{Recovered,8:0.0}{ShortenedPercent,9:0.0}{LengthenedPercent,9:0.0}{Kilobits,8:0}");

    private static double Quantile(List<double> sorted, double share) => sorted.Count == 0 ? 0 : sorted[(int)(share * (sorted.Count - 1))];

    private static void Keep(VoiceResult call, string path)
    {
        using FileStream stream = File.Create(path);
        using var writer = new WavWriter(stream, call.SampleRate);
        writer.Write(call.Heard);
    }
}
