namespace Parley.Media.Streams;

/// <summary>The tones of a country's telephone network.</summary>
/// <remarks>
/// What a country has no certain value for is left out, and taken from <see cref="European"/>. Source: ITU-T E.180 Supplement 2 (various tones used in national networks), ETSI TR 101 041
/// for the common ones.
/// </remarks>
public sealed class TonePlan
{
    private static readonly int[] Steady = [];
    private readonly Dictionary<CallTone, ToneShape> _tones;

    private TonePlan(string code, string name, params (CallTone Tone, ToneShape Shape)[] tones) =>
        (Code, Name, _tones) = (code, name, tones.ToDictionary(tone => tone.Tone, tone => tone.Shape));

    /// <summary>The common tones of Europe: 425 Hz.</summary>
    public static TonePlan European { get; } = new("eu", "Europe (ETSI)", Dial(425), Ringing(425, 1000, 4000), Busy(425, 500, 500), Congestion(425, 200, 200), Waiting(425, 200, 600, 200, 3000));

    /// <summary>All plans, the common one first.</summary>
    public static IReadOnlyList<TonePlan> All { get; } =
    [
        European,
        new("au", "Australia", Dial(413, 438), Ringing((413, 438), 400, 200, 400, 2000), Busy(425, 375, 375), Waiting(425, 200, 200, 200, 4400)),
        new("br", "Brazil", Dial(425), Ringing(425, 1000, 4000), Busy(425, 250, 250), Congestion(425, 250, 250, 750, 250), Waiting(425, 50, 1000)),
        new("ca", "Canada", Dial(350, 440), Ringing((440, 480), 2000, 4000), Busy((480, 620), 500, 500), Congestion((480, 620), 250, 250), Waiting(440, 300, 10_000)),
        new("ch", "Switzerland", Dial(425), Ringing(425, 1000, 4000), Busy(425, 500, 500), Congestion(425, 200, 200), Waiting(425, 200, 200, 200, 4000)),
        new("de", "Germany", Dial(425), Ringing(425, 1000, 4000), Busy(425, 480, 480), Congestion(425, 240, 240), Waiting(425, 200, 200, 200, 5000)),
        new("es", "Spain", Dial(425), Ringing(425, 1500, 3000), Busy(425, 200, 200), Congestion(425, 200, 200, 200, 200, 200, 600), Waiting(425, 175, 175, 175, 3500)),
        new("fr", "France", Dial(440), Ringing(440, 1500, 3500), Busy(440, 500, 500), Congestion(440, 250, 250), Waiting(440, 300, 10_000)),
        new("gb", "United Kingdom", Dial(350, 440), Ringing((400, 450), 400, 200, 400, 2000), Busy(400, 375, 375), Congestion(400, 400, 350, 225, 525), Waiting(400, 100, 4000)),
        new("in", "India", Modulated(CallTone.Dial, 400, 25), Modulated(CallTone.Ringing, 400, 25, 400, 200, 400, 2000), Busy(400, 750, 750), Congestion(400, 250, 250), Waiting(400, 200, 100, 200, 7500)),
        new("it", "Italy", (CallTone.Dial, new(425, 0, 0, [200, 200, 600, 1000])), Ringing(425, 1000, 4000), Busy(425, 500, 500), Congestion(425, 200, 200), Waiting(425, 400, 100, 250, 100, 150, 14_000)),
        new("jp", "Japan", Dial(400), Modulated(CallTone.Ringing, 400, 16, 1000, 2000), Busy(400, 500, 500), Congestion(400, 500, 500)),
        new("nl", "Netherlands", Dial(425), Ringing(425, 1000, 4000), Busy(425, 500, 500), Congestion(425, 250, 250), Waiting(425, 500, 9500)),
        new("se", "Sweden", Dial(425), Ringing(425, 1000, 5000), Busy(425, 250, 250), Congestion(425, 250, 750)),
        new("us", "United States", Dial(350, 440), Ringing((440, 480), 2000, 4000), Busy((480, 620), 500, 500), Congestion((480, 620), 250, 250), Waiting(440, 300, 10_000)),
    ];

    /// <summary>The country's two letters (ISO 3166), in lower case; <c>eu</c> for the common one.</summary>
    public string Code { get; }

    /// <summary>The country's name.</summary>
    public string Name { get; }

    /// <summary>True when the plan has a tone of its own.</summary>
    public bool Has(CallTone tone) => _tones.ContainsKey(tone);

    /// <summary>A tone; that of <see cref="European"/> where the plan has none.</summary>
    public ToneShape this[CallTone tone] => _tones.TryGetValue(tone, out ToneShape? shape) ? shape : European._tones[tone];

    /// <summary>Finds a country's plan.</summary>
    /// <param name="code">Two letters, without regard to case; <c>uk</c> is <c>gb</c>.</param>
    /// <returns>Null when there is none.</returns>
    public static TonePlan? Find(string code)
    {
        if (code.Equals("uk", StringComparison.OrdinalIgnoreCase)) code = "gb";
        return All.FirstOrDefault(plan => plan.Code.Equals(code, StringComparison.OrdinalIgnoreCase));
    }

    private static (CallTone Tone, ToneShape Shape) Dial(double first, double second = 0) => (CallTone.Dial, new(first, second, 0, Steady));

    private static (CallTone Tone, ToneShape Shape) Ringing(double hertz, params int[] cadence) => (CallTone.Ringing, new(hertz, 0, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Ringing((double First, double Second) hertz, params int[] cadence) => (CallTone.Ringing, new(hertz.First, hertz.Second, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Busy(double hertz, params int[] cadence) => (CallTone.Busy, new(hertz, 0, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Busy((double First, double Second) hertz, params int[] cadence) => (CallTone.Busy, new(hertz.First, hertz.Second, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Congestion(double hertz, params int[] cadence) => (CallTone.Congestion, new(hertz, 0, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Congestion((double First, double Second) hertz, params int[] cadence) => (CallTone.Congestion, new(hertz.First, hertz.Second, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Waiting(double hertz, params int[] cadence) => (CallTone.CallWaiting, new(hertz, 0, 0, cadence));

    private static (CallTone Tone, ToneShape Shape) Modulated(CallTone tone, double hertz, double modulation, params int[] cadence) => (tone, new(hertz, 0, modulation, cadence));
}
