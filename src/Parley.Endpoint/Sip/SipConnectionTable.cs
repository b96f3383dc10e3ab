using System.Collections.Concurrent;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>The stream connections of an endpoint by the other side's address and, for TLS, by the host that it has proved to be: one is used for all that goes there.</summary>
/// <remarks>
/// A TLS connection is also found without a host, by those who mean the connection and not the server: a phone's binding, a dialog's route.
/// One that came to us is found by the port that its server listens on and the hosts that it has proved to be, once it has asked for that
/// (<see cref="AddAlias"/>). Shared by the endpoint's lanes. A newer connection takes an older one's place; the older one lives until it ends.
/// Source: RFC 3261 18.1.1, RFC 5922 7.3, RFC 5923.
/// </remarks>
internal sealed class SipConnectionTable
{
    private readonly ConcurrentDictionary<(SipTransport Transport, NetworkAddress Remote, string? ServerName), SipConnection> _byRemote = new();
    private int _count;

    /// <summary>Connections that stand or are being made.</summary>
    public int Count => Volatile.Read(ref _count);

    public SipConnection? Find(in SipFlow flow) =>
        _byRemote.TryGetValue((flow.Transport, flow.Remote, flow.ServerName), out SipConnection? connection) && connection.IsOpen ? connection : null;

    /// <summary>Counts a connection that is about to be made; <see cref="Add"/> or <see cref="Remove"/> follows.</summary>
    /// <returns>False when there are as many as the bound allows.</returns>
    public bool TryReserve(int bound)
    {
        if (Interlocked.Increment(ref _count) <= bound) return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Lets all lanes find a connection: it can be sent over from now on.</summary>
    public void Add(SipConnection connection)
    {
        _byRemote[(connection.Transport, connection.Remote, null)] = connection;
        if (connection.ServerName is { } name) _byRemote[(connection.Transport, connection.Remote, name)] = connection;
    }

    /// <summary>Lets all lanes find a connection that came to us where its server is looked for: at a port of its address, by a host that it has proved to be.</summary>
    /// <remarks>One that stands there keeps its place. Source: RFC 5923 8.2.</remarks>
    public void AddAlias(SipConnection connection, ushort port, string host) =>
        _byRemote.AddOrUpdate(
            (connection.Transport, connection.Remote.WithPort(port), host), static (_, added) => added, static (_, standing, added) => standing.IsOpen ? standing : added, connection);

    public void RemoveAlias(SipConnection connection, ushort port, string host) =>
        _byRemote.TryRemove(KeyValuePair.Create((connection.Transport, connection.Remote.WithPort(port), (string?)host), connection));

    public void Remove(SipConnection connection)
    {
        Interlocked.Decrement(ref _count);
        _byRemote.TryRemove(KeyValuePair.Create((connection.Transport, connection.Remote, (string?)null), connection));
        if (connection.ServerName is { } name) _byRemote.TryRemove(KeyValuePair.Create((connection.Transport, connection.Remote, (string?)name), connection));
    }

    public void CloseAll()
    {
        foreach (SipConnection connection in _byRemote.Values) connection.Close();
    }
}
