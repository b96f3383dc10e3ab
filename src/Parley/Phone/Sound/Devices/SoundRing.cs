namespace Parley.Phone.Sound.Devices;

/// <summary>Samples that wait between a device and a call; the oldest make room for new ones. Not thread-safe.</summary>
/// <param name="capacity">Samples that it holds at most.</param>
internal sealed class SoundRing(int capacity)
{
    private readonly short[] _samples = new short[capacity];
    private int _first;

    /// <summary>Samples that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Samples that there is room for.</summary>
    public int Room => _samples.Length - Count;

    /// <summary>Samples that were dropped for newer ones.</summary>
    public long Dropped { get; private set; }

    /// <summary>Puts samples behind those that wait.</summary>
    public void Write(ReadOnlySpan<short> samples)
    {
        if (samples.Length > _samples.Length)
        {
            Dropped += samples.Length - _samples.Length;
            samples = samples[^_samples.Length..];
        }

        int excess = samples.Length - Room;
        if (excess > 0)
        {
            Dropped += excess;
            Skip(excess);
        }

        int at = (_first + Count) % _samples.Length, before = Math.Min(samples.Length, _samples.Length - at);
        samples[..before].CopyTo(_samples.AsSpan(at));
        samples[before..].CopyTo(_samples);
        Count += samples.Length;
    }

    /// <summary>Takes the oldest samples.</summary>
    /// <returns>Samples taken: as many as there are, at most all that are asked for.</returns>
    public int Read(Span<short> samples)
    {
        int count = Math.Min(samples.Length, Count), before = Math.Min(count, _samples.Length - _first);
        _samples.AsSpan(_first, before).CopyTo(samples);
        _samples.AsSpan(0, count - before).CopyTo(samples[before..]);
        Skip(count);
        return count;
    }

    /// <summary>Drops all.</summary>
    public void Clear() => Skip(Count);

    private void Skip(int count)
    {
        _first = (_first + count) % _samples.Length;
        Count -= count;
    }
}
