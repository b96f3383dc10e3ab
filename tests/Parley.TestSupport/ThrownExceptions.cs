using System.Runtime.ExceptionServices;

namespace Parley.TestSupport;

/// <summary>Sees every exception that this thread throws, also one that is caught at once.</summary>
public sealed class ThrownExceptions : IDisposable
{
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public ThrownExceptions() => AppDomain.CurrentDomain.FirstChanceException += OnThrown;

    /// <summary>How many there were.</summary>
    public int Count { get; private set; }

    /// <summary>The first of them, with the stack as it was.</summary>
    public string? First { get; private set; }

    public void Dispose() => AppDomain.CurrentDomain.FirstChanceException -= OnThrown;

    private void OnThrown(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (Environment.CurrentManagedThreadId != _thread) return;
        if (Count++ > 0) return;
        IEnumerable<string> frames = Environment.StackTrace.Split('\n').Where(frame => frame.Contains("Parley", StringComparison.Ordinal)).Skip(1);
        First = $"{e.Exception.GetType().Name}: {e.Exception.Message}\n{string.Join('\n', frames)}";
    }
}
