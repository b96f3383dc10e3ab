using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>What stands above the transactions: a proxy, a registrar, a user agent (RFC 3261 calls it the TU).</summary>
/// <remarks>
/// Called by a lane, one call at a time. Views and spans are valid during the call only. A transaction user that takes
/// a request makes a server transaction of it, or answers it without one.
/// </remarks>
public interface ITransactionUser
{
    /// <summary>A request came that belongs to no server transaction: not a retransmission, and valid by RFC 3261 8.1.1.</summary>
    /// <remarks>An ACK comes here when it is for a 2xx, a CANCEL always.</remarks>
    void OnRequest(in SipIncomingRequest request);

    /// <summary>A response came for a client transaction; for an INVITE each 2xx of each branch, and each retransmission of a 2xx.</summary>
    void OnResponse(SipClientTransaction transaction, in SipMessageView response);

    /// <summary>A 2xx came again for an INVITE whose client transaction was let go of with the way that it went (<see cref="SipClientTransaction.TryRelease"/>).</summary>
    /// <param name="response">The response.</param>
    /// <param name="upstream">Where the first one went.</param>
    void OnResponseAgain(in SipMessageView response, in SipFlow upstream)
    {
    }

    /// <summary>No final response came in time (RFC 3261 17.1: timers B and F; after a CANCEL, 9.1): to be treated as a 408.</summary>
    void OnTimeout(SipClientTransaction transaction);

    /// <summary>The request could not be sent, or its connection ended before the final response: to be treated as a 503.</summary>
    void OnTransportFailed(SipClientTransaction transaction);

    /// <summary>A server transaction ended without being asked to: its response could not be delivered, or no ACK came for it (timer H).</summary>
    void OnServerFailed(SipServerTransaction transaction);

    /// <summary>A response came that no client transaction asked for.</summary>
    /// <remarks>Most users let it be dropped: a stateful proxy must not forward it (RFC 6026 7.2).</remarks>
    void OnStrayResponse(in SipMessageView response, in SipFlow flow);
}
