namespace Parley.Media.Quality;

/// <summary>How much of what can be heard a codec carries: each band has a scale of its own.</summary>
/// <remarks>
/// A score says how well a call does what its band can do: 4.4 in the narrow band is not what 4.4 in the full band is.
/// Source: ITU-T G.107, G.107.1 and G.107.2.
/// </remarks>
public enum AudioBand
{
    /// <summary>300 to 3400 Hz: R to 93.2 with nothing but the telephone's own noise, 100 at most.</summary>
    Narrow,

    /// <summary>50 to 7000 Hz: R to 129.</summary>
    Wide,

    /// <summary>20 to 20,000 Hz: R to 148.</summary>
    Full,
}

/// <summary>The scales of the bands.</summary>
public static class AudioBandScale
{
    /// <summary>What R is divided by to be on the scale of the narrow band, 0 to 100, from which scores follow.</summary>
    /// <remarks>Source: G.107.1 annex A for 1.29, G.107.2 annex A for 1.48.</remarks>
    public static double Factor(this AudioBand band) => band switch
    {
        AudioBand.Wide => 1.29,
        AudioBand.Full => 1.48,
        _ => 1,
    };

    /// <summary>R of a connection that nothing takes from.</summary>
    /// <remarks>Source: G.107.1 7.2 for 129, G.107.2 7.2 for 148. The narrow band's is calculated (<see cref="EModel"/>).</remarks>
    public static double Best(this AudioBand band) => band switch
    {
        AudioBand.Wide => 129,
        AudioBand.Full => 148,
        _ => EModel.Rate(EModelParameters.Default).R,
    };

    /// <summary>The most that codec and losses together take.</summary>
    /// <remarks>Source: G.107 and G.107.1 7.5 for 95, G.107.2 7.5 for 132.</remarks>
    public static double MostByLoss(this AudioBand band) => band == AudioBand.Full ? 132 : 95;
}
