using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>Hears every message that goes over an endpoint's sockets, as it was on the wire.</summary>
/// <remarks>Called on the lanes' threads, several at once: it must not block, and copies what it keeps. Redacting secrets is up to who shows them.</remarks>
public interface ISipTrace
{
    /// <summary>A whole message came or went.</summary>
    /// <param name="now">When.</param>
    /// <param name="isSent">True when this endpoint sent it.</param>
    /// <param name="local">This side's address.</param>
    /// <param name="flow">The other side and the transport.</param>
    /// <param name="message">Its bytes, valid during the call.</param>
    void OnMessage(Instant now, bool isSent, NetworkAddress local, in SipFlow flow, ReadOnlySpan<byte> message);
}
