namespace Parley.Phone.Sound.Devices;

/// <summary>Where the lines of all calls meet the one microphone and the one loudspeaker.</summary>
/// <remarks>Whoever speaks is heard by each call that asks, and the calls are heard together. Safe on every thread.</remarks>
internal sealed class DeviceHub : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _read = new(initialState: false), _written = new(initialState: false);
    private volatile DeviceLine[] _lines = [];

    /// <summary>True when a call asks for what is said.</summary>
    public bool IsRead => Array.Exists(_lines, line => line.IsRead);

    /// <summary>True while a tone of this side sounds.</summary>
    public bool HasTone => Array.Exists(_lines, line => line.HasTone);

    /// <summary>Adds a call's line.</summary>
    public void Add(DeviceLine line)
    {
        lock (_gate) _lines = [.. _lines, line];
    }

    /// <summary>Takes a call's line out.</summary>
    /// <returns>How many are left.</returns>
    public int Remove(DeviceLine line)
    {
        lock (_gate)
        {
            _lines = [.. _lines.Where(other => other != line)];
            return _lines.Length;
        }
    }

    /// <summary>A call asked for what is said.</summary>
    public void OnRead() => _read.Set();

    /// <summary>A call heard something.</summary>
    public void OnWritten() => _written.Set();

    /// <summary>Wakes who waits.</summary>
    public void Wake()
    {
        _read.Set();
        _written.Set();
    }

    /// <summary>Waits until a call asks.</summary>
    /// <returns>False when none did.</returns>
    public bool WaitForRead(TimeSpan limit) => _read.WaitOne(limit);

    /// <summary>Waits until a call has heard something.</summary>
    /// <returns>False when none did.</returns>
    public bool WaitForWritten(TimeSpan limit) => _written.WaitOne(limit);

    /// <summary>Gives what the microphone heard to all calls that ask; waits for those that have not asked for what was said before, for a while.</summary>
    /// <param name="samples">At the device's rate.</param>
    /// <param name="limit">A call that has not asked for so long does not ask any more.</param>
    public void Give(ReadOnlySpan<short> samples, TimeSpan limit)
    {
        foreach (DeviceLine line in _lines)
        {
            if (!line.IsRead) continue;
            while (!line.TryGive(samples))
            {
                if (!_read.WaitOne(limit)) line.SetUnread();
            }
        }
    }

    /// <summary>Mixes what the calls hear.</summary>
    /// <param name="samples">A piece at the device's rate: all is written.</param>
    /// <param name="waiting">Samples that the device has; 0 when it has no clock.</param>
    /// <returns>False when no call has a whole piece.</returns>
    public bool TryMix(Span<short> samples, int waiting)
    {
        Span<int> sum = stackalloc int[samples.Length];
        sum.Clear();
        bool isAny = false;
        foreach (DeviceLine line in _lines) isAny |= line.TryAdd(sum, waiting);
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)Math.Clamp(sum[i], short.MinValue, short.MaxValue);
        return isAny;
    }

    /// <summary>The loudspeaker has stopped.</summary>
    public void Rest()
    {
        foreach (DeviceLine line in _lines) line.Rest();
    }

    public void Dispose()
    {
        _read.Dispose();
        _written.Dispose();
    }
}
