namespace Parley.Media.Codecs;

/// <summary>One band of G.722: a quantizer whose step follows the signal, and the predictor of two poles and six zeros that encoder and decoder share.</summary>
/// <remarks>
/// All is in whole numbers, so that both ends stay the same to the bit. Names in capitals are the blocks of the Recommendation.
/// Source: ITU-T G.722 (09/2012) 3 and 6.2.
/// </remarks>
internal struct G722Band(bool isLower)
{
    // The decision levels of QUANTL: steps of 1/4096 of the scale.
    private static readonly short[] Levels =
    [
        0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
    ];

    // What each interval between them stands for, of 1/32768 of the scale: six bits for the sound, four for the adaptation.
    private static readonly short[] Magnitudes6 =
    [
        136, 432, 728, 1040, 1360, 1688, 2032, 2400, 2776, 3168, 3576, 4008, 4464, 4944, 5456, 6000, 6576, 7192, 7856, 8576, 9360, 10232, 11192, 12280, 13512, 14984, 16704, 19008, 21904, 24808,
    ];

    private static readonly short[] Magnitudes4 = [0, 1200, 2584, 4240, 6288, 8968, 12896, 20456];
    private static readonly short[] LowerLogSteps = [-60, -30, 58, 172, 334, 538, 1198, 3042];      // table WL
    private static readonly short[] Quantized6 = MakeQuantized6(), Quantized4 = MakeQuantized4();
    private static readonly short[] Powers = MakePowers();
    private static readonly short[] Quantized2 = [-7408, -1616, 7408, 1616];

    private const int UpperLevel = 564;         // the one decision level of QUANTH
    private const int LowerLogLimit = 18432, UpperLogLimit = 22528;

    private int _logScale;                      // NBL, NBH
    private int _scale = isLower ? 32 : 8;      // DETL, DETH
    private int _prediction;                    // SL, SH
    private int _zeroPrediction;                // SZ
    private int _pole1, _pole2;                 // AL1, AL2
    private int _sum1, _sum2;                   // PLT1, PLT2
    private int _signal1;                       // RLT1
    private Six _zeros;                         // BL1..BL6
    private Six _differences;                   // DLT1..DLT6

    /// <summary>Codes a sample of the lower band.</summary>
    /// <returns>Six bits.</returns>
    public int EncodeLower(int sample)
    {
        int error = Saturate(sample - _prediction), magnitude = error < 0 ? ~error : error, interval = 1;
        while (interval < Levels.Length && magnitude >= (Levels[interval] * _scale) >> 12) interval++;
        // Small positive values have the codes 61 down to 32, negative ones 63, 62 and then 31 down to 4.
        int code = error >= 0 ? 62 - interval : interval <= 2 ? 64 - interval : 34 - interval;
        AdaptLower(code);
        return code;
    }

    /// <summary>Codes a sample of the upper band.</summary>
    /// <returns>Two bits.</returns>
    public int EncodeUpper(int sample)
    {
        int error = Saturate(sample - _prediction), magnitude = error < 0 ? ~error : error;
        bool isLarge = magnitude >= (UpperLevel * _scale) >> 12;
        int code = error < 0 ? isLarge ? 0 : 1 : isLarge ? 2 : 3;
        AdaptUpper(code);
        return code;
    }

    /// <summary>Decodes six bits of the lower band.</summary>
    public int DecodeLower(int code)
    {
        int signal = Limit(_prediction + ((_scale * Quantized6[code]) >> 15));
        AdaptLower(code);
        return signal;
    }

    /// <summary>Decodes two bits of the upper band.</summary>
    public int DecodeUpper(int code)
    {
        int signal = Limit(_prediction + ((_scale * Quantized2[code]) >> 15));
        AdaptUpper(code);
        return signal;
    }

    // INVQAL, LOGSCL and SCALEL: the lowest two bits have no part in it, so that data may take their place in transit.
    private void AdaptLower(int code)
    {
        int coarse = code >> 2;
        int difference = (_scale * Quantized4[coarse]) >> 15;
        _logScale = Math.Clamp(((_logScale * 127) >> 7) + LowerLogSteps[LogIndex(coarse)], 0, LowerLogLimit);
        _scale = Power(_logScale, 8);
        Predict(difference);
    }

    // INVQAH, LOGSCH and SCALEH
    private void AdaptUpper(int code)
    {
        int difference = (_scale * Quantized2[code]) >> 15;
        _logScale = Math.Clamp(((_logScale * 127) >> 7) + ((code & 1) != 0 ? -214 : 798), 0, UpperLogLimit);
        _scale = Power(_logScale, 10);
        Predict(difference);
    }

    /// <summary>Learns from a difference and predicts the next sample.</summary>
    private void Predict(int difference)
    {
        int signal = Saturate(_prediction + difference);                            // RECONS
        int sum = Saturate(_zeroPrediction + difference);                           // PARREC
        bool isSame1 = (sum ^ _sum1) >= 0, isSame2 = (sum ^ _sum2) >= 0;

        int towards = Saturate(_pole1 * 4);                                         // UPPOL2
        towards = Math.Min(isSame1 ? -towards : towards, short.MaxValue) >> 7;
        int pole2 = Math.Clamp(towards + (isSame2 ? 128 : -128) + ((_pole2 * 32512) >> 15), -12288, 12288);
        int limit = Saturate(15360 - pole2);                                        // UPPOL1
        int pole1 = Math.Clamp(Saturate((isSame1 ? 192 : -192) + ((_pole1 * 32640) >> 15)), -limit, limit);

        int step = difference == 0 ? 0 : 128;                                       // UPZERO, DELAYA and FILTEZ
        int zeroPrediction = 0;
        for (int i = 5; i >= 0; i--)
        {
            int zero = Saturate(((_differences[i] ^ difference) >= 0 ? step : -step) + ((_zeros[i] * 32640) >> 15));
            _zeros[i] = zero;
            int delayed = i == 0 ? difference : _differences[i - 1];
            _differences[i] = delayed;
            zeroPrediction += (zero * Saturate(delayed * 2)) >> 15;
        }

        int polePrediction = Saturate(((pole1 * Saturate(signal * 2)) >> 15) + ((pole2 * Saturate(_signal1 * 2)) >> 15));     // FILTEP
        (_pole1, _pole2, _sum2, _sum1, _signal1) = (pole1, pole2, _sum1, sum, signal);
        _zeroPrediction = Saturate(zeroPrediction);
        _prediction = Saturate(polePrediction + _zeroPrediction);                   // PREDIC
    }

    private static int Saturate(int value) => Math.Clamp(value, short.MinValue, short.MaxValue);

    private static int Limit(int value) => Math.Clamp(value, -16384, 16383);

    // The scale that a logarithm stands for: its lower bits choose a 32nd of an octave, its upper ones the octave.
    private static int Power(int logScale, int octaves)
    {
        int power = Powers[(logScale >> 6) & 31], shift = octaves - (logScale >> 11);
        return (shift < 0 ? power << -shift : power >> shift) << 2;
    }

    // Table RL42: how far the four bits are from zero.
    private static int LogIndex(int coarse) => coarse == 0 ? 0 : coarse < 8 ? 8 - coarse : 15 - coarse;

    private static short[] MakeQuantized6()
    {
        short[] values = new short[64];
        for (int interval = 1; interval <= 30; interval++)
        {
            values[62 - interval] = Magnitudes6[interval - 1];
            values[interval <= 2 ? 64 - interval : 34 - interval] = (short)-Magnitudes6[interval - 1];
        }

        for (int code = 0; code < 4; code++) values[code] = -136;                   // never sent: an error of the line
        return values;
    }

    private static short[] MakeQuantized4()
    {
        short[] values = new short[16];
        for (int coarse = 0; coarse < 16; coarse++) values[coarse] = (short)(coarse < 8 ? -Magnitudes4[LogIndex(coarse)] : Magnitudes4[LogIndex(coarse)]);
        return values;
    }

    private static short[] MakePowers()
    {
        short[] powers = new short[32];
        for (int i = 0; i < powers.Length; i++) powers[i] = (short)Math.Round(2048 * Math.Pow(2, i / 32.0));
        return powers;
    }

    [System.Runtime.CompilerServices.InlineArray(6)]
    private struct Six
    {
        private int _first;
    }
}
