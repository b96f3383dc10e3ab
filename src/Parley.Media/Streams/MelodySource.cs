using System.Collections.Concurrent;

namespace Parley.Media.Streams;

/// <summary>Plays a tune as a music box would, for ever: Beethoven's "Ode to Joy" (1824), with a bass below it.</summary>
/// <remarks>The tune is made once for each sample rate and shared by all who play it: half a megabyte at 8 kHz.</remarks>
public sealed class MelodySource : IAudioSource
{
    private const double BeatSeconds = 0.5;
    private const double DecaySeconds = 0.7;
    private const double AttackSeconds = 0.008;

    // Notes as MIDI numbers and beats; the four lines of the tune, of which the third has its own turn.
    private static readonly (int Note, double Beats)[] Opening =
        [(64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1), (60, 1), (60, 1), (62, 1), (64, 1)];

    private static readonly (int Note, double Beats)[] Tune =
    [
        .. Opening, (64, 1.5), (62, 0.5), (62, 2),
        .. Opening, (62, 1.5), (60, 0.5), (60, 2),
        (62, 1), (62, 1), (64, 1), (60, 1), (62, 1), (64, 0.5), (65, 0.5), (64, 1), (60, 1),
        (62, 1), (64, 0.5), (65, 0.5), (64, 1), (62, 1), (60, 1), (62, 1), (55, 2),
        .. Opening, (62, 1.5), (60, 0.5), (60, 2),
    ];

    // One for each bar of four beats.
    private static readonly int[] Bass = [48, 43, 48, 43, 48, 43, 48, 48, 43, 48, 43, 43, 48, 43, 48, 48];

    private static readonly ConcurrentDictionary<int, short[]> Rendered = new();

    private short[] _samples;
    private int _position;

    /// <summary>A source at the beginning of the tune. The tune is made here if nobody has played it yet: some milliseconds.</summary>
    public MelodySource() => _samples = At(8000);

    /// <summary>How long the tune is before it begins again.</summary>
    public static TimeSpan Duration => TimeSpan.FromSeconds(Bass.Length * 4 * BeatSeconds);

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        short[] before = _samples;
        _samples = At(sampleRate);
        _position = (int)((long)_position * _samples.Length / before.Length);
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        int given = 0;
        while (given < samples.Length)
        {
            int count = Math.Min(samples.Length - given, _samples.Length - _position);
            _samples.AsSpan(_position, count).CopyTo(samples[given..]);
            given += count;
            _position = (_position + count) % _samples.Length;
        }

        return given;
    }

    private static short[] At(int sampleRate) => Rendered.GetOrAdd(sampleRate, Render);

    private static short[] Render(int sampleRate)
    {
        float[] mix = new float[(int)(Duration.TotalSeconds * sampleRate)];
        double at = 0;
        foreach ((int note, double beats) in Tune)
        {
            Add(mix, note, at, 0.22, sampleRate);
            at += beats * BeatSeconds;
        }

        for (int bar = 0; bar < Bass.Length; bar++)
        {
            Add(mix, Bass[bar], bar * 4 * BeatSeconds, 0.14, sampleRate);
            Add(mix, Bass[bar] + 12, ((bar * 4) + 2) * BeatSeconds, 0.07, sampleRate);
        }

        short[] samples = new short[mix.Length];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)(Math.Clamp(mix[i], -1f, 1f) * short.MaxValue);
        return samples;
    }

    /// <summary>Adds a plucked note: four partials that die away, the higher the sooner. What sounds beyond the end sounds at the beginning.</summary>
    private static void Add(float[] mix, int note, double startSeconds, double amplitude, int sampleRate)
    {
        double frequency = 440 * Math.Pow(2, (note - 69) / 12.0);
        int start = (int)(startSeconds * sampleRate), length = (int)(DecaySeconds * 4 * sampleRate);
        for (int partial = 1; partial <= 4; partial++)
        {
            if (frequency * partial > sampleRate * 0.42) break;
            // Each partial turns as a point on a shrinking circle: no sine per sample.
            double angle = 2 * Math.PI * frequency * partial / sampleRate;
            double shrink = Math.Exp(-partial / (DecaySeconds * sampleRate));
            (double turnX, double turnY) = (Math.Cos(angle) * shrink, Math.Sin(angle) * shrink);
            (double x, double y) = (amplitude / (partial * partial), 0);
            for (int i = 0; i < length; i++)
            {
                double attack = Math.Min(1, i / (AttackSeconds * sampleRate));
                mix[(start + i) % mix.Length] += (float)(y * attack);
                (x, y) = ((x * turnX) - (y * turnY), (x * turnY) + (y * turnX));
            }
        }
    }
}
