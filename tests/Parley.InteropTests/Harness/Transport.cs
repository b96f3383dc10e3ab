namespace Parley.InteropTests.Harness;

/// <summary>What carries SIP in a test.</summary>
public enum Transport
{
    Udp,
    Tcp,
}

internal static class TransportNames
{
    /// <summary>The word in a URI: "udp" or "tcp".</summary>
    public static string Word(this Transport transport) => transport == Transport.Udp ? "udp" : "tcp";

    /// <summary>The parameter of a SIP URI: empty or ";transport=tcp".</summary>
    public static string Parameter(this Transport transport) => transport == Transport.Udp ? "" : ";transport=tcp";

    public static System.Net.Sockets.ProtocolType Protocol(this Transport transport) =>
        transport == Transport.Udp ? System.Net.Sockets.ProtocolType.Udp : System.Net.Sockets.ProtocolType.Tcp;
}
