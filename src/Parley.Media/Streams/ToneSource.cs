namespace Parley.Media.Streams;

/// <summary>A tone of one or two frequencies that sounds and pauses in turn, for ever.</summary>
public sealed class ToneSource : IAudioSource
{
    private readonly double _first, _second;
    private readonly double _amplitude;
    private readonly TimeSpan _on, _off;
    private int _sampleRate;
    private long _position;

    /// <summary>A tone.</summary>
    /// <param name="firstHertz">Its frequency.</param>
    /// <param name="secondHertz">The frequency that sounds with it; 0 for none.</param>
    /// <param name="on">How long it sounds.</param>
    /// <param name="off">How long it then pauses.</param>
    /// <param name="level">Of each frequency, in dB below full scale: 0 or less.</param>
    public ToneSource(double firstHertz, double secondHertz, TimeSpan on, TimeSpan off, double level = -16)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 0);
        (_first, _second, _on, _off) = (firstHertz, secondHertz, on, off);
        _amplitude = short.MaxValue * Math.Pow(10, level / 20) / (secondHertz > 0 ? 2 : 1);
    }

    /// <summary>The sound of a telephone that rings: 425 Hz, a second in five (ETSI TR 101 041).</summary>
    public static ToneSource Ringback() => new(425, 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));

    /// <summary>The sound of a telephone that is engaged: 425 Hz, half a second in one.</summary>
    public static ToneSource Busy() => new(425, 0, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));

    /// <summary>The sound that tells people of a recording: 1400 Hz, a fifth of a second in fifteen, as telephone companies of North America have it.</summary>
    /// <remarks>Source: 47 CFR 64.501 asks for such a tone; its form is that of the tariffs that it refers to.</remarks>
    public static ToneSource Recording() => new(1400, 0, TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(14.8), level: -20);

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        if (_sampleRate > 0) _position = _position * sampleRate / _sampleRate;
        _sampleRate = sampleRate;
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        long on = (long)(_on.TotalSeconds * _sampleRate), period = on + (long)(_off.TotalSeconds * _sampleRate);
        for (int i = 0; i < samples.Length; i++, _position++)
        {
            long at = period == 0 ? _position : _position % period;
            double time = (double)at / _sampleRate * 2 * Math.PI;
            samples[i] = at >= on ? (short)0 : (short)(_amplitude * (Math.Sin(time * _first) + (_second > 0 ? Math.Sin(time * _second) : 0)));
        }

        return samples.Length;
    }
}
