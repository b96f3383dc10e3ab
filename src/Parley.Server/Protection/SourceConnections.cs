using System.Collections.Concurrent;
using Parley.Core;
using Parley.Server.Hosting;

namespace Parley.Server.Protection;

/// <summary>How many stream connections, and TLS handshakes among them, each source has: nobody takes the places of all others.</summary>
/// <remarks>Counts from the moment a connection is accepted, before it has said anything. Any thread.</remarks>
internal sealed class SourceConnections(ServerState server, TimeProvider time)
{
    /// <summary>Handshakes that one source may have under way: of those that never end, others have the rest of <see cref="Tls.TlsAcceptor"/>'s.</summary>
    public const int HandshakesPerSource = 64;

    private readonly ConcurrentDictionary<NetworkAddress, int> _connections = new();
    private readonly ConcurrentDictionary<NetworkAddress, int> _handshakes = new();
    private long _refused;

    /// <summary>Connections that were closed at once.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Sources that have connections.</summary>
    public int Sources => _connections.Count;

    /// <summary>Counts a connection; <see cref="Close"/> follows when it is over.</summary>
    /// <returns>False when its source is banned or has as many as it may: close it.</returns>
    public bool TryOpen(NetworkAddress remote)
    {
        if (server.Guard.RefusesConnection(remote, time.GetUtcNow()))
        {
            Interlocked.Increment(ref _refused);
            return false;
        }

        return TryAdd(_connections, remote, server.Configuration.Protection.ConnectionsPerSource);
    }

    /// <summary>A connection that was counted is over.</summary>
    public void Close(NetworkAddress remote) => Remove(_connections, remote);

    /// <summary>Counts a handshake; <see cref="EndHandshake"/> follows.</summary>
    /// <returns>False when its source has as many under way as it may.</returns>
    public bool TryBeginHandshake(NetworkAddress remote) => TryAdd(_handshakes, remote, HandshakesPerSource);

    /// <summary>A handshake that was counted is over.</summary>
    public void EndHandshake(NetworkAddress remote) => Remove(_handshakes, remote);

    private bool TryAdd(ConcurrentDictionary<NetworkAddress, int> counts, NetworkAddress remote, int bound)
    {
        int count = counts.AddOrUpdate(Source.Of(remote), 1, static (_, before) => before + 1);
        if (count <= bound || SourceGuard.IsExempt(server.Configuration, remote)) return true;
        Remove(counts, remote);
        Interlocked.Increment(ref _refused);
        return false;
    }

    private static void Remove(ConcurrentDictionary<NetworkAddress, int> counts, NetworkAddress remote)
    {
        NetworkAddress source = Source.Of(remote);
        int left = counts.AddOrUpdate(source, 0, static (_, before) => before - 1);
        if (left <= 0) counts.TryRemove(KeyValuePair.Create(source, left));
    }
}
