using Parley.Media.Processing;

namespace Parley.Endpoint.Media;

/// <summary>Whether packets are sent while nobody speaks.</summary>
public enum SilenceSuppression
{
    /// <summary>Where the other side asks for comfort noise, in its offer or answer; Opus where its <c>usedtx</c> asks for that.</summary>
    WhenAsked,

    /// <summary>Silence is sent as sound is, and comfort noise not agreed to.</summary>
    Never,

    /// <summary>This side asks for comfort noise, and sends no silence whether the other side knows that or not.</summary>
    Always,
}

/// <summary>What becomes of a packet's sound.</summary>
internal enum SilenceStep
{
    /// <summary>Somebody speaks: it is sent.</summary>
    Speech,

    /// <summary>It is the beginning of a silence, another silence than was described, or was described long ago: it is described.</summary>
    Noise,

    /// <summary>Nothing is sent.</summary>
    Nothing,
}

/// <summary>Decides packet by packet whether somebody speaks, and describes the noise when nobody does.</summary>
/// <remarks>
/// The noise is what is heard from the end of a word on: before silence begins the detector takes speech to go on for a while, and so the first description is of that much.
/// Source: RFC 3389 5, RFC 3551 4.1; how often is left to the sender.
/// </remarks>
internal sealed class SilenceSuppressor
{
    /// <summary>Bytes of a description at most.</summary>
    public const int MaxLengthBytes = Order + 1;

    private const int Order = 10;
    private const int LevelStep = 3;            // dB
    private const int CoefficientStep = 26;     // 0.2 of a reflection coefficient
    private const double Smoothing = 0.1;       // of each packet: the mean of some 200 ms
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(400);

    private readonly VoiceActivityDetector _detector;
    private readonly int _sampleRate;
    private readonly int _order;
    private readonly double[] _correlation = new double[Order + 1], _packet = new double[Order + 1];
    private readonly byte[] _said = new byte[MaxLengthBytes], _now = new byte[MaxLengthBytes];
    private readonly TimeSpan _longestInterval;
    private readonly bool _describes;
    private bool _isKnown, _isSilent;
    private long _since;                        // samples since the last description

    /// <summary>Begins with speech.</summary>
    /// <param name="sampleRate">Of the sound.</param>
    /// <param name="hasSpectrum">Whether the spectrum is described, or the level alone.</param>
    /// <param name="describes">Whether the other side knows descriptions; else <see cref="SilenceStep.Noise"/> comes for the sake of what is between alone.</param>
    /// <param name="longestInterval">How long nothing is sent at most.</param>
    public SilenceSuppressor(int sampleRate, bool hasSpectrum, bool describes, TimeSpan longestInterval)
    {
        _detector = new VoiceActivityDetector(sampleRate);
        (_sampleRate, _order, _describes, _longestInterval) = (sampleRate, hasSpectrum ? Order : 0, describes, longestInterval);
    }

    /// <summary>Decides about the next packet.</summary>
    /// <param name="samples">All of its sound.</param>
    public SilenceStep Next(ReadOnlySpan<short> samples)
    {
        bool isActive = _detector.Process(samples);
        if (!isActive || _detector.IsHangover) Listen(samples);
        if (isActive)
        {
            _isSilent = false;
            return SilenceStep.Speech;
        }

        ComfortNoise.Describe(_correlation.AsSpan(0, _order + 1), _now);
        _since += samples.Length;
        bool isFirst = !_isSilent;
        _isSilent = true;
        if (isFirst && !_describes)
        {
            _since = 0;
            return SilenceStep.Nothing;
        }

        TimeSpan since = TimeSpan.FromTicks(_since * TimeSpan.TicksPerSecond / _sampleRate);
        if (!isFirst && since < _longestInterval && !(_describes && since >= ShortestInterval && HasChanged())) return SilenceStep.Nothing;
        _now.CopyTo(_said, 0);
        _since = 0;
        return SilenceStep.Noise;
    }

    /// <summary>Writes the description that is due.</summary>
    /// <param name="payload">At least <see cref="MaxLengthBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public int Describe(Span<byte> payload)
    {
        _said.AsSpan(0, _order + 1).CopyTo(payload);
        return _order + 1;
    }

    private void Listen(ReadOnlySpan<short> samples)
    {
        ComfortNoise.Correlate(samples, _packet.AsSpan(0, _order + 1));
        for (int lag = 0; lag <= _order; lag++) _correlation[lag] = _isKnown ? _correlation[lag] + (Smoothing * (_packet[lag] - _correlation[lag])) : _packet[lag];
        _isKnown = true;
    }

    private bool HasChanged()
    {
        if (Math.Abs(_now[0] - _said[0]) >= LevelStep) return true;
        for (int i = 1; i <= _order; i++)
        {
            if (Math.Abs(_now[i] - _said[i]) >= CoefficientStep) return true;
        }

        return false;
    }
}
