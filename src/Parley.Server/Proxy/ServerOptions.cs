using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Events;

namespace Parley.Server.Proxy;

/// <summary>What this server answers to OPTIONS, and which methods it says it takes.</summary>
/// <remarks>Source: RFC 3261 11.2, 20.5, RFC 6665 4.4.4.</remarks>
internal static class ServerOptions
{
    private static readonly byte[] Rows =
    [
        .. AllowRow, .. Encoding.ASCII.GetBytes(ServerPackages.AllowEventsRow), .. "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\nSupported: path, outbound\r\n"u8,
    ];

    /// <summary>The Allow row of the server itself; as a proxy it forwards any method.</summary>
    public static ReadOnlySpan<byte> AllowRow => "Allow: OPTIONS, REGISTER\r\n"u8;

    /// <summary>200 to an OPTIONS.</summary>
    public static StepResult Answer(ref RequestContext request) => request.Reply(new SipReply(200) { Headers = Rows });
}
