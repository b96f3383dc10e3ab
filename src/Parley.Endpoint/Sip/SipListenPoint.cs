using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>An address that an endpoint listens on, as it was opened.</summary>
public sealed class SipListenPoint
{
    internal SipListenPoint(int index, SipTransport transport, NetworkAddress address, string? advertisedHost)
    {
        (Index, Transport, Address) = (index, transport, address);
        if (advertisedHost is not null) SentBy = Encoding.ASCII.GetBytes($"{advertisedHost}:{address.Port}");
        else if (!address.IsAny) SentBy = Encoding.ASCII.GetBytes(address.ToString());
    }

    /// <summary>The transport protocol.</summary>
    public SipTransport Transport { get; }

    /// <summary>The address, with the port that was chosen.</summary>
    public NetworkAddress Address { get; }

    internal int Index { get; }

    /// <summary>Host and port for a Via; null when it depends on where a message goes.</summary>
    internal byte[]? SentBy { get; }

    /// <summary>For example <c>udp://127.0.0.1:5060</c>.</summary>
    public override string ToString() => $"{Transport.ToString().ToLowerInvariant()}://{Address}";
}
