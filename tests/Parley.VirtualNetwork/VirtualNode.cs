namespace Parley.Net.Virtual;

/// <summary>An end of a link: a host or a NAT.</summary>
public abstract class VirtualNode
{
    private protected VirtualNode(VirtualNetwork network, string name, int number)
    {
        (Network, Name, Number) = (network, name, number);
    }

    /// <summary>The network that it is in.</summary>
    public VirtualNetwork Network { get; }

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    internal int Number { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
