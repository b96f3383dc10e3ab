namespace Parley.Server.Configuration;

/// <summary>Where the server's own media (echo, music) is.</summary>
public sealed record MediaOptions
{
    /// <summary>The address that is offered for media; null takes the one that the signalling came in on.</summary>
    /// <value>An IP address.</value>
    public string? Address { get; init; }

    /// <summary>The UDP ports that media uses, an even one and the next for each stream (RFC 3550 11).</summary>
    /// <value>Default 20000-29999: below what Linux takes for outgoing connections, and room for 5,000 streams.</value>
    public PortRange Ports { get; init; } = new(20000, 29999);
}
