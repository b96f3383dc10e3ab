namespace Parley.Media.Quality;

/// <summary>How good one direction of a call is, and what takes from it.</summary>
/// <remarks>
/// What each cause takes is in points of R, on the scale of the band. What is not known of telephones, rooms and echo is taken as G.107 has it where nothing is known: so echo comes back 65 dB softer.
/// In the wide and the full band, for delay and echo the narrow band's equations are taken in the scale's proportion, as both are heard alike there: an assumption, where G.107.1 and G.107.2 have their own.
/// <see cref="ByLoss"/> and <see cref="ByDiscard"/> share what losses take as packets were lost and discarded, of which some were made good.
/// </remarks>
public readonly record struct QualityRating
{
    /// <summary>The scale.</summary>
    public AudioBand Band { get; private init; }

    /// <summary>The transmission rating: 0 to 100, 129 or 148 by the band.</summary>
    public double R { get; private init; }

    /// <summary>The same without delay and echo.</summary>
    public double ListeningR { get; private init; }

    /// <summary>How good a conversation is, MOS-CQ: 1 to 4.5.</summary>
    public double ConversationalScore => OpinionScore.FromRating(R, Band);

    /// <summary>How good it sounds, MOS-LQ: 1 to 4.5.</summary>
    public double ListeningScore => OpinionScore.FromRating(ListeningR, Band);

    /// <summary>What delay takes.</summary>
    public double ByDelay { get; private init; }

    /// <summary>What echo takes.</summary>
    public double ByEcho { get; private init; }

    /// <summary>What the codec takes.</summary>
    public double ByCodec { get; private init; }

    /// <summary>What packets take that never came.</summary>
    public double ByLoss { get; private init; }

    /// <summary>What packets take that came and could not be played.</summary>
    public double ByDiscard { get; private init; }

    /// <summary>R on the narrow band's scale, as RFC 3611 wants it.</summary>
    /// <value>0 to 100.</value>
    public double NarrowR => Math.Clamp(R / Band.Factor(), 0, 100);

    /// <summary>Rates what was measured.</summary>
    /// <param name="codec">What was spoken through.</param>
    /// <param name="measures">What was measured.</param>
    public static QualityRating Rate(CodecImpairment codec, in QualityMeasures measures)
    {
        ArgumentNullException.ThrowIfNull(codec);
        double scale = codec.Band.Factor(), best = codec.Band.Best();
        double equipment = EModel.Equipment(codec, measures.Concealed * 100, measures.BurstRatio);
        EModelRating silent = EModel.Rate(EModelParameters.Default);
        EModelRating heard = EModel.Rate(EModelParameters.Default with { AbsoluteDelay = measures.Delay, EchoPathDelay = measures.Delay, RoundTripDelay = measures.Delay * 2 });
        double delay = heard.Delay * scale;
        double echo = Math.Max(0, heard.TalkerEcho + heard.ListenerEcho + heard.Simultaneous - silent.TalkerEcho - silent.ListenerEcho - silent.Simultaneous) * scale;
        double byLoss = equipment - codec.Equipment, missing = measures.NetworkLoss + measures.Discarded;
        double discardedShare = missing > 0 ? measures.Discarded / missing : 0;
        return new QualityRating
        {
            Band = codec.Band,
            R = Math.Clamp(best - delay - echo - equipment, 0, best),
            ListeningR = Math.Clamp(best - equipment, 0, best),
            ByDelay = delay,
            ByEcho = echo,
            ByCodec = codec.Equipment,
            ByLoss = byLoss * (1 - discardedShare),
            ByDiscard = byLoss * discardedShare,
        };
    }
}
