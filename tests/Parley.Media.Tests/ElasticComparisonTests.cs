using Parley.TestSupport;

namespace Parley.Media.Tests;

/// <summary>What judges sound that a playout has stretched must be right itself: content with what a playout does, and with nothing else.</summary>
public class ElasticComparisonTests
{
    private static readonly short[] Speech = TestSound.Speech(4);

    [Theory]
    [InlineData(0)]
    [InlineData(777)]
    [InlineData(20_000)]
    public void A_recording_that_begins_earlier_is_aligned(int offset)
    {
        ElasticComparison c = ElasticComparison.Compare(Speech, [.. new short[offset], .. Speech, .. new short[100]], 8000, 30);

        Assert.Equal((double.PositiveInfinity, 0, 0, 0), (c.SignalToNoise, c.Moves, c.LargestShiftSamples, c.MissingSamples));
        Assert.InRange(c.Pieces, 60, 200);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Sound_that_was_left_out_or_put_in_is_followed(int sign)
    {
        const int Moved = 61;
        List<short> recording = [.. Speech];
        int[] places = [28_000, 20_100, 12_050, 6_007];
        foreach (int place in places)
        {
            if (sign < 0) recording.RemoveRange(place, Moved);
            else recording.InsertRange(place, Speech[place..(place + Moved)]);
        }

        ElasticComparison c = ElasticComparison.Compare(Speech, recording.ToArray(), 8000, 30);

        Assert.InRange(c.SignalToNoise, 30, double.PositiveInfinity);
        Assert.InRange(c.Moves, 2, 8);                  // those in pauses cannot be told apart
        Assert.InRange(sign * c.LargestShiftSamples, Moved * places.Length * 0.8, Moved * places.Length * 1.2);
        Assert.Equal(0, c.MissingSamples);
    }

    [Fact]
    public void A_beginning_that_is_more_like_another_place_leads_nobody_astray()
    {
        const int SampleRate = 16_000, Piece = 320, Late = 816, Shorter = 136;      // 51 ms, made up for by 8.5 ms in each 20 ms
        short[] speech = TestSound.Speech(5, SampleRate);
        Random random = new(1);
        List<short> recording = [.. new short[Late], .. speech.Select(s => (short)((s * 0.95) + (((random.NextDouble() * 2) - 1) * (400 + (0.4 * Math.Abs(s))))))];
        int middle = Array.FindIndex(speech, 24_000, s => s > 3000) + Late;
        for (int i = 0; i < Late / Shorter; i++) recording.RemoveRange(middle + (i * Piece), Shorter);
        int first = Enumerable.Range(0, speech.Length / Piece).First(i => speech.Skip(i * Piece).Take(Piece).Average(s => (double)s * s) > 300 * 300) * Piece;
        for (int i = 0; i < Piece; i++) recording[first + 3200 + i] = speech[first + i];                    // 149 ms behind its place

        ElasticComparison c = ElasticComparison.Compare(speech, recording.ToArray(), SampleRate, 3);

        Assert.True(c.SignalToNoise > 8, c.ToString());
        Assert.InRange(c.Moves, 1, 8);
        Assert.InRange(c.LargestShiftSamples, -Late - 2, -Late + 2);
        Assert.Equal(0, c.MissingSamples);
    }

    [Fact]
    public void A_hole_is_missing()
    {
        short[] recording = [.. Speech];
        int loud = Array.FindIndex(Speech, 8000, s => s > 3000);
        recording.AsSpan(loud, 480).Clear();

        ElasticComparison c = ElasticComparison.Compare(Speech, recording, 8000, 30);
        Assert.InRange(c.MissingSamples, 200, 480);
        Assert.True(c.SignalToNoise < 30, c.ToString());
    }

    [Fact]
    public void What_is_cut_off_is_missing()
    {
        ElasticComparison c = ElasticComparison.Compare(Speech, Speech.AsSpan(..^6000), 8000, 30);
        Assert.True(c.MissingSamples > 1000 && c.SignalToNoise < 30, c.ToString());
    }

    [Fact]
    public void Noise_is_measured()
    {
        Random random = new(1);
        double power = Speech.Average(s => (double)s * s), wanted = Math.Sqrt(power / 100);         // 20 dB below, pauses and all
        short[] recording = [.. Speech.Select(s => (short)(s + (((random.NextDouble() * 2) - 1) * wanted * Math.Sqrt(3))))];

        Assert.InRange(ElasticComparison.Compare(Speech, recording, 8000, 30).SignalToNoise, 20, 24);
    }

    [Fact]
    public void Other_words_are_not_taken_for_it()
    {
        short[] backwards = [.. Speech.Reverse()];

        ElasticComparison c = ElasticComparison.Compare(Speech, backwards, 8000, 3);
        Assert.True(c.SignalToNoise < 3 || c.SeamPieces > 0.5 * c.Pieces, c.ToString());
    }
}
