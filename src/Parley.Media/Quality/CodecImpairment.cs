using Parley.Media.Codecs;

namespace Parley.Media.Quality;

/// <summary>How a codec sounds without and with losses.</summary>
/// <param name="Band">The scale that the values are on.</param>
/// <param name="Equipment">Ie: what it takes from R without losses.</param>
/// <param name="LossRobustness">Bpl: the greater, the less losses take.</param>
/// <param name="IsPublished">False where no published value is known here, and another stands in.</param>
/// <remarks>
/// Losses are those that had to be concealed. What ITU-T G.113 has is for planning, from listening tests with the concealment that the standards describe. Where it has nothing, something stands in:
/// <list type="bullet">
/// <item>Opus (full band): Ie 17 and Bpl 10.4, as M. Alahmadi has published them for 31 kbit/s, variable and super-wide; 32 kbit/s are sent here.</item>
/// <item>G.722: Ie 13 is published. For Bpl that of AMR-WB at 12.65 kbit/s, 4.3, as its Ie is the same; those that are published for the wide band are 4.3 to 4.9.</item>
/// <item>L16: Ie 0, as nothing of its coding is heard; Bpl of G.711 in the narrow band, of G.722 and Opus in the others.</item>
/// <item>What is not known: as L16 at its rate.</item>
/// </list>
/// Source: ITU-T G.113 appendix I, tables I.1 to I.4 (narrow band), and appendix IV (wide band).
/// </remarks>
public sealed record CodecImpairment(AudioBand Band, double Equipment, double LossRobustness, bool IsPublished)
{
    /// <summary>G.711 with concealment: what is not heard without losses.</summary>
    public static CodecImpairment None { get; } = new(AudioBand.Narrow, 0, 25.1, IsPublished: true);

    private static readonly CodecImpairment G729 = new(AudioBand.Narrow, 11, 19, IsPublished: true);        // annex A, with silence suppression
    private static readonly CodecImpairment G722 = new(AudioBand.Wide, 13, 4.3, IsPublished: false);
    private static readonly CodecImpairment Opus = new(AudioBand.Full, 17, 10.4, IsPublished: false);
    private static readonly CodecImpairment LinearNarrow = None with { IsPublished = false };
    private static readonly CodecImpairment LinearWide = G722 with { Equipment = 0 };
    private static readonly CodecImpairment LinearFull = Opus with { Equipment = 0 };

    /// <summary>That of a codec.</summary>
    /// <param name="format">How the codec is named and clocked.</param>
    public static CodecImpairment Of(AudioFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (Is(format, "PCMU") || Is(format, "PCMA")) return None;
        if (Is(format, "G729")) return G729;
        if (Is(format, "G722")) return G722;
        if (Is(format, "opus")) return Opus;
        return format.SampleRate switch
        {
            >= 32000 => LinearFull,
            >= 16000 => LinearWide,
            _ => LinearNarrow,
        };
    }

    /// <summary>How much a codec looks ahead, and so delays, besides the length of its packets.</summary>
    /// <param name="format">How the codec is named and clocked.</param>
    /// <remarks>Source: G.729 annex A (5 ms), G.722 (22 samples of 16 kHz), RFC 6716 2 (6.5 ms).</remarks>
    public static TimeSpan LookAhead(AudioFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return TimeSpan.FromMilliseconds(Is(format, "G729") ? 5 : Is(format, "G722") ? 1.375 : Is(format, "opus") ? 6.5 : 0);
    }

    private static bool Is(AudioFormat format, string name) => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
