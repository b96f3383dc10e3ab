using System.Runtime;

namespace Parley.Load.Measuring;

/// <summary>A time in which the collector does not run, so that its pauses are not taken for the server's.</summary>
internal sealed class QuietPeriod : IDisposable
{
    // Room for what other threads of this process allocate meanwhile: lines that servers write.
    private const long AllowedBytes = 32 << 20;

    private readonly GCLatencyMode _before = GCSettings.LatencyMode;
    private readonly bool _isWithoutCollector;

    /// <summary>Collects once, and begins.</summary>
    public QuietPeriod()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _isWithoutCollector = GC.TryStartNoGCRegion(AllowedBytes);
        if (!_isWithoutCollector) GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
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
