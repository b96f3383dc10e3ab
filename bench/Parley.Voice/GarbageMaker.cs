namespace Parley.Voice;

/// <summary>Makes objects that live for up to a second, as setting up calls does, and looks how long all threads stand still when they are collected.</summary>
internal sealed class GarbageMaker : IDisposable
{
    private const int ObjectBytes = 512;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    private readonly byte[]?[] _alive;          // of the last second
    private readonly int _perStep;
    private readonly List<TimeSpan> _pauses = [];
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _thread;

    /// <summary>Begins.</summary>
    /// <param name="kilobytesPerSecond">1 or more.</param>
    public GarbageMaker(int kilobytesPerSecond)
    {
        int perSecond = Math.Max(1, kilobytesPerSecond * 1024 / ObjectBytes);
        _alive = new byte[]?[perSecond];
        _perStep = Math.Max(1, (int)(perSecond * Step.TotalSeconds));
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How long 999 of 1,000 pauses were at most since this was asked for before; the longest of fewer.</summary>
    public TimeSpan TakeP999()
    {
        lock (_lock)
        {
            if (_pauses.Count == 0) return TimeSpan.Zero;
            _pauses.Sort();
            TimeSpan pause = _pauses[Math.Min(_pauses.Count - 1, (int)(_pauses.Count * 0.999))];
            _pauses.Clear();
            return pause;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Set();
        _thread.Join();
        _over.Dispose();
    }

    private void Run()
    {
        (int collections, TimeSpan pause) = (GC.CollectionCount(0), GC.GetTotalPauseDuration());
        for (int at = 0; !_over.Wait(Step);)
        {
            for (int i = 0; i < _perStep; i++, at = (at + 1) % _alive.Length) _alive[at] = new byte[ObjectBytes];
            int now = GC.CollectionCount(0);
            if (now == collections) continue;
            TimeSpan total = GC.GetTotalPauseDuration();
            lock (_lock) _pauses.Add((total - pause) / (now - collections));
            (collections, pause) = (now, total);
        }
    }
}
