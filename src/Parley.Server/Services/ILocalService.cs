using Parley.Endpoint.Sip;

namespace Parley.Server.Services;

/// <summary>A user that the server itself is: <c>sip:echo@DOMAIN</c>.</summary>
/// <remarks>Called on the lanes, several at once; each request on its own.</remarks>
internal interface ILocalService
{
    /// <summary>True when a user of our domains is this service.</summary>
    /// <param name="user">The user part of the Request-URI, as it stands there.</param>
    bool Serves(ReadOnlySpan<byte> user);

    /// <summary>Takes a request for the service: makes a transaction of it, answers it, or (an ACK) acts on it.</summary>
    void Take(in SipIncomingRequest request);
}
