using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A network in which each address is one node's: the public one, or what lies behind a NAT.</summary>
internal sealed class VirtualRealm(VirtualNat? gateway)
{
    private readonly Dictionary<NetworkAddress, VirtualNode> _nodes = [];

    /// <summary>Where what has no address here goes, null for nowhere.</summary>
    public VirtualNat? Gateway { get; } = gateway;

    public void Attach(NetworkAddress address, VirtualNode node)
    {
        if (!_nodes.TryAdd(address.WithPort(0), node)) throw new ArgumentException($"{address.HostToString()} is taken.", nameof(address));
    }

    public VirtualNode? Find(NetworkAddress address) => _nodes.GetValueOrDefault(address.WithPort(0));
}
