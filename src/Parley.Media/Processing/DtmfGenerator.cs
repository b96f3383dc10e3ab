namespace Parley.Media.Processing;

/// <summary>Makes the tones of telephone keys, one after the other, with pauses between.</summary>
/// <remarks>Each tone is of -7 dBm0 for the low and -5 dBm0 for the high one, and begins and ends within 2 ms, so that nothing clicks. Source: ITU-T Q.23. Not thread-safe.</remarks>
public sealed class DtmfGenerator
{
    /// <summary>The four low and the four high tones.</summary>
    internal static readonly double[] Frequencies = [697, 770, 852, 941, 1209, 1336, 1477, 1633];

    private const string Digits = "123A456B789C*0#D";
    private const int MaxWaiting = 64;
    private const double LowAmplitude = 32124 * 0.3097, HighAmplitude = 32124 * 0.3899;     // 32124 is 3.17 dBm0

    private readonly int _sampleRate;
    private readonly int _on, _period, _edge;
    private readonly Queue<int> _waiting = new(MaxWaiting);
    private int _key = -1;
    private int _position;

    /// <summary>For sound of a rate.</summary>
    /// <param name="sampleRate">Samples per second: 8000 or more.</param>
    /// <param name="on">How long a key sounds.</param>
    /// <param name="off">The pause behind it.</param>
    public DtmfGenerator(int sampleRate, TimeSpan on, TimeSpan off)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 8000);
        ArgumentOutOfRangeException.ThrowIfLessThan(on, TimeSpan.FromMilliseconds(5));
        ArgumentOutOfRangeException.ThrowIfLessThan(off, TimeSpan.Zero);
        _sampleRate = sampleRate;
        _on = (int)(on.TotalSeconds * sampleRate);
        _period = _on + (int)(off.TotalSeconds * sampleRate);
        _edge = sampleRate / 500;
    }

    /// <summary>True while something sounds or waits.</summary>
    public bool IsActive => _key >= 0 || _waiting.Count > 0;

    /// <summary>Lets a key sound behind those that wait.</summary>
    /// <param name="digit">0-9, *, #, A-D in either case.</param>
    /// <returns>False for another character, or when 64 wait.</returns>
    public bool TryQueue(char digit)
    {
        int key = Digits.IndexOf(char.ToUpperInvariant(digit), StringComparison.Ordinal);
        if (key < 0 || _waiting.Count == MaxWaiting) return false;
        _waiting.Enqueue(key);
        return true;
    }

    /// <summary>Puts keys in the place of other sound; the sound comes back when none sounds or pauses.</summary>
    /// <param name="samples">The sound.</param>
    public void Replace(Span<short> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            if (_key < 0 && !_waiting.TryDequeue(out _key))
            {
                _key = -1;
                return;
            }

            samples[i] = Sample();
            if (++_position < _period) continue;
            (_position, _key) = (0, -1);
        }
    }

    private short Sample()
    {
        if (_position >= _on) return 0;
        double time = 2 * Math.PI * _position / _sampleRate;
        double envelope = Math.Min(1, Math.Min(_position, _on - _position) / (double)_edge);
        return (short)(envelope * ((LowAmplitude * Math.Sin(time * Frequencies[_key >> 2])) + (HighAmplitude * Math.Sin(time * Frequencies[4 + (_key & 3)]))));
    }
}
