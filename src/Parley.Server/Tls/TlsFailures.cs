using Microsoft.Extensions.Logging;
using Parley.Core;

namespace Parley.Server.Tls;

/// <summary>Counts handshakes that failed, and logs them: one line in a while, with how many it stands for.</summary>
/// <remarks>Anybody can make handshakes fail, as often as he likes: the log must not fill up with them.</remarks>
internal sealed class TlsFailures(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _count;
    private long _lastLogged;
    private long _left;         // not logged
    private bool _hasLogged;

    /// <summary>How many have failed.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>A handshake that somebody else began has failed.</summary>
    public void OnAccepted(NetworkAddress remote, string reason)
    {
        if (MayLog(out long left)) Log.TlsRefused(logger, remote.ToString(), reason, left);
    }

    /// <summary>A connection of ours did not come about.</summary>
    public void OnConnecting(NetworkAddress remote, string name, string reason)
    {
        if (MayLog(out long left)) Log.TlsNotConnected(logger, name, remote.ToString(), reason, left);
    }

    private bool MayLog(out long left)
    {
        Interlocked.Increment(ref _count);
        lock (_gate)
        {
            left = _left;
            if (_hasLogged && time.GetElapsedTime(_lastLogged) < Interval)
            {
                _left++;
                return false;
            }

            (_hasLogged, _lastLogged, _left) = (true, time.GetTimestamp(), 0);
            return true;
        }
    }
}
