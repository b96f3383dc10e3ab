namespace Parley.InteropTests.Harness;

/// <summary>What carries SIP in a test.</summary>
public enum Transport
{
    Udp,
    Tcp,
    Tls,
}

internal static class TransportNames
{
    /// <summary>The word in a URI: "udp", "tcp" or "tls".</summary>
    public static string Word(this Transport transport) => transport switch { Transport.Udp => "udp", Transport.Tcp => "tcp", _ => "tls" };

    /// <summary>The parameter of a SIP URI: empty or ";transport=tcp".</summary>
    public static string Parameter(this Transport transport) => transport == Transport.Udp ? "" : $";transport={transport.Word()}";

    public static System.Net.Sockets.ProtocolType Protocol(this Transport transport) =>
        transport == Transport.Udp ? System.Net.Sockets.ProtocolType.Udp : System.Net.Sockets.ProtocolType.Tcp;
}
