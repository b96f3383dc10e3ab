using Parley.Media.Streams;

namespace Parley.Media.Tests.Streams;

/// <summary>The tones of countries, as they sound: frequencies and cadence measured.</summary>
public sealed class TonePlanTests
{
    private const int Rate = 8000;

    public static TheoryData<string, CallTone> AllTones
    {
        get
        {
            TheoryData<string, CallTone> all = [];
            foreach (TonePlan plan in TonePlan.All)
            {
                foreach (CallTone tone in Enum.GetValues<CallTone>().Where(plan.Has)) all.Add(plan.Code, tone);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(AllTones))]
    public void A_tone_sounds_by_its_frequencies_and_its_cadence(string country, CallTone tone)
    {
        ToneShape shape = TonePlan.Find(country)![tone];
        int period = shape.Cadence.Sum();
        short[] sound = Play(shape, period == 0 ? 2000 : (2 * period) + 200);

        // The cadence: on and off in turn, each as long as it should be, to 12 ms, for two rounds.
        int[] measured = Cadence(sound, shape.ModulationHertz);
        if (period == 0) Assert.Equal([2000], measured.Select(part => (int)Math.Round(part / 100.0) * 100));
        else Assert.All(shape.Cadence.Concat(shape.Cadence).Zip(measured), part => Assert.InRange(part.Second, part.First - 12, part.First + 12));

        // The frequencies: those of the tone have its power, and no other has any.
        int length = Math.Min(shape.Cadence.Count > 0 ? shape.Cadence[0] : 1000, 1000);
        short[] on = sound[(Rate * 5 / 1000)..(Rate * (length - 5) / 1000)];
        double[] wanted = shape switch
        {
            { ModulationHertz: > 0 } => [shape.FirstHertz, shape.FirstHertz - shape.ModulationHertz, shape.FirstHertz + shape.ModulationHertz],
            { SecondHertz: > 0 } => [shape.FirstHertz, shape.SecondHertz],
            _ => [shape.FirstHertz],
        };
        double strongest = Amplitude(on, wanted[0]);
        Assert.InRange(strongest, 800, 4000);
        foreach (double hertz in wanted) Assert.InRange(Amplitude(on, hertz), strongest * 0.3, strongest * 1.2);
        double resolution = 2 * 1000.0 / length;
        for (double hertz = 200; hertz < 1000; hertz += 25)
        {
            if (Array.TrueForAll(wanted, frequency => Math.Abs(frequency - hertz) > resolution + 20)) Assert.InRange(Amplitude(on, hertz), 0, strongest * 0.3);
        }
    }

    [Fact]
    public void Countries_are_found_by_their_letters()
    {
        foreach (string code in new[] { "us", "CA", "gb", "uk", "de", "fr", "it", "es", "nl", "se", "ch", "au", "jp", "in", "br", "eu" }) Assert.NotNull(TonePlan.Find(code));
        Assert.Null(TonePlan.Find("xx"));
        Assert.Equal(TonePlan.All.Count, TonePlan.All.Select(plan => plan.Code).Distinct().Count());
        // What is not known for certain is the common one's.
        Assert.False(TonePlan.Find("jp")!.Has(CallTone.CallWaiting));
        Assert.Same(TonePlan.European[CallTone.CallWaiting], TonePlan.Find("jp")![CallTone.CallWaiting]);
        Assert.All(TonePlan.All, plan => Assert.True(plan.Has(CallTone.Dial) && plan.Has(CallTone.Ringing) && plan.Has(CallTone.Busy)));
    }

    private static short[] Play(ToneShape shape, int milliseconds)
    {
        var source = new CallToneSource(shape);
        source.Start(Rate);
        short[] sound = new short[Rate * milliseconds / 1000];
        for (int at = 0; at < sound.Length; at += 160) source.Read(sound.AsSpan(at, Math.Min(160, sound.Length - at)));
        return sound;
    }

    /// <summary>How many milliseconds it sounds and pauses in turn.</summary>
    private static int[] Cadence(short[] sound, double modulation)
    {
        // Within a tone no stretch as long as this is silent.
        int window = Rate * (modulation > 0 ? 10 : 4) / 1000;
        List<int> parts = [];
        (int start, bool isOn) = (0, true);
        for (int at = 0; at + window <= sound.Length; at++)
        {
            bool sounds = sound.AsSpan(at, window).IndexOfAnyExceptInRange((short)-20, (short)20) >= 0;
            if (sounds == isOn) continue;
            int edge = sounds ? at + window : at;
            parts.Add((edge - start) * 1000 / Rate);
            (start, isOn) = (edge, sounds);
        }

        parts.Add((sound.Length - start) * 1000 / Rate);
        return [.. parts];
    }

    private static double Amplitude(short[] sound, double hertz)
    {
        (double sine, double cosine, double sum) = (0, 0, 0);
        for (int i = 0; i < sound.Length; i++)
        {
            double window = 0.5 - (0.5 * Math.Cos(2 * Math.PI * i / sound.Length)), angle = 2 * Math.PI * hertz * i / Rate;
            (sine, cosine, sum) = (sine + (sound[i] * window * Math.Sin(angle)), cosine + (sound[i] * window * Math.Cos(angle)), sum + window);
        }

        return 2 * Math.Sqrt((sine * sine) + (cosine * cosine)) / sum;
    }
}
