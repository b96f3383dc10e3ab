using Parley.Core;

namespace Parley.Net;

/// <summary>Sees to it that a loop whose handler takes long does not hold up others: they receive for it what has come to the ports that they share.</summary>
/// <remarks>
/// The system spreads datagrams over the sockets that share a port by their senders, and does not know that somebody is busy: without help what
/// has come to that loop's socket waits there, though another could handle it. What the busy loop had received already stays with it, at most one batch.
/// Looking costs a thread that wakes up a hundred times a second, and only where there is more than one loop.
/// </remarks>
public sealed class LoopWatch : IDisposable
{
    /// <summary>A loop that is found twice in the same round has been in it for this long at least.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Watched[] _watched;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread? _thread;

    /// <summary>Watches loops until it is disposed of, which should be before they are.</summary>
    /// <param name="loops">Loops whose sockets share ports.</param>
    public LoopWatch(IReadOnlyList<NetworkLoop> loops)
    {
        ArgumentNullException.ThrowIfNull(loops);
        _watched = [.. loops.Select(loop => new Watched(loop))];
        if (_watched.Length < 2) return;
        _thread = new Thread(Run) { IsBackground = true, Name = "parley-watch" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Set();
        _thread?.Join();
        _stopping.Dispose();
    }

    private void Run()
    {
        while (!_stopping.Wait(Interval))
        {
            foreach (Watched watched in _watched) watched.Look();
            for (int i = 0; i < _watched.Length; i++)
            {
                if (_watched[i].IsBusy) FindHelp(i);
            }
        }
    }

    private void FindHelp(int busy)
    {
        for (int step = 1; step < _watched.Length; step++)
        {
            Watched helper = _watched[(busy + step) % _watched.Length];
            if (helper.IsBusy) continue;
            _watched[busy].HaveHelp(helper.Loop);
            return;
        }
    }

    /// <summary>A loop, and the work of receiving for it, of which one piece at a time is under way.</summary>
    private sealed class Watched(NetworkLoop loop) : ILoopWork
    {
        private NetworkLoop? _helper;
        private long _round = -1;

        public NetworkLoop Loop { get; } = loop;

        public bool IsBusy { get; private set; }

        public void Look()
        {
            bool isWaiting = Loop.IsWaiting;
            long round = Loop.Counters.Rounds;
            IsBusy = !isWaiting && round == _round;
            _round = isWaiting ? -1 : round;
        }

        public void HaveHelp(NetworkLoop helper)
        {
            if (Interlocked.CompareExchange(ref _helper, helper, null) is not null) return;
            if (!helper.Post(this)) _helper = null;
        }

        public void Run(Instant now)
        {
            try
            {
                _helper!.ReceiveFor(Loop);
            }
            finally
            {
                Volatile.Write(ref _helper, null);
            }
        }
    }
}
