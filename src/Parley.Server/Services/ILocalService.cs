using Parley.Endpoint.Sip;
using Parley.Server.Proxy;

namespace Parley.Server.Services;

/// <summary>Users that the server itself is, as <c>sip:echo@DOMAIN</c>: a user agent above a lane, beside the proxy.</summary>
/// <remarks>Each lane has its own; all members are the lane's.</remarks>
internal interface ILocalService
{
    /// <summary>Calls that have not ended.</summary>
    int OpenCalls { get; }

    /// <summary>True when a user of our domains is this service.</summary>
    /// <param name="user">The user part of the Request-URI, as it stands there.</param>
    bool Serves(ReadOnlySpan<byte> user);

    /// <summary>True when a request is part of one of the service's calls, whatever its Request-URI says.</summary>
    bool Owns(in SipIncomingRequest request);

    /// <summary>Takes a request for the service: makes a transaction of it, answers it, or (an ACK) acts on it.</summary>
    /// <param name="request">The request, with the user that it is for by now, which its Request-URI may have led to by a rule.</param>
    void Take(ref RequestContext request);

    /// <summary>Ends all calls, with BYE where they stand.</summary>
    void EndCalls();
}
