using System.Runtime;

namespace Parley.Load.Measuring;

/// <summary>
/// A time in which the collector does not run, so that its pauses are not taken for the server's. The collector is the
/// process's: periods that overlap are one, from the first one's begin to the last one's end.
/// </summary>
internal sealed class QuietPeriod : IDisposable
{
    // Room for what other threads of this process allocate meanwhile: lines that servers write.
    private const long AllowedBytes = 32 << 20;

    private static readonly Lock Overlap = new();
    private static int _running;
    private static GCLatencyMode _before;
    private static bool _isWithoutCollector;

    private bool _hasEnded;

    /// <summary>Begins; the first of some that overlap collects once before.</summary>
    public QuietPeriod()
    {
        lock (Overlap)
        {
            if (_running++ == 0) Begin();
        }
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        lock (Overlap)
        {
            if (_hasEnded) return;
            _hasEnded = true;
            if (--_running == 0) End();
        }
    }

    private static void Begin()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _before = GCSettings.LatencyMode;
        _isWithoutCollector = GC.TryStartNoGCRegion(AllowedBytes);
        if (!_isWithoutCollector) GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
    }

    private static void End()
    {
        if (!_isWithoutCollector)
        {
            GCSettings.LatencyMode = _before;
            return;
        }

        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // Other threads allocated more than was allowed, which ended it.
        }
    }
}
