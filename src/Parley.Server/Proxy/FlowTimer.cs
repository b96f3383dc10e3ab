using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What an edge adds to the answer to a REGISTER: how often the phone has to use the connection that it is bound to.</summary>
/// <remarks>Nothing for phones over UDP, whose NATs forget them sooner, and for WebSockets, which are pinged. Source: RFC 5626 5.4.</remarks>
internal static class FlowTimer
{
    /// <summary>The row to add.</summary>
    /// <param name="response">The 2xx as it came from the registrar.</param>
    /// <param name="phone">The flow that it goes back over.</param>
    /// <param name="time">How often; 0 for nothing said.</param>
    public static byte[] RowFor(scoped in SipMessageView response, in SipFlow phone, TimeSpan time)
    {
        bool isTimed = time > TimeSpan.Zero && phone is { IsReliable: true, IsWebSocket: false };
        bool isWanted = isTimed && response.HasToken(HeaderId.Require, "outbound"u8) && !response.Has(HeaderId.FlowTimer);
        return isWanted ? System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Flow-Timer: {(int)time.TotalSeconds}\r\n")) : [];
    }
}
