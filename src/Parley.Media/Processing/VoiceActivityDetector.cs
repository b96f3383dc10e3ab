using System.Runtime.Intrinsics;

namespace Parley.Media.Processing;

/// <summary>Tells speech from the noise between words.</summary>
/// <remarks>
/// The sound is cut into pieces of 10 ms, and its level is measured in up to six bands. Each band follows how loud its noise is, and how much that varies: the mean of
/// what was taken for noise, never less than the softest of the last two seconds, so that noise which has grown louder is noise again before long. A piece has a
/// voice when the bands, on average, stand out of their noise by more than they vary. It is then taken to go on for a while, as words end softly: 80 ms behind
/// a click, 200 ms behind a syllable. When in doubt it is speech: in the first 200 ms, and where what goes on all the time is louder than any room should be (music, tones).
/// Not thread-safe.
/// </remarks>
public sealed class VoiceActivityDetector
{
    private const int MaxBands = 6;
    private const int Lanes = 8;
    private const double Width = 1.3;                   // Q of a band's filter
    private const double NeedsBelowHalf = 1.35;         // a band whose middle is nearer than that to half the sample rate is left out
    private const double Softest = -80;                 // dB of a band: what is below is no sound
    private const double SoftestVoice = -66;            // dBov of a piece
    private const double LoudestNoise = -34;            // dBov
    private const double MinStandOut = 1.3;             // in deviations, on average
    private const double LeastDeviation = 2, MostDeviation = 6;     // dB
    private const double MostStandOut = 6;              // of one band
    private const int UnknownPieces = 20;
    private const int SettledPieces = 200;              // from then on two seconds are known
    private const int SyllablePieces = 4;
    private const int ClickHangover = 8, SyllableHangover = 20;     // pieces
    private const int Spans = 8, SpanPieces = 25;       // the softest of each quarter of a second
    private const double FullScale = 32767;

    private static readonly double[] Middles = [220, 450, 850, 1500, 2600, 5000];   // Hz

    private readonly int _piece;
    private readonly int _bands;
    private readonly double[] _gain = new double[Lanes], _feedback1 = new double[Lanes], _feedback2 = new double[Lanes];
    private readonly double[] _out1 = new double[Lanes], _out2 = new double[Lanes];         // of the filters, the last and the one before
    private readonly double[] _powers = new double[Lanes];
    private readonly double[] _levels = new double[MaxBands], _smooth = new double[MaxBands];
    private readonly double[] _noise = new double[MaxBands], _deviation = new double[MaxBands];
    private readonly double[] _softest = new double[MaxBands * Spans];
    private double _in1, _in2;
    private double _power;
    private int _count;             // samples of the piece that is being listened to
    private int _pieces, _span;
    private int _run, _hangover;
    private bool _isVoice = true;

    /// <summary>For sound of a rate.</summary>
    /// <param name="sampleRate">8000 Hz or more.</param>
    public VoiceActivityDetector(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 8000);
        _piece = sampleRate / 100;
        foreach (double middle in Middles)
        {
            if (middle * NeedsBelowHalf > sampleRate / 2.0) break;
            // A band-pass of the second order with a gain of one in its middle.
            double angle = 2 * Math.PI * middle / sampleRate, alpha = Math.Sin(angle) / (2 * Width);
            _gain[_bands] = alpha / (1 + alpha);
            _feedback1[_bands] = -2 * Math.Cos(angle) / (1 + alpha);
            _feedback2[_bands] = (1 - alpha) / (1 + alpha);
            _deviation[_bands++] = 3;
        }

        Array.Fill(_softest, double.MaxValue);
    }

    /// <summary>True when one of the pieces that ended in the last <see cref="Process"/> had a voice; where none ended, as it was.</summary>
    public bool IsActive { get; private set; } = true;

    /// <summary>True when no piece of the last <see cref="Process"/> had a voice, and speech was only taken to go on.</summary>
    public bool IsHangover { get; private set; }

    /// <summary>How loud the noise is taken to be.</summary>
    /// <value>dBov: 0 is a square wave of full scale.</value>
    public double NoiseLevel
    {
        get
        {
            double sum = 0;
            for (int band = 0; band < _bands; band++) sum += Math.Pow(10, _noise[band] / 10);
            return 10 * Math.Log10(sum);
        }
    }

    /// <summary>Listens.</summary>
    /// <param name="samples">The next ones, any number: 10 or 20 ms as a rule.</param>
    /// <returns><see cref="IsActive"/>.</returns>
    public bool Process(ReadOnlySpan<short> samples)
    {
        bool? isActive = null;
        bool stood = false;
        while (!samples.IsEmpty)
        {
            int count = Math.Min(samples.Length, _piece - _count);
            Filter(samples[..count]);
            samples = samples[count..];
            _count += count;
            if (_count < _piece) continue;
            Judge();
            isActive = (isActive ?? false) | _isVoice;
            stood |= _run > 0;
        }

        if (isActive is null) return IsActive;
        IsHangover = isActive.Value && !stood;
        return IsActive = isActive.Value;
    }

    private void Filter(ReadOnlySpan<short> samples)
    {
        // Four bands at once.
        Vector256<double> gainA = Vector256.Create<double>(_gain.AsSpan(0, 4)), gainB = Vector256.Create<double>(_gain.AsSpan(4));
        Vector256<double> first1A = Vector256.Create<double>(_feedback1.AsSpan(0, 4)), first1B = Vector256.Create<double>(_feedback1.AsSpan(4));
        Vector256<double> first2A = Vector256.Create<double>(_feedback2.AsSpan(0, 4)), first2B = Vector256.Create<double>(_feedback2.AsSpan(4));
        Vector256<double> a1 = Vector256.Create<double>(_out1.AsSpan(0, 4)), b1 = Vector256.Create<double>(_out1.AsSpan(4));
        Vector256<double> a2 = Vector256.Create<double>(_out2.AsSpan(0, 4)), b2 = Vector256.Create<double>(_out2.AsSpan(4));
        Vector256<double> powerA = Vector256.Create<double>(_powers.AsSpan(0, 4)), powerB = Vector256.Create<double>(_powers.AsSpan(4));
        (double in1, double in2, double power) = (_in1, _in2, _power);
        foreach (short sample in samples)
        {
            double input = sample;
            var slope = Vector256.Create(input - in2);
            (in1, in2) = (input, in1);
            power += input * input;
            (a1, a2) = ((gainA * slope) - (first1A * a1) - (first2A * a2), a1);
            (b1, b2) = ((gainB * slope) - (first1B * b1) - (first2B * b2), b1);
            powerA += a1 * a1;
            powerB += b1 * b1;
        }

        (_in1, _in2, _power) = (in1, in2, power);
        a1.CopyTo(_out1);
        b1.CopyTo(_out1, 4);
        a2.CopyTo(_out2);
        b2.CopyTo(_out2, 4);
        powerA.CopyTo(_powers);
        powerB.CopyTo(_powers, 4);
    }

    /// <summary>The piece is over.</summary>
    private void Judge()
    {
        double level = Decibels(_power), standOut = 0;
        _pieces++;
        for (int band = 0; band < _bands; band++)
        {
            _levels[band] = Math.Max(Decibels(_powers[band]), Softest);
            _smooth[band] = _pieces == 1 ? _levels[band] : _smooth[band] + (0.25 * (_levels[band] - _smooth[band]));
            // What comes first is taken for noise, until more is known.
            if (_pieces <= UnknownPieces) _noise[band] += (_levels[band] - _noise[band]) / _pieces;
            standOut += Math.Clamp((_levels[band] - _noise[band]) / _deviation[band], -1, MostStandOut) / _bands;
        }

        RememberSoftest();
        bool stands = (standOut > MinStandOut && level > SoftestVoice) || NoiseLevel > LoudestNoise;
        LearnNoise(stands);
        _run = stands ? _run + 1 : 0;
        if (stands) _hangover = Math.Max(_hangover, _run >= SyllablePieces ? SyllableHangover : ClickHangover);
        _isVoice = _pieces <= UnknownPieces || stands || _hangover > 0;
        if (!stands && _hangover > 0) _hangover--;
        Array.Clear(_powers);
        (_power, _count) = (0, 0);
        if (_pieces == int.MaxValue) _pieces = SettledPieces + 1;
    }

    private void RememberSoftest()
    {
        if (_pieces % SpanPieces == 0)
        {
            _span = (_span + 1) % Spans;
            for (int band = 0; band < _bands; band++) _softest[(band * Spans) + _span] = double.MaxValue;
        }

        for (int band = 0; band < _bands; band++)
        {
            ref double softest = ref _softest[(band * Spans) + _span];
            softest = Math.Min(softest, _smooth[band]);
        }
    }

    private void LearnNoise(bool stands)
    {
        for (int band = 0; band < _bands; band++)
        {
            ref double noise = ref _noise[band];
            if (!stands && _pieces > UnknownPieces)
            {
                noise += 0.04 * (_levels[band] - noise);
                // Of what is spread as a bell is, the mean distance is 0.8 of the deviation.
                double distance = Math.Abs(_levels[band] - noise) * 1.25;
                _deviation[band] = Math.Clamp(_deviation[band] + (0.02 * (distance - _deviation[band])), LeastDeviation, MostDeviation);
            }
            else if (_smooth[band] < noise)
            {
                noise += 0.1 * (_smooth[band] - noise);
            }

            if (_pieces <= SettledPieces) continue;
            double softest = double.MaxValue;
            for (int span = 0; span < Spans; span++) softest = Math.Min(softest, _softest[(band * Spans) + span]);
            noise = Math.Max(noise, softest);
        }
    }

    /// <summary>The level of a piece that a sum of squares is of: dBov.</summary>
    private double Decibels(double squares) => 10 * Math.Log10((squares / _piece / (FullScale * FullScale)) + 1e-10);
}
