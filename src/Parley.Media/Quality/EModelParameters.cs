namespace Parley.Media.Quality;

/// <summary>What the E-model is told of a connection from mouth to ear; each with the value that stands for what is not known.</summary>
/// <remarks>With all defaults R is 93.2. Source: ITU-T G.107 (06/2015), table 2.</remarks>
public readonly record struct EModelParameters()
{
    /// <summary>All defaults.</summary>
    public static EModelParameters Default { get; } = new();

    /// <summary>Send loudness rating, SLR, in dB.</summary>
    public double SendLoudness { get; init; } = 8;

    /// <summary>Receive loudness rating, RLR, in dB.</summary>
    public double ReceiveLoudness { get; init; } = 2;

    /// <summary>Sidetone masking rating, STMR, in dB.</summary>
    public double SidetoneMasking { get; init; } = 15;

    /// <summary>D-value of the telephone on the sending side, Ds.</summary>
    public double SendD { get; init; } = 3;

    /// <summary>D-value of the telephone on the receiving side, Dr.</summary>
    public double ReceiveD { get; init; } = 3;

    /// <summary>Talker echo loudness rating, TELR, in dB: how much softer the talker's echo comes back.</summary>
    public double TalkerEchoLoudness { get; init; } = 65;

    /// <summary>Weighted echo path loss, WEPL, in dB: how much softer each turn of the listener's echo is.</summary>
    public double WeightedEchoPathLoss { get; init; } = 110;

    /// <summary>Mean one-way delay of the echo path, T.</summary>
    public TimeSpan EchoPathDelay { get; init; }

    /// <summary>Round-trip delay in a four-wire loop, Tr.</summary>
    public TimeSpan RoundTripDelay { get; init; }

    /// <summary>Delay from mouth to ear in connections without echo, Ta.</summary>
    public TimeSpan AbsoluteDelay { get; init; }

    /// <summary>How sensitive to delay those are who talk, sT: 1 for most, 0.55 for low and 0.4 for very low.</summary>
    public double DelaySensitivity { get; init; } = 1;

    /// <summary>The delay that nobody minds, mT.</summary>
    /// <value>100 ms.</value>
    public TimeSpan MinPerceivableDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Quantization distortion units, qdu: 1 or more.</summary>
    public double QuantizationUnits { get; init; } = 1;

    /// <summary>How the codec sounds without and with losses: Ie and Bpl.</summary>
    public CodecImpairment Codec { get; init; } = CodecImpairment.None;

    /// <summary>Packets that cannot be played, Ppl, in percent: 0 to 100.</summary>
    public double PacketLossPercent { get; init; }

    /// <summary>How much longer runs of losses are than losses by chance would make them, BurstR: 1 or more.</summary>
    public double BurstRatio { get; init; } = 1;

    /// <summary>Circuit noise at the 0 dBr point, Nc, in dBm0p.</summary>
    public double CircuitNoise { get; init; } = -70;

    /// <summary>Noise floor on the receiving side, Nfor, in dBmp.</summary>
    public double NoiseFloor { get; init; } = -64;

    /// <summary>Noise in the room of the sending side, Ps, in dB(A).</summary>
    public double SendRoomNoise { get; init; } = 35;

    /// <summary>Noise in the room of the receiving side, Pr, in dB(A).</summary>
    public double ReceiveRoomNoise { get; init; } = 35;

    /// <summary>Advantage factor, A: what is forgiven for being reachable, 0 to 20.</summary>
    public double Advantage { get; init; }
}
