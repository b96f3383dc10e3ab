using System.Buffers.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The flow that a phone registered over, as text in its binding: by it the proxy reaches phones that their Contact does not lead to.</summary>
/// <remarks>
/// <c>udp:192.0.2.1:40112;rport</c>: transport, the address the REGISTER came from, and whether its Via asked for answers
/// there (RFC 3581). Only written for a REGISTER that came straight from the phone.
/// </remarks>
internal readonly struct SourceFlow
{
    /// <summary>Room that <see cref="Write"/> needs.</summary>
    public const int MaxBytes = 96;

    private const ushort DefaultPort = 5060;

    private static readonly NetworkPrefix[] PrivateNetworks =
        [Network("10.0.0.0/8"), Network("172.16.0.0/12"), Network("192.168.0.0/16"), Network("100.64.0.0/10"), Network("169.254.0.0/16"), Network("fc00::/7"), Network("fe80::/10")];

    private static ReadOnlySpan<byte> RportSuffix => ";rport"u8;

    private SourceFlow(SipFlow flow, bool isSymmetric) => (Flow, IsSymmetric) = (flow, isSymmetric);

    /// <summary>The flow.</summary>
    public SipFlow Flow { get; }

    /// <summary>True when the phone takes requests where it sends from: it asked with rport, or it is on a stream.</summary>
    public bool IsSymmetric { get; }

    /// <summary>Writes the flow that a request came over.</summary>
    /// <returns>Bytes written; 0 when the request passed other servers, so that the flow does not lead to the phone.</returns>
    public static int Write(Span<byte> destination, scoped in SipMessageView request, in SipFlow flow)
    {
        if (!IsFromPhone(request, out ViaView via)) return 0;
        ReadOnlySpan<byte> transport = flow.Transport.ParameterName;
        transport.CopyTo(destination);
        int length = transport.Length;
        destination[length++] = (byte)':';
        length += flow.Remote.FormatHost(destination[length..]);
        destination[length++] = (byte)':';
        Utf8Formatter.TryFormat(flow.Remote.Port, destination[length..], out int written);
        length += written;
        if (!via.HasRport) return length;
        RportSuffix.CopyTo(destination[length..]);
        return length + RportSuffix.Length;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out SourceFlow source)
    {
        source = default;
        bool hasRport = text.EndsWith(RportSuffix);
        if (hasRport) text = text[..^RportSuffix.Length];
        int first = text.IndexOf((byte)':'), last = text.LastIndexOf((byte)':');
        if (first < 0 || last <= first) return false;
        SipTransport transport = SipTransports.Parse(text[..first]);
        if (transport == SipTransport.Unknown
            || !Utf8Parser.TryParse(text[(last + 1)..], out ushort port, out int digits) || digits != text.Length - last - 1
            || !NetworkAddress.TryParseHost(text[(first + 1)..last], port, out NetworkAddress remote)) return false;
        source = new SourceFlow(new SipFlow(transport, remote), hasRport || transport != SipTransport.Udp);
        return true;
    }

    /// <summary>True when requests in a dialog reach the sender of a request by the flow that it came over, and not by its Contact.</summary>
    /// <param name="request">The request.</param>
    /// <param name="flow">The flow that it came over.</param>
    public static bool IsBehindNat(scoped in SipMessageView request, in SipFlow flow) =>
        request.TryGetContact(out ContactView contact) == HeaderStatus.Ok && !contact.IsStar
        && contact.Address.TryGetUri(out SipUriView uri)
        && (LeadsTo(request, flow, uri) || (uri.Parameters.TryGet("ob"u8, out _) && IsFromPhone(request)));      // RFC 5626 5.3.2: a phone that asks for it

    /// <summary>The flow that NOTIFYs take to a subscriber who is behind a NAT; null for others.</summary>
    public static SipFlow? ToSubscriber(in SipMessageView subscribe, in SipFlow source) => IsBehindNat(subscribe, source) ? source : null;

    /// <summary>True when the flow that a request came over is the way to a Contact of it, because the Contact itself is none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="flow">The flow that it came over.</param>
    /// <param name="contact">The Contact.</param>
    /// <remarks>
    /// A Contact is followed as it stands (RFC 3261 10.2.1, 12.1.1), unless a NAT has hidden where it leads: it names the host
    /// that sent the request, by the address that this host knows or by the one that the server sees, and over UDP that host
    /// does not send from where its Via says. Or it is a private address, and what came from there has a public one.
    /// </remarks>
    public static bool LeadsTo(scoped in SipMessageView request, in SipFlow flow, scoped in SipUriView contact)
    {
        if (!IsFromPhone(request, out ViaView via) || !Differs(contact, flow)) return false;
        if (flow.IsWebSocket) return true;      // RFC 7118 5: nothing else leads to a client in a web page
        if (flow.Transport == SipTransport.Udp && !via.HasRport) return false;
        bool isAddress = SipHost.TryParseAddress(contact.Host, 0, out NetworkAddress host);
        if (isAddress && IsPrivate(host) && !IsPrivate(flow.Remote)) return true;
        bool isSentByAddress = via.TryGetSentByAddress(DefaultPort, out NetworkAddress sentBy);
        if (flow.Transport == SipTransport.Udp && isSentByAddress && sentBy == flow.Remote) return false;
        return isAddress
            ? host.SameHost(flow.Remote) || (isSentByAddress && host.SameHost(sentBy))
            : System.Text.Ascii.EqualsIgnoreCase(contact.Host, via.Host);
    }

    /// <summary>True when a contact address does not lead to where the flow does. Over TLS it never does: who connects to it asks for a server's certificate.</summary>
    public static bool Differs(scoped in SipUriView contact, in SipFlow flow) =>
        flow.Transport.IsSecure || flow.IsWebSocket || !SipLane.TryLocate(contact, out SipFlow direct) || direct.Remote != flow.Remote || direct.Transport != flow.Transport;

    /// <summary>True for addresses that mean another machine in each network.</summary>
    /// <remarks>Source: RFC 1918 3, RFC 6598 7, RFC 3927, RFC 4193, RFC 4291 2.4.</remarks>
    private static bool IsPrivate(NetworkAddress address)
    {
        if (address.IsLoopback || address.IsAny) return true;
        foreach (NetworkPrefix network in PrivateNetworks)
        {
            if (network.Contains(address)) return true;
        }

        return false;
    }

    private static NetworkPrefix Network(string text) => NetworkPrefix.TryParse(text, out NetworkPrefix network) ? network : throw new FormatException(text);

    /// <summary>True when nobody has forwarded a request.</summary>
    public static bool IsFromPhone(scoped in SipMessageView request) => IsFromPhone(request, out _);

    private static bool IsFromPhone(scoped in SipMessageView request, out ViaView via)
    {
        via = default;
        int count = 0;
        foreach (HeaderValue value in request.Values(HeaderId.Via))
        {
            if (++count > 1 || !ViaView.TryParse(value, out via)) return false;
        }

        return count == 1;
    }
}
