using System.Buffers.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
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

    /// <summary>The flow of a request that came straight from a phone, when its Contact does not lead there: it is behind a NAT.</summary>
    /// <param name="request">A request with a Contact.</param>
    /// <param name="flow">The flow that it came over.</param>
    public static bool IsBehindNat(scoped in SipMessageView request, in SipFlow flow)
    {
        if (!IsFromPhone(request, out ViaView via) || (flow.Transport == SipTransport.Udp && !via.HasRport)) return false;
        return request.TryGetContact(out ContactView contact) == HeaderStatus.Ok && !contact.IsStar
            && contact.Address.TryGetUri(out SipUriView uri) && Differs(uri, flow);
    }

    /// <summary>True when a contact address does not lead to where the flow does.</summary>
    public static bool Differs(scoped in SipUriView contact, in SipFlow flow) =>
        !SipLane.TryLocate(contact, out SipFlow direct) || direct.Remote != flow.Remote || direct.Transport != flow.Transport;

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
