using System.Net.Sockets;
using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A machine: addresses, the ports in use on them, and loops.</summary>
public sealed class VirtualHost : VirtualNode
{
    private const ushort FirstEphemeralPort = 49152;

    private readonly List<VirtualLoop> _loops = [];
    private readonly NetworkAddress[] _addresses;
    private readonly Dictionary<NetworkAddress, List<VirtualDatagramSocket>> _sockets = [];
    private readonly Dictionary<NetworkAddress, VirtualStreamListener> _listeners = [];
    private ushort _nextPort = FirstEphemeralPort;

    internal VirtualHost(VirtualNetwork network, VirtualRealm realm, string name, int number, NetworkAddress[] addresses)
        : base(network, name, number)
    {
        (Realm, _addresses) = (realm, addresses);
    }

    /// <summary>Its IP addresses, with port 0.</summary>
    public IReadOnlyList<NetworkAddress> Addresses => _addresses;

    /// <summary>Its first address.</summary>
    public NetworkAddress Address => _addresses[0];

    /// <summary>Its loops, in the order of adding.</summary>
    public IReadOnlyList<VirtualLoop> Loops => _loops;

    /// <summary>Its first loop, made when it is first asked for.</summary>
    public VirtualLoop Loop => _loops.Count > 0 ? _loops[0] : AddLoop();

    /// <summary>True while the machine neither sends nor receives, as if its cable were out.</summary>
    public bool IsDown { get; set; }

    internal VirtualRealm Realm { get; }

    /// <summary>Adds one more loop.</summary>
    public VirtualLoop AddLoop()
    {
        var loop = new VirtualLoop(Network, this);
        _loops.Add(loop);
        return loop;
    }

    internal bool Owns(NetworkAddress address) => address.IsLoopback || Array.Exists(_addresses, own => own.SameHost(address));

    /// <summary>The address that the host sends from when a socket is bound to none of its addresses.</summary>
    /// <returns>False when it has none of the remote's family.</returns>
    internal bool TryChooseSource(NetworkAddress bound, NetworkAddress remote, out NetworkAddress source)
    {
        source = bound;
        if (bound.IsIPv4 != remote.IsIPv4) return false;
        if (!bound.IsAny && !bound.IsMulticast) return bound.IsLoopback == remote.IsLoopback || Owns(remote);
        if (remote.IsLoopback)
        {
            source = remote.WithPort(bound.Port);
            return true;
        }

        foreach (NetworkAddress own in _addresses)
        {
            if (own.IsIPv4 != remote.IsIPv4) continue;
            source = own.WithPort(bound.Port);
            return true;
        }

        return false;
    }

    internal NetworkAddress Bind(VirtualDatagramSocket socket, NetworkAddress local, DatagramSharing sharing)
    {
        CheckOwn(local);
        if (sharing == DatagramSharing.Joins)
        {
            if (!_sockets.TryGetValue(local, out List<VirtualDatagramSocket>? group) || group[0].Sharing == DatagramSharing.Exclusive)
            {
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            }

            group.Add(socket);
            return local;
        }

        local = ChoosePort(local, _sockets.Keys);
        _sockets.Add(local, [socket]);
        return local;
    }

    internal void Unbind(VirtualDatagramSocket socket)
    {
        List<VirtualDatagramSocket> group = _sockets[socket.LocalAddress];
        group.Remove(socket);
        if (group.Count == 0) _sockets.Remove(socket.LocalAddress);
    }

    internal VirtualDatagramSocket? FindSocket(NetworkAddress to, NetworkAddress from)
    {
        if (!_sockets.TryGetValue(to, out List<VirtualDatagramSocket>? group) && (to.IsMulticast || !_sockets.TryGetValue(AnyOf(to), out group))) return null;
        return group.Count == 1 ? group[0] : group[(int)(Hash(from) % (uint)group.Count)];
    }

    internal NetworkAddress Bind(VirtualStreamListener listener, NetworkAddress local)
    {
        CheckOwn(local);
        local = ChoosePort(local, _listeners.Keys);
        _listeners.Add(local, listener);
        return local;
    }

    internal void Unbind(VirtualStreamListener listener) => _listeners.Remove(listener.LocalAddress);

    internal VirtualStreamListener? FindListener(NetworkAddress to) => _listeners.GetValueOrDefault(to) ?? _listeners.GetValueOrDefault(AnyOf(to));

    /// <summary>A port for a connection that this host starts.</summary>
    internal ushort NextEphemeralPort()
    {
        ushort port = _nextPort;
        _nextPort = port == ushort.MaxValue ? FirstEphemeralPort : (ushort)(port + 1);
        return port;
    }

    private static NetworkAddress AnyOf(NetworkAddress address) =>
        address.IsIPv4 ? NetworkAddress.FromIPv4(0, address.Port) : NetworkAddress.FromBytes(stackalloc byte[16], address.Port);

    /// <summary>The same on every run, unlike a dictionary's hash.</summary>
    private static uint Hash(NetworkAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        uint hash = 2166136261 ^ address.Port;
        foreach (byte b in bytes[..address.WriteBytes(bytes)]) hash = (hash ^ b) * 16777619;
        return hash >> 8;
    }

    private void CheckOwn(NetworkAddress local)
    {
        if (!local.IsSpecified) throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        if (!local.IsAny && !local.IsMulticast && !Owns(local)) throw new SocketException((int)SocketError.AddressNotAvailable);
    }

    private NetworkAddress ChoosePort(NetworkAddress local, ICollection<NetworkAddress> taken)
    {
        if (local.Port != 0)
        {
            return IsFree(local, taken) ? local : throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        for (int i = FirstEphemeralPort; i <= ushort.MaxValue; i++)
        {
            NetworkAddress candidate = local.WithPort(NextEphemeralPort());
            if (IsFree(candidate, taken)) return candidate;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    private bool IsFree(NetworkAddress local, ICollection<NetworkAddress> taken)
    {
        if (taken.Contains(local) || taken.Contains(AnyOf(local))) return false;
        return !local.IsAny || !Array.Exists(_addresses, own => taken.Contains(own.WithPort(local.Port)));
    }
}
