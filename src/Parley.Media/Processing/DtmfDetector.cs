using System.Runtime.Intrinsics;

namespace Parley.Media.Processing;

/// <summary>A key that was heard.</summary>
/// <param name="Digit">0-9, *, #, A-D.</param>
/// <param name="IsEnd">False when it is recognised, true when it is over.</param>
/// <param name="Duration">How long it has sounded, to some 5 ms.</param>
public readonly record struct HeardDigit(char Digit, bool IsEnd, TimeSpan Duration);

/// <summary>Hears the keys of a telephone in sound: two tones at once, of four low and four high ones.</summary>
/// <remarks>
/// The sound is cut into blocks of 12.75 ms, in each of which Goertzel's filter measures the eight tones. A block has a key when one low and one high tone
/// hold most of its power, none of the others comes near, and neither is much stronger than its partner. A key is recognised when the blocks in a row have 30 ms of
/// it, the parts at its edges counted by their strength, and when from block to block the phases of both tones turn as those of the right frequencies do: to 2.5 %,
/// which tells keys from speech and music. It is over after two blocks without it. So it is that all of 40 ms are heard and none of 23 ms, breaks
/// of 10 ms do not part a key, and pauses of 40 ms do. Source: ITU-T Q.23, Q.24. Not thread-safe.
/// </remarks>
public sealed class DtmfDetector
{
    private const int Tones = 8;
    private const int MaxWaiting = 32;
    private const double MinAmplitude = 450;            // of each tone: -34 dBm0, below all that Q.24 asks for
    private const double MinShare = 0.7;                // of a block's power in both tones
    private const double MinShareWithin = 0.35;         // within a key, which a short break may weaken
    private const double MinStrengthWithin = 0.25;      // of the strongest block's
    private const double MinAboveOthers = 4;            // of power: 6 dB
    private const double MaxForwardTwist = 4.0;         // high over low, of power: 6 dB
    private const double MaxReverseTwist = 9.0;         // low over high: 9.5 dB
    private const double MaxDeviation = 0.025;          // between 1.5 %, which have to be taken, and 3.5 %, which must not
    private const double MinBlocks = 2.4;               // 30 ms
    private const string Digits = "123A456B789C*0#D";   // by rows

    private readonly int _block;
    private readonly double _blockSeconds;
    private readonly double[] _cosines = new double[Tones], _sines = new double[Tones];
    private readonly double[] _s1 = new double[Tones], _s2 = new double[Tones];
    private readonly double[] _amplitudes = new double[Tones], _phases = new double[Tones];
    private readonly double[] _amplitudesBefore = new double[Tones], _phasesBefore = new double[Tones];
    private readonly Queue<HeardDigit> _heard = new(MaxWaiting);
    private double _power;
    private int _count;
    private int _key = -1;              // of the run of blocks that goes on
    private double _sum, _peak;         // of the strengths in it
    private int _missed;
    private bool _isSteady;             // its phases were right from one block to the next
    private bool _isTold;

    /// <summary>For sound of a rate.</summary>
    /// <param name="sampleRate">8000 Hz or more.</param>
    public DtmfDetector(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 8000);
        _block = (int)(sampleRate * 0.01275);
        _blockSeconds = (double)_block / sampleRate;
        for (int i = 0; i < Tones; i++)
        {
            double angle = 2 * Math.PI * DtmfGenerator.Frequencies[i] / sampleRate;
            (_cosines[i], _sines[i]) = (Math.Cos(angle), Math.Sin(angle));
        }
    }

    /// <summary>Listens.</summary>
    /// <param name="samples">The next ones, any number.</param>
    public void Process(ReadOnlySpan<short> samples)
    {
        while (!samples.IsEmpty)
        {
            int count = Math.Min(samples.Length, _block - _count);
            Filter(samples[..count]);
            samples = samples[count..];
            _count += count;
            if (_count == _block) EndBlock();
        }
    }

    /// <summary>Gives what was heard, in order. Of what nobody takes the last 32 are kept.</summary>
    public bool TryTake(out HeardDigit digit) => _heard.TryDequeue(out digit);

    private void Filter(ReadOnlySpan<short> samples)
    {
        foreach (short sample in samples) _power += (double)sample * sample;
        // The four low tones at once, and the four high ones.
        Vector256<double> low = 2 * Vector256.Create<double>(_cosines.AsSpan(0, 4)), high = 2 * Vector256.Create<double>(_cosines.AsSpan(4));
        Vector256<double> low1 = Vector256.Create<double>(_s1.AsSpan(0, 4)), high1 = Vector256.Create<double>(_s1.AsSpan(4));
        Vector256<double> low2 = Vector256.Create<double>(_s2.AsSpan(0, 4)), high2 = Vector256.Create<double>(_s2.AsSpan(4));
        foreach (short sample in samples)
        {
            Vector256<double> input = Vector256.Create((double)sample);
            (low1, low2) = (input + (low * low1) - low2, low1);
            (high1, high2) = (input + (high * high1) - high2, high1);
        }

        low1.CopyTo(_s1);
        high1.CopyTo(_s1, 4);
        low2.CopyTo(_s2);
        high2.CopyTo(_s2, 4);
    }

    private void EndBlock()
    {
        for (int i = 0; i < Tones; i++)
        {
            (_amplitudesBefore[i], _phasesBefore[i]) = (_amplitudes[i], _phases[i]);
            double real = _s1[i] - (_s2[i] * _cosines[i]), imaginary = _s2[i] * _sines[i];
            (_amplitudes[i], _phases[i]) = (Math.Sqrt((real * real) + (imaginary * imaginary)) * 2 / _block, Math.Atan2(imaginary, real));
        }

        int key = Find();
        bool isWhole = key >= 0;
        if (!isWhole && _key >= 0 && GoesOn()) key = _key;
        Judge(key, isWhole);
        Array.Clear(_s1);
        Array.Clear(_s2);
        (_power, _count) = (0, 0);
    }

    /// <summary>The key of the block that is over.</summary>
    /// <returns>-1 for none.</returns>
    private int Find()
    {
        int low = Strongest(0), high = Strongest(4);
        double a = Power(low), b = Power(high);
        if (Math.Min(_amplitudes[low], _amplitudes[high]) < MinAmplitude) return -1;
        if (b > a * MaxForwardTwist || a > b * MaxReverseTwist) return -1;
        if ((a + b) / 2 < MinShare * _power / _block) return -1;
        for (int i = 0; i < Tones; i++)
        {
            if (i != low && i != high && Power(i) * MinAboveOthers > (i < 4 ? a : b)) return -1;
        }

        return (low * 4) + high - 4;
    }

    /// <summary>Whether the key of the block before is in this one too, weakened by a break that may be anywhere in it: its tones are then the strongest still, and no more can be asked.</summary>
    private bool GoesOn()
    {
        int low = _key >> 2, high = 4 + (_key & 3);
        return Strongest(0) == low && Strongest(4) == high && (Power(low) + Power(high)) / 2 >= MinShareWithin * _power / _block
            && Strength(_key, _amplitudes) >= MinStrengthWithin * _peak;
    }

    private void Judge(int key, bool isWhole)
    {
        if (_key >= 0 && key != _key)
        {
            // The rest of it is in this block, less of it than of a whole one.
            if (_missed == 0) Count(_key, Math.Min(Strength(_key, _amplitudes), _peak));
            _missed++;
            if (key < 0 && _missed < 2) return;
            if (_isTold) Tell(isEnd: true);
            _key = -1;
        }

        if (key < 0) return;
        if (_key < 0)
        {
            (_key, _sum, _peak, _isSteady, _isTold) = (key, 0, 0, false, false);
            Count(key, Math.Min(Strength(key, _amplitudesBefore), Strength(key, _amplitudes)));
        }
        else if (_missed == 0 && isWhole)
        {
            _isSteady |= IsSteady(key >> 2) && IsSteady(4 + (key & 3));
        }

        _missed = 0;
        Count(key, Strength(key, _amplitudes));
    }

    private void Count(int key, double strength)
    {
        _sum += strength;
        _peak = Math.Max(_peak, strength);
        if (_isTold || !_isSteady || _sum < MinBlocks * _peak || key != _key) return;
        _isTold = true;
        Tell(isEnd: false);
    }

    private void Tell(bool isEnd)
    {
        if (_heard.Count == MaxWaiting) _heard.Dequeue();
        _heard.Enqueue(new HeardDigit(Digits[_key], isEnd, TimeSpan.FromSeconds(_sum / _peak * _blockSeconds)));
    }

    /// <summary>Whether a tone's phase turned since the last block as its frequency does.</summary>
    private bool IsSteady(int tone)
    {
        double expected = 2 * Math.PI * DtmfGenerator.Frequencies[tone] * _blockSeconds;
        double deviation = Math.IEEERemainder(_phases[tone] - _phasesBefore[tone] - expected, 2 * Math.PI) / (2 * Math.PI * _blockSeconds);
        return Math.Abs(deviation) <= MaxDeviation * DtmfGenerator.Frequencies[tone];
    }

    private int Strongest(int from)
    {
        int strongest = from;
        for (int i = from + 1; i < from + 4; i++)
        {
            if (_amplitudes[i] > _amplitudes[strongest]) strongest = i;
        }

        return strongest;
    }

    private double Power(int tone) => _amplitudes[tone] * _amplitudes[tone];

    private static double Strength(int key, double[] amplitudes) => amplitudes[key >> 2] + amplitudes[4 + (key & 3)];
}
