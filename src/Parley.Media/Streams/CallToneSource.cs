namespace Parley.Media.Streams;

/// <summary>A tone of a telephone network, for ever.</summary>
/// <param name="shape">How it sounds.</param>
/// <param name="level">Of the tone, in dB below full scale: 0 or less. Two frequencies share it.</param>
public sealed class CallToneSource(ToneShape shape, double level = -20) : IAudioSource
{
    private const double ModulationDepth = 0.85;
    private const int EdgeMilliseconds = 5;         // to swell and fade in, or it clicks

    private readonly double _amplitude = short.MaxValue * Math.Pow(10, level / 20) / (shape.SecondHertz > 0 ? 2 : 1);
    private int _sampleRate;
    private long _position;

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        if (_sampleRate > 0) _position = _position * sampleRate / _sampleRate;
        _sampleRate = sampleRate;
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        for (int i = 0; i < samples.Length; i++, _position++)
        {
            double loudness = LoudnessAt(_position);
            samples[i] = loudness == 0 ? (short)0 : (short)Math.Round(_amplitude * loudness * WaveAt((double)_position / _sampleRate * 2 * Math.PI));
        }

        return samples.Length;
    }

    private double WaveAt(double angle)
    {
        double wave = Math.Sin(angle * shape.FirstHertz);
        if (shape.SecondHertz > 0) wave += Math.Sin(angle * shape.SecondHertz);
        return shape.ModulationHertz > 0 ? wave * (1 + (ModulationDepth * Math.Sin(angle * shape.ModulationHertz))) / (1 + ModulationDepth) : wave;
    }

    /// <summary>0 in a pause, 1 within the tone, and between at its edges.</summary>
    private double LoudnessAt(long position)
    {
        if (shape.Cadence.Count == 0) return Math.Min(1, position * 1000.0 / _sampleRate / EdgeMilliseconds);
        long period = 0;
        foreach (int part in shape.Cadence) period += part;
        double at = position * 1000.0 / _sampleRate % period;
        for (int part = 0; part < shape.Cadence.Count; part++)
        {
            double left = shape.Cadence[part] - at;
            if (left > 0) return part % 2 != 0 ? 0 : Math.Clamp(Math.Min(at, left) / EdgeMilliseconds, 0, 1);
            at = -left;
        }

        return 0;
    }
}
