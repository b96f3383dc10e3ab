using Parley.Endpoint.Sip;

namespace Parley.Server.Proxy;

/// <summary>Refusals of requests whose scheme their user cannot be reached by.</summary>
/// <remarks>Source: RFC 5630 5.3 and 7; RFC 3261 20.43.</remarks>
internal static class SipsWarnings
{
    /// <summary>For a <c>sips</c> request whose user has only <c>sip</c> contacts.</summary>
    public static SipReply NotAllowed => new(480) { Headers = "Warning: 380 parley \"SIPS Not Allowed\"\r\n"u8 };
}
