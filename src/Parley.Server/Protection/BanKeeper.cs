using Microsoft.Extensions.Logging;
using Parley.Server.Hosting;
using Parley.Server.Storage;

namespace Parley.Server.Protection;

/// <summary>Keeps the bans of a running server in its data folder, and lifts those that somebody removed there.</summary>
/// <remarks>Looks twice a second, on a thread of its own. Should the database fail, bans stand as they are in memory.</remarks>
internal sealed class BanKeeper : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CleaningInterval = TimeSpan.FromMinutes(1);

    private readonly ServerState _server;
    private readonly SourceGuard _guard;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BanStore _store;
    private readonly Dictionary<(string Source, string User), Ban> _saved = [];
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private DateTimeOffset _nextCleaning;
    private bool _isFailing;
    private bool _isDisposed;

    /// <summary>Opens the bans of a data folder, and puts those that stand into force.</summary>
    /// <exception cref="StorageException">They cannot be used.</exception>
    public BanKeeper(ServerState server, TimeProvider time)
    {
        (_server, _guard, _time, _logger) = (server, server.Guard, time, server.Logger);
        _store = new BanStore(server.Configuration.DataFolder);
        foreach (Ban ban in _store.List(time.GetUtcNow()))
        {
            _guard.Restore(ban);
            _saved[(ban.ShownSource, ban.User)] = ban;
        }

        _timer = time.CreateTimer(_ => Run(), null, Interval, Interval);
    }

    /// <summary>Writes what is new, and stops.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Run();
        lock (_gate)
        {
            _isDisposed = true;
            _store.Dispose();
        }
    }

    private void Run()
    {
        if (!_gate.TryEnter()) return;      // the last look still runs
        try
        {
            if (!_isDisposed) Look(_time.GetUtcNow());
            _isFailing = false;
        }
        catch (StorageException e)
        {
            if (!_isFailing) Log.BansNotKept(_logger, e);
            _isFailing = true;
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Look(DateTimeOffset now)
    {
        _guard.Forget(_server.Configuration.Protection, now);
        if (_store.HasChanged()) LiftWhatIsGone(now);
        IReadOnlyList<Ban> begun = _guard.TakeUnsaved();
        if (begun.Count > 0) _store.Put(begun);
        foreach (Ban ban in begun) _saved[(ban.ShownSource, ban.User)] = ban;
        if (now < _nextCleaning) return;
        _nextCleaning = now + CleaningInterval;
        if (_saved.Count == 0) return;
        foreach (((string Source, string User) key, Ban ban) in _saved.ToArray())
        {
            if (ban.Until <= now) _saved.Remove(key);
        }

        _store.RemoveOver(now);
    }

    private void LiftWhatIsGone(DateTimeOffset now)
    {
        if (_saved.Count == 0) return;
        HashSet<(string, string)> standing = [.. _store.List(now).Select(ban => (ban.ShownSource, ban.User))];
        foreach (((string Source, string User) key, Ban ban) in _saved.ToArray())
        {
            if (ban.Until <= now || standing.Contains(key)) continue;
            _saved.Remove(key);
            _guard.Lift(ban);
            Log.BanLifted(_logger, ban.ShownSource, ban.User);
        }
    }
}
