using System.Globalization;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Server.Configuration;

/// <summary>Where the server listens: a transport, an address of this machine and a port, as <c>udp://0.0.0.0:5060</c>.</summary>
/// <param name="Transport">What is spoken there.</param>
/// <param name="Address">Address and port; port 0 takes any free one.</param>
public readonly record struct ListenUri(ListenTransport Transport, NetworkAddress Address)
{
    /// <summary>The port of SIP over UDP and TCP (RFC 3261 19.1.2).</summary>
    public const ushort DefaultPort = 5060;

    private static readonly string[] Later = ["stun", "ng"];

    // In the order of ListenTransport.
    private static readonly (string Name, ushort DefaultPort)[] Schemes = [("udp", DefaultPort), ("tcp", DefaultPort), ("tls", 5061), ("http", 80), ("https", 443)];

    /// <summary>Reads <c>udp://192.0.2.1:5060</c> or <c>tcp://[2001:db8::1]</c>; without a port it is the transport's own.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="uri">What was read.</param>
    /// <param name="reason">What is wrong, as the rest of a sentence that begins with the URI; empty when nothing is.</param>
    public static bool TryParse(string text, out ListenUri uri, out string reason)
    {
        uri = default;
        int colon = text.IndexOf("://", StringComparison.Ordinal);
        if (colon <= 0)
        {
            reason = "is no listening URI";
            return false;
        }

        string scheme = text[..colon].ToLowerInvariant();
        int known = Array.FindIndex(Schemes, one => one.Name == scheme);
        if (known < 0)
        {
            reason = Array.IndexOf(Later, scheme) >= 0
                ? $"cannot be listened on: \"{scheme}\" is not in this version, which has {string.Join(", ", Schemes.Select(one => one.Name))}"
                : $"has an unknown scheme \"{scheme}\"";
            return false;
        }

        ReadOnlySpan<char> authority = text.AsSpan(colon + 3);
        if (authority is [.., '/']) authority = authority[..^1];
        if (!NetworkAddress.TryParse(authority, out NetworkAddress address) && !TryParseWithoutPort(authority, Schemes[known].DefaultPort, out address))
        {
            reason = "needs an IP address and a port (0.0.0.0 and [::] are all addresses of this machine)";
            return false;
        }

        uri = new ListenUri((ListenTransport)known, address);
        reason = "";
        return true;
    }

    /// <summary>The URI.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Schemes[(int)Transport].Name}://{Address.HostToString()}:{Address.Port}");

    private static bool TryParseWithoutPort(ReadOnlySpan<char> text, ushort defaultPort, out NetworkAddress address)
    {
        address = default;
        bool bare = text.Contains(':') && text is not ['[', ..];     // an IPv6 address without brackets hides its port
        return !bare && NetworkAddress.TryParseHost(text, defaultPort, out address);
    }
}

/// <summary>What is spoken at a listening address.</summary>
public enum ListenTransport
{
    /// <summary>SIP over UDP (RFC 3261 18).</summary>
    Udp,

    /// <summary>SIP over TCP (RFC 3261 18).</summary>
    Tcp,

    /// <summary>SIP over TLS (RFC 3261 18 and 26.2.1).</summary>
    Tls,

    /// <summary>HTTP, with SIP over WebSocket (RFC 7118).</summary>
    Http,

    /// <summary>HTTP over TLS, with SIP over WebSocket (RFC 7118).</summary>
    Https,
}

/// <summary>What listening addresses speak, in SIP's own terms.</summary>
internal static class ListenTransports
{
    private static readonly SipTransport[] Sip = [SipTransport.Udp, SipTransport.Tcp, SipTransport.Tls, SipTransport.Ws, SipTransport.Wss];

    /// <summary>The SIP transport that is spoken at an address.</summary>
    public static SipTransport ToSip(this ListenTransport transport) => Sip[(int)transport];

    /// <summary>True where a certificate is needed.</summary>
    public static bool IsSecure(this ListenTransport transport) => transport.ToSip().IsSecure;

    /// <summary>The way that a SIP transport is listened on.</summary>
    public static ListenTransport Of(SipTransport transport) => (ListenTransport)Array.IndexOf(Sip, transport);
}
