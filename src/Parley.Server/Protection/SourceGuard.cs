using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;

namespace Parley.Server.Protection;

/// <summary>Slows down who guesses passwords, and then shuts him out for a while, but not the others behind his address.</summary>
/// <remarks>
/// <para>
/// What is counted. Only a wrong password behind a nonce of ours that is fresh and was made for the very source it comes from. A source address can be
/// forged by UDP, but who forges it never sees the challenge that went to the one who has it: nobody can get another one banned. A nonce of
/// another source, or a made-up one, is answered as stale whatever the password is, so nothing can be guessed with it either.
/// </para>
/// <para>
/// Whom it hits. Failures are counted per source and user, known or not. After the third, passwords of that user from that source are not looked at
/// for 1 s, then 2, 4 ... 16 s; after <see cref="ProtectionOptions.Failures"/> they are not for the time of a ban, and the flow (address and port)
/// that sent them is not heard at all. A source with ten times as many failures, and more of them than successes, is shut out as a whole: where others
/// have proved themselves from it (a NAT), new flows of it are let in at 2 messages a second; where nobody has, not at all. A flow over which
/// a user has proved himself is exempt: from the count of that user, and from the ban of its source.
/// </para>
/// <para>
/// Nothing waits in it: what comes during a pause is dropped, and a phone sends it again. Everything is bounded; when the counts are full the oldest is
/// forgotten. Any thread; the lock is taken for failures and, while there are counts, for credentials, and never for what carries none.
/// </para>
/// </remarks>
internal sealed class SourceGuard(ILogger logger) : ISipSourceFilter
{
    /// <summary>How many sources, and users of sources, are counted at a time.</summary>
    public const int Capacity = 65_536;

    /// <summary>How many failures of a source count as many as one of a user.</summary>
    public const int SourceFactor = 10;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly ProvenFlows _proven = new();
    private readonly Dictionary<ulong, FailureCount> _counts = [];
    private readonly Queue<ulong> _order = new();
    private readonly ConcurrentDictionary<ulong, RefusedSource> _refused = new();
    private List<Ban> _unsaved = [];
    private volatile int _counted;
    private volatile int _refusedCount;
    private DateTimeOffset _nextSweep;
    private long _dropped;

    /// <inheritdoc/>
    public bool IsActive => _refusedCount > 0;

    /// <summary>Messages that were dropped because of a ban, and credentials that were not looked at.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Sources and users of sources that are counted.</summary>
    public int Counted => _counted;

    /// <summary>The bans that stand.</summary>
    public IReadOnlyList<Ban> Bans(DateTimeOffset now)
    {
        lock (_gate) return [.. _counts.Values.Where(count => count.Ban is { } ban && ban.Until > now).Select(count => count.Ban!)];
    }

    /// <summary>What stands for a source in nonces (<see cref="Sip.Authentication.DigestAuthenticator"/>).</summary>
    /// <remarks>Exempt ones are all the same: they may be farms of proxies that send each request from another address.</remarks>
    public uint OriginOf(ParleyConfiguration configuration, NetworkAddress remote) =>
        IsExempt(configuration, remote) ? 0 : (uint)(_proven.KeyOf(Source.Of(remote)) >> 32);

    /// <inheritdoc/>
    public bool Refuses(NetworkAddress remote, DateTimeOffset now)
    {
        if (_refusedCount == 0) return false;
        ulong flow = _proven.KeyOf(remote);
        bool isRefused = (_refused.TryGetValue(flow, out RefusedSource? refused) && refused.Until > now) || RefusesSource(remote, flow, now);
        if (isRefused) Interlocked.Increment(ref _dropped);
        return isRefused;
    }

    /// <summary>True when no connection is to be taken from there.</summary>
    public bool RefusesConnection(NetworkAddress remote, DateTimeOffset now)
    {
        if (_refusedCount == 0) return false;
        ulong source = _proven.KeyOf(Source.Of(remote));
        return _refused.TryGetValue(source, out RefusedSource? refused) && refused.Until > now && !_proven.Has(source, now);
    }

    /// <summary>True when credentials of a user from there are not to be looked at now.</summary>
    /// <param name="remote">The other side.</param>
    /// <param name="user">The address of record that they name; empty for one that can be none.</param>
    /// <param name="now">Wall-clock time.</param>
    public bool Holds(NetworkAddress remote, ReadOnlySpan<byte> user, DateTimeOffset now)
    {
        if (_counted == 0) return false;
        ulong key = _proven.KeyOf(Source.Of(remote), Named(user));
        lock (_gate)
        {
            if (!_counts.TryGetValue(key, out FailureCount? count) || count.HeldUntil <= now) return false;
        }

        if (_proven.Has(_proven.KeyOf(remote, user), now)) return false;
        Interlocked.Increment(ref _dropped);
        return true;
    }

    /// <summary>A user has proved himself.</summary>
    public void OnProven(NetworkAddress remote, ReadOnlySpan<byte> user, DateTimeOffset now)
    {
        NetworkAddress from = Source.Of(remote);
        ulong source = _proven.KeyOf(from);
        ulong flow = _proven.KeyOf(remote);
        _proven.Mark(source, now);
        _proven.Mark(flow, now);
        _proven.Mark(_proven.KeyOf(remote, user), now);
        if (_counted == 0) return;
        ulong pair = _proven.KeyOf(from, user);
        lock (_gate)
        {
            if (_counts.TryGetValue(source, out FailureCount? ofSource)) ofSource.Successes++;
            // He who mistyped, not somebody else behind the same address.
            if (_counts.TryGetValue(pair, out FailureCount? ofUser) && ofUser.Flow == flow) ofUser.Restart();
        }
    }

    /// <summary>A password was wrong, and came with a nonce that was made for its source.</summary>
    /// <param name="configuration">What the server is.</param>
    /// <param name="remote">The other side.</param>
    /// <param name="user">The address of record that was named; empty for one that can be none.</param>
    /// <param name="now">Wall-clock time.</param>
    public void OnFailed(ParleyConfiguration configuration, NetworkAddress remote, ReadOnlySpan<byte> user, DateTimeOffset now)
    {
        if (IsExempt(configuration, remote)) return;
        ProtectionOptions options = configuration.Protection;
        NetworkAddress from = Source.Of(remote);
        ulong source = _proven.KeyOf(from);
        ulong flow = _proven.KeyOf(remote);
        ulong pair = _proven.KeyOf(from, Named(user));
        _proven.Remove(_proven.KeyOf(remote, user));
        Ban? ofUser = null, ofSource = null;
        lock (_gate)
        {
            FailureCount count = Count(pair);
            count.Add(now, flow, options.Window);
            count.Pause(now);
            if (count.Failures >= options.Failures)
            {
                bool isShared = _proven.Has(flow, now);
                ofUser = Begin(count, new Ban(from, Shown(user), isShared ? (ushort)0 : remote.Port, count.Failures, now, now, 1), options);
                count.HeldUntil = ofUser.Until;
                if (!isShared) Refuse(flow, ofUser.Until);
            }

            FailureCount all = Count(source);
            all.Add(now, flow, options.Window);
            if (all.Failures >= options.Failures * SourceFactor && all.Failures > all.Successes)
            {
                ofSource = Begin(all, new Ban(from, "", 0, all.Failures, now, now, 1), options);
                Refuse(source, ofSource.Until);
            }
        }

        if (ofUser is not null) Log.Banned(logger, ofUser.ShownSource, ofUser.User, (int)(ofUser.Until - now).TotalSeconds, ofUser.Failures);
        if (ofSource is not null) Log.SourceBanned(logger, ofSource.ShownSource, (int)(ofSource.Until - now).TotalSeconds, ofSource.Failures);
    }

    /// <summary>True for networks that are never banned nor limited.</summary>
    public static bool IsExempt(ParleyConfiguration configuration, NetworkAddress remote)
    {
        if (configuration.IsTrusted(remote)) return true;
        foreach (NetworkPrefix network in configuration.Protection.Exempt)
        {
            if (network.Contains(remote)) return true;
        }

        return false;
    }

    /// <summary>Takes the bans that began since the last call.</summary>
    public IReadOnlyList<Ban> TakeUnsaved()
    {
        lock (_gate)
        {
            if (_unsaved.Count == 0) return [];
            List<Ban> taken = _unsaved;
            _unsaved = [];
            return taken;
        }
    }

    /// <summary>Puts a ban of an earlier run into force again.</summary>
    public void Restore(Ban ban)
    {
        lock (_gate)
        {
            FailureCount count = Count(KeyOf(ban));
            count.Ban = ban;
            if (ban.User.Length > 0) count.HeldUntil = ban.Until;
            else Refuse(_proven.KeyOf(ban.Source), ban.Until);
            if (ban.Port != 0) Refuse(_proven.KeyOf(ban.Source.WithPort(ban.Port)), ban.Until);
        }
    }

    /// <summary>Ends a ban, and forgets what it was for.</summary>
    public void Lift(Ban ban)
    {
        lock (_gate)
        {
            ulong key = KeyOf(ban);
            if (_counts.TryGetValue(key, out FailureCount? count) && count.Ban is { } standing && standing.Port != 0) Admit(_proven.KeyOf(ban.Source.WithPort(standing.Port)));
            _counts.Remove(key);
            if (_counts.Remove(_proven.KeyOf(ban.Source))) Admit(_proven.KeyOf(ban.Source));
            if (ban.Port != 0) Admit(_proven.KeyOf(ban.Source.WithPort(ban.Port)));
            _counted = _counts.Count;
        }
    }

    /// <summary>Forgets what is over: called now and then.</summary>
    public void Forget(ProtectionOptions options, DateTimeOffset now)
    {
        if (_counted == 0 || now < _nextSweep) return;
        _nextSweep = now + SweepInterval;
        lock (_gate)
        {
            int places = _order.Count;
            for (int i = 0; i < places; i++)
            {
                ulong key = _order.Dequeue();
                if (!_counts.TryGetValue(key, out FailureCount? count)) continue;
                if (count.IsOver(now, options)) _counts.Remove(key);
                else _order.Enqueue(key);
            }

            _counted = _counts.Count;
            foreach ((ulong key, RefusedSource refused) in _refused)
            {
                if (refused.Until <= now) _refused.TryRemove(key, out _);
            }

            _refusedCount = _refused.Count;
        }
    }

    private ulong KeyOf(Ban ban) => ban.User.Length > 0 ? _proven.KeyOf(ban.Source, Encoding.UTF8.GetBytes(ban.User)) : _proven.KeyOf(ban.Source);

    // A name that can be none must not be taken for the source as a whole.
    private static ReadOnlySpan<byte> Named(ReadOnlySpan<byte> user) => user.IsEmpty ? "?"u8 : user;

    private static string Shown(ReadOnlySpan<byte> user) => Encoding.UTF8.GetString(Named(user));

    private bool RefusesSource(NetworkAddress remote, ulong flow, DateTimeOffset now)
    {
        ulong source = _proven.KeyOf(Source.Of(remote));
        if (!_refused.TryGetValue(source, out RefusedSource? refused) || refused.Until <= now || _proven.Has(flow, now)) return false;
        return !_proven.Has(source, now) || !refused.LetsOneIn(now);
    }

    private FailureCount Count(ulong key)
    {
        if (_counts.TryGetValue(key, out FailureCount? count)) return count;
        while (_counts.Count >= Capacity && _order.TryDequeue(out ulong oldest)) _counts.Remove(oldest);
        count = new FailureCount();
        _counts.Add(key, count);
        _order.Enqueue(key);      // the keys of counts that are lifted stay in the order until the next sweep
        _counted = _counts.Count;
        return count;
    }

    private Ban Begin(FailureCount count, Ban ban, ProtectionOptions options)
    {
        int times = count.Ban is { } before && ban.Since - before.Until < options.MaxBanTime ? before.Times + 1 : 1;
        TimeSpan length = options.BanTime * (1 << Math.Min(times - 1, 20));
        ban = ban with { Times = times, Until = ban.Since + (length < options.MaxBanTime ? length : options.MaxBanTime) };
        count.Ban = ban;
        count.Restart();
        if (_unsaved.Count < Capacity) _unsaved.Add(ban);
        return ban;
    }

    private void Refuse(ulong key, DateTimeOffset until)
    {
        if (_refused.Count >= Capacity && !_refused.ContainsKey(key)) return;
        _refused[key] = new RefusedSource(until);
        _refusedCount = _refused.Count;
    }

    private void Admit(ulong key)
    {
        _refused.TryRemove(key, out _);
        _refusedCount = _refused.Count;
    }

    /// <summary>A flow or a source that is not heard.</summary>
    private sealed class RefusedSource(DateTimeOffset until)
    {
        private const long OneInTicks = TimeSpan.TicksPerSecond / 2;
        private const long BurstTicks = 4 * OneInTicks;

        private long _due;

        public DateTimeOffset Until { get; } = until;

        /// <summary>Two a second, and a few at once.</summary>
        public bool LetsOneIn(DateTimeOffset now)
        {
            long due = Volatile.Read(ref _due);
            long next = Math.Max(due, now.UtcTicks) + OneInTicks;
            return next - now.UtcTicks <= BurstTicks && Interlocked.CompareExchange(ref _due, next, due) == due;
        }
    }
}
