namespace Parley.Media.Streams;

/// <summary>A few soft notes, one after the other, and then the end: what tells people of something without a word.</summary>
public sealed class ChimeSource : IAudioSource
{
    private static readonly TimeSpan Attack = TimeSpan.FromMilliseconds(8);

    private readonly (double Hertz, TimeSpan Duration)[] _notes;
    private readonly double _amplitude;
    private int _sampleRate;
    private int _note;
    private int _position;      // in the note

    /// <summary>Notes that have not sounded yet.</summary>
    /// <param name="level">How loud they begin, in dB below full scale: 0 or less. Each dies away to its end.</param>
    /// <param name="notes">Their frequencies, 0 for a pause, and how long each lasts.</param>
    public ChimeSource(double level, params (double Hertz, TimeSpan Duration)[] notes)
    {
        ArgumentNullException.ThrowIfNull(notes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 0);
        (_notes, _amplitude) = (notes, short.MaxValue * Math.Pow(10, level / 20));
    }

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        if (_sampleRate > 0) _position = (int)((long)_position * sampleRate / _sampleRate);
        _sampleRate = sampleRate;
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            while (_note < _notes.Length && _position >= _notes[_note].Duration.TotalSeconds * _sampleRate) (_note, _position) = (_note + 1, 0);
            if (_note == _notes.Length) return i;
            (double hertz, TimeSpan duration) = _notes[_note];
            double time = (double)_position++ / _sampleRate, part = time / duration.TotalSeconds;
            double envelope = Math.Min(1, time / Attack.TotalSeconds) * (1 - part) * (1 - part);
            samples[i] = (short)(_amplitude * envelope * Math.Sin(2 * Math.PI * hertz * time));
        }

        return samples.Length;
    }
}
