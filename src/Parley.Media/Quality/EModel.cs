using static System.Math;

namespace Parley.Media.Quality;

/// <summary>What takes from the quality of a connection, and what is left of it.</summary>
/// <param name="SignalToNoise">Ro: what noise leaves.</param>
/// <param name="Simultaneous">Is: what comes with the voice, such as too loud or quantized.</param>
/// <param name="TalkerEcho">Idte.</param>
/// <param name="ListenerEcho">Idle.</param>
/// <param name="Delay">Idd: delay without echo.</param>
/// <param name="Equipment">Ie-eff: codec and losses.</param>
/// <param name="Advantage">A.</param>
public readonly record struct EModelRating(
    double SignalToNoise, double Simultaneous, double TalkerEcho, double ListenerEcho, double Delay, double Equipment, double Advantage)
{
    /// <summary>The transmission rating.</summary>
    /// <value>0 to 100.</value>
    public double R => Clamp(SignalToNoise - Simultaneous - TalkerEcho - ListenerEcho - Delay - Equipment + Advantage, 0, 100);
}

/// <summary>The E-model for the narrow band: from a connection's parameters to its transmission rating.</summary>
/// <remarks>
/// <code>
/// R = Ro - Is - Id - Ie-eff + A,   Id = Idte + Idle + Idd
/// </code>
/// Source: ITU-T G.107 (06/2015), clause 7.
/// </remarks>
public static class EModel
{
    /// <summary>Rates a connection.</summary>
    public static EModelRating Rate(in EModelParameters parameters)
    {
        double noise = Noise(parameters), signalToNoise = 15 - (1.5 * (parameters.SendLoudness + noise));
        double sidetone = Sidetone(parameters);
        return new EModelRating(
            signalToNoise,
            TooLoud(parameters, noise) + sidetone + Quantization(signalToNoise, parameters.QuantizationUnits),
            TalkerEcho(parameters, noise, sidetone),
            ListenerEcho(parameters, signalToNoise),
            Delay(parameters.AbsoluteDelay, parameters.DelaySensitivity, parameters.MinPerceivableDelay),
            Equipment(parameters.Codec, parameters.PacketLossPercent, parameters.BurstRatio),
            parameters.Advantage);
    }

    /// <summary>What delay takes when there is no echo, Idd.</summary>
    /// <param name="delay">From mouth to ear, Ta.</param>
    /// <param name="sensitivity">sT.</param>
    /// <param name="unperceived">mT.</param>
    /// <returns>0 up to the delay that nobody minds.</returns>
    public static double Delay(TimeSpan delay, double sensitivity, TimeSpan unperceived)
    {
        if (delay <= unperceived) return 0;
        double x = Log2(delay / unperceived), power = 6 * sensitivity;
        return 25 * (Pow(1 + Pow(x, power), 1 / power) - (3 * Pow(1 + Pow(x / 3, power), 1 / power)) + 2);
    }

    /// <summary>What codec and losses take, Ie-eff.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="lossPercent">Ppl: 0 to 100.</param>
    /// <param name="burstRatio">BurstR.</param>
    /// <returns>The codec's own impairment up to the most that its scale knows.</returns>
    public static double Equipment(CodecImpairment codec, double lossPercent, double burstRatio)
    {
        ArgumentNullException.ThrowIfNull(codec);
        double loss = Clamp(lossPercent, 0, 100);
        if (loss == 0) return codec.Equipment;
        double most = codec.Band.MostByLoss();
        return codec.Equipment + (Max(0, most - codec.Equipment) * loss / ((loss / Max(1, burstRatio)) + codec.LossRobustness));
    }

    /// <summary>No: all noise together, in dBm0p.</summary>
    private static double Noise(in EModelParameters p)
    {
        double overall = p.SendLoudness + p.ReceiveLoudness;
        double behindSender = p.SendRoomNoise - overall - p.SendD - 14;
        double sender = p.SendRoomNoise - p.SendLoudness - p.SendD - 100 + (0.004 * behindSender * behindSender);
        double sidetone = p.SidetoneMasking + p.ReceiveD;
        double room = p.ReceiveRoomNoise + (10 * Log10(1 + Pow(10, (10 - sidetone) / 10)));
        double receiver = p.ReceiveLoudness - 121 + room + (0.008 * (room - 35) * (room - 35));
        return 10 * Log10(Power(p.CircuitNoise) + Power(sender) + Power(receiver) + Power(p.NoiseFloor + p.ReceiveLoudness));

        static double Power(double level) => Pow(10, level / 10);
    }

    /// <summary>Iolr.</summary>
    private static double TooLoud(in EModelParameters p, double noise)
    {
        double x = (p.SendLoudness + p.ReceiveLoudness + (0.2 * (64 + noise - p.ReceiveLoudness))) / 8;
        return 20 * (Pow(1 + Pow(x, 8), 1.0 / 8) - x);
    }

    /// <summary>Ist.</summary>
    private static double Sidetone(in EModelParameters p)
    {
        double heard = -10 * Log10(Pow(10, -p.SidetoneMasking / 10) + (Exp(-p.EchoPathDelay.TotalMilliseconds / 4) * Pow(10, -p.TalkerEchoLoudness / 10)));
        return (12 * Root(heard - 13, 6, 8)) - (28 * Root(heard + 1, 19.4, 35)) - (13 * Root(heard - 3, 33, 13)) + 29;

        static double Root(double value, double scale, double power) => Pow(1 + Pow(value / scale, power), 1 / power);
    }

    /// <summary>Iq.</summary>
    private static double Quantization(double signalToNoise, double units)
    {
        double q = 37 - (15 * Log10(Max(1, units))), g = 1.07 + (0.258 * q) + (0.0602 * q * q);
        double y = ((signalToNoise - 100) / 15) + (46 / 8.4) - (g / 9), z = (46.0 / 30) - (g / 40);
        return 15 * Log10(1 + Pow(10, y) + Pow(10, z));
    }

    /// <summary>Idte.</summary>
    private static double TalkerEcho(in EModelParameters p, double noise, double sidetone)
    {
        double delay = p.EchoPathDelay.TotalMilliseconds;
        if (delay < 1) return 0;
        double level = p.TalkerEchoLoudness - (40 * Log10((1 + (delay / 10)) / (1 + (delay / 150)))) + (6 * Exp(-0.3 * delay * delay));
        if (p.SidetoneMasking < 9) level += sidetone / 2;
        double heard = 80 + (2.5 * (level - 14)), quiet = -1.5 * (noise - p.ReceiveLoudness), half = (quiet - heard) / 2;
        double echo = (half + Sqrt((half * half) + 100) - 1) * (1 - Exp(-delay));
        return p.SidetoneMasking > 20 ? Sqrt((echo * echo) + (sidetone * sidetone)) : echo;
    }

    /// <summary>Idle.</summary>
    private static double ListenerEcho(in EModelParameters p, double signalToNoise)
    {
        double echo = 10.5 * (p.WeightedEchoPathLoss + 7) * Pow(p.RoundTripDelay.TotalMilliseconds + 1, -0.25), half = (signalToNoise - echo) / 2;
        return half + Sqrt((half * half) + 169);
    }
}
