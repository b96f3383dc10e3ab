namespace Parley.Net;

/// <summary>Something that a loop serves, and that can ask for a turn.</summary>
/// <remarks>
/// On the loop it asks to be flushed when the round ends. Any thread may signal it: then it gets a turn soon. Links and flags
/// are in the source itself, so both cost no memory, and nobody can fill a queue by asking often.
/// </remarks>
internal abstract class LoopSource
{
    private int _isSignalled;

    /// <summary>Chains the signalled sources of a loop; the loop's.</summary>
    public LoopSource? NextSignalled { get; set; }

    /// <summary>True while the source is in its loop's list of what to flush; the loop's.</summary>
    public bool IsFlushRequested { get; set; }

    /// <summary>Claims the signal.</summary>
    /// <returns>False when the source is signalled already.</returns>
    public bool TrySignal() => Interlocked.Exchange(ref _isSignalled, 1) == 0;

    /// <summary>Gives the signal back before its turn, so that what comes during the turn signals again.</summary>
    public void ClearSignal() => Interlocked.Exchange(ref _isSignalled, 0);

    /// <summary>The turn after a signal.</summary>
    public abstract void OnSignal();

    /// <summary>The turn at the end of the round.</summary>
    public abstract void OnFlush();

    /// <summary>The loop ends: what the system takes at once is still sent, everything is closed, handlers hear of it.</summary>
    public abstract void End();
}
