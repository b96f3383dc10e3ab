using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A NAT with one outer address and a network of its own behind it.</summary>
public sealed class VirtualNat : VirtualNode
{
    private readonly Dictionary<(NetworkAddress Inner, NetworkAddress Remote), Mapping> _outbound = [];
    private readonly Dictionary<ushort, Mapping> _inbound = [];
    private readonly VirtualRealm _inside;
    private readonly NetworkAddress _address;
    private ushort _nextPort = 40000;

    internal VirtualNat(VirtualNetwork network, VirtualRealm outside, string name, int number, NatKind kind, NetworkAddress address)
        : base(network, name, number)
    {
        (Kind, Outside, _address) = (kind, outside, address);
        _inside = new VirtualRealm(this);
    }

    /// <summary>How it maps and filters.</summary>
    public NatKind Kind { get; }

    /// <summary>How long a mapping lives after the last datagram that left by it (RFC 4787 REQ-5: no less than 2 minutes; 5 by default).</summary>
    public TimeSpan MappingLifetime { get; set; } = TimeSpan.FromMinutes(5);

    internal VirtualRealm Outside { get; }

    /// <summary>Adds a host behind this NAT.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="addresses">Its IP addresses, each nobody else's behind this NAT.</param>
    public VirtualHost AddHost(string name, params ReadOnlySpan<string> addresses) => Network.AddHost(_inside, name, addresses);

    /// <summary>Adds a NAT behind this one.</summary>
    public VirtualNat AddNat(string name, string address, NatKind kind) => Network.AddNat(_inside, name, address, kind);

    /// <summary>Gives an inner address a mapping that stays and lets everybody in, as an administrator does.</summary>
    public void Forward(ushort outerPort, NetworkAddress inner)
    {
        _inbound[outerPort] = new Mapping(inner, outerPort, default, IsStatic: true);
    }

    internal VirtualNode? FindInside(NetworkAddress address) => _inside.Find(address);

    /// <summary>The outer address by which a datagram leaves.</summary>
    internal NetworkAddress TranslateOutbound(NetworkAddress inner, NetworkAddress remote)
    {
        (NetworkAddress, NetworkAddress) key = (inner, Kind == NatKind.Symmetric ? remote : default);
        if (!_outbound.TryGetValue(key, out Mapping? mapping) || IsOver(mapping))
        {
            if (mapping is not null) _inbound.Remove(mapping.OuterPort);
            mapping = new Mapping(inner, FreePort(inner.Port), key.Item2, IsStatic: false);
            _outbound[key] = mapping;
            _inbound[mapping.OuterPort] = mapping;
        }

        mapping.LastUsed = Network.Now;
        mapping.Permitted.Add(Kind == NatKind.RestrictedCone ? remote.WithPort(0) : remote);
        return _address.WithPort(mapping.OuterPort);
    }

    /// <summary>The inner address that a datagram to an outer port is for.</summary>
    /// <returns>False when the NAT lets it not in.</returns>
    internal bool TryTranslateInbound(ushort outerPort, NetworkAddress remote, out NetworkAddress inner)
    {
        inner = default;
        if (!_inbound.TryGetValue(outerPort, out Mapping? mapping) || IsOver(mapping)) return false;
        bool admitted = mapping.IsStatic || Kind switch
        {
            NatKind.FullCone => true,
            NatKind.RestrictedCone => mapping.Permitted.Contains(remote.WithPort(0)),
            _ => mapping.Permitted.Contains(remote),
        };
        inner = mapping.Inner;
        return admitted;
    }

    private bool IsOver(Mapping mapping) => !mapping.IsStatic && Network.Now - mapping.LastUsed > MappingLifetime;

    /// <summary>The inner port itself where it is free, as most NATs do (RFC 4787 4.2.1); a symmetric one counts.</summary>
    private ushort FreePort(ushort wanted)
    {
        if (Kind != NatKind.Symmetric && !_inbound.ContainsKey(wanted)) return wanted;
        while (_inbound.ContainsKey(_nextPort)) _nextPort = _nextPort == ushort.MaxValue ? (ushort)1024 : (ushort)(_nextPort + 1);
        return _nextPort;
    }

    private sealed record Mapping(NetworkAddress Inner, ushort OuterPort, NetworkAddress Remote, bool IsStatic)
    {
        public HashSet<NetworkAddress> Permitted { get; } = [];

        public Instant LastUsed { get; set; }
    }
}
