using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.TestSupport;
using Parley.Voice;

namespace Parley.Media.Tests.Voice;

/// <summary>The measure of the loss sweep, and what calls reach by it.</summary>
public sealed class VoiceTests
{
    private static readonly short[] Speech = TestSound.Speech(12);
    private static readonly PcmAudio Audio = new(Speech, 8000, 1);

    [Fact]
    public void What_is_heard_as_it_was_said_scores_one()
    {
        Intelligibility same = Intelligibility.Of(Speech, 8000, Speech, 8000);
        Assert.True(same.Score > 0.999, $"{same.Score}");
        Assert.All(same.Delays, delay => Assert.Equal(0, delay));

        Intelligibility later = Intelligibility.Of(Speech, 8000, [.. new short[800], .. Speech], 8000);
        Assert.True(later.Score > 0.99, $"{later.Score}");
        Assert.All(later.Delays, delay => Assert.InRange(delay, 90, 110));
    }

    [Fact]
    public void The_more_is_missing_the_less_it_scores()
    {
        double[] scores = [.. new[] { 0, 10, 30, 60 }.Select(percent =>
        {
            Random random = new(3);
            short[] heard = [.. Speech];
            for (int i = 0; i + 160 <= heard.Length; i += 160)
            {
                if (random.Next(100) < percent) heard.AsSpan(i, 160).Clear();
            }

            return Intelligibility.Of(Speech, 8000, heard, 8000).Score;
        })];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.True(scores[1] < 0.99 && scores[3] < 0.9, string.Join(' ', scores));

        Random noise = new(5);
        short[] hiss = [.. Speech.Select(_ => (short)noise.Next(-5000, 5000))];
        double none = Intelligibility.Of(Speech, 8000, hiss, 8000).Score;
        Assert.True(none < 0.6, $"{none}");
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(10, 3)]
    [InlineData(30, 2)]
    public void The_wire_loses_what_it_is_told(double percent, double burst)
    {
        var wire = new LossyWire(new NetworkConditions(percent, burst, TimeSpan.FromMilliseconds(60), Overtaking: false), seed: 4);
        const int packets = 100_000;
        (int bursts, bool wasLost, TimeSpan last) = (0, false, TimeSpan.Zero);
        for (int i = 0; i < packets; i++)
        {
            TimeSpan sent = TimeSpan.FromMilliseconds(20 * i);
            TimeSpan? arrival = wire.Pass(sent);
            if (arrival is null && !wasLost) bursts++;
            wasLost = arrival is null;
            if (arrival is not { } at) continue;
            Assert.InRange(at - sent, NetworkConditions.Transit, NetworkConditions.Transit + TimeSpan.FromMilliseconds(60));
            Assert.True(at >= last);
            last = at;
        }

        Assert.InRange(100.0 * wire.Lost / packets, percent * 0.93, percent * 1.07);
        double expected = burst > 1 ? burst : 1 / (1 - (percent / 100));
        Assert.InRange((double)wire.Lost / bursts, expected * 0.93, expected * 1.07);
    }

    // Percent lost, milliseconds of jitter, whether packets overtake; the least score, the longest delay from mouth to ear, the most that may come too late in percent.
    [Theory]
    [InlineData(0, 0, false, 0.995, 110, 0)]
    [InlineData(3, 0, false, 0.97, 110, 0.01)]
    [InlineData(10, 0, false, 0.93, 120, 0.01)]
    [InlineData(0, 60, false, 0.985, 180, 0.5)]
    [InlineData(0, 60, true, 0.985, 180, 0.5)]
    [InlineData(10, 60, true, 0.92, 200, 0.5)]
    public void Pcmu_stays_intelligible(double loss, int jitter, bool overtaking, double score, double delay, double late)
    {
        var row = SweepRow.Measure(Audio, new MuLawCodec(), redundancy: false, new NetworkConditions(loss, 1, TimeSpan.FromMilliseconds(jitter), overtaking), runs: 2, seed: 1, keep: null);
        Assert.True(row.Score >= score && row.DelayMilliseconds <= delay && row.LatePercent <= late, $"{row}");
    }

    // As above, with RED (RFC 2198): as good as without loss.
    [Theory]
    [InlineData(10, 0, false, 0.985, 125)]
    [InlineData(10, 60, true, 0.98, 200)]
    [InlineData(20, 0, false, 0.97, 145)]
    public void Pcmu_with_redundancy_sounds_as_without_loss(double loss, int jitter, bool overtaking, double score, double delay)
    {
        var row = SweepRow.Measure(Audio, new MuLawCodec(), redundancy: true, new NetworkConditions(loss, 1, TimeSpan.FromMilliseconds(jitter), overtaking), runs: 2, seed: 1, keep: null);
        Assert.True(row.Score >= score && row.DelayMilliseconds <= delay, $"{row}");
    }
}
