using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent;

/// <remarks>Addressing: who this side is in what it sends, and by whom that goes. Source: RFC 3261 8.1.1, RFC 3608, RFC 5627.</remarks>
public sealed partial class UserAgentCore
{
    private readonly byte[]? _proxyRoute;

    /// <summary>The URI of the outbound proxy.</summary>
    internal byte[]? Proxy { get; }

    internal byte[] ContactUser { get; }

    /// <summary>The address by which this device, and no other of its user, is reached from everywhere; null while it has none.</summary>
    /// <remarks>Source: RFC 5627 4.3.</remarks>
    public SipUri? Gruu { get; internal set; }

    /// <summary>True while the registration is bound to a flow: what makes a dialog wants its requests over the flow that it goes over itself.</summary>
    /// <remarks>Source: RFC 5626 4.3.</remarks>
    internal bool IsOutbound { get; set; }

    /// <summary>What is said of waking this phone; null while nobody will.</summary>
    /// <remarks>Source: RFC 8599 4.1.1.</remarks>
    public PushService? PushService
    {
        get;
        internal set => (field, PurrParameter) = (value, value?.Purr is { } purr ? WireText.ToBytes($";pn-purr={purr}") : []);
    }

    /// <summary>The parameter of a Contact URI by which this phone is woken for requests in the dialog; empty for none.</summary>
    /// <remarks>Source: RFC 8599 6.1.1.</remarks>
    internal byte[] PurrParameter { get; private set; } = [];

    /// <summary>The GRUU as a Contact; null where it may not stand.</summary>
    /// <param name="isSecure">True when it has to be a <c>sips</c> URI.</param>
    internal byte[]? GruuContact(bool isSecure) => Gruu is { } gruu && gruu.Scheme == SipUriScheme.Sips == isSecure ? [(byte)'<', .. gruu.ToBytes(), (byte)'>'] : null;

    /// <summary>The proxies by which the registrar wants requests to go; none unless it says so.</summary>
    internal ServiceRoute ServiceRoute { get; set; } = ServiceRoute.None;

    /// <summary>The URI that is located to find where a request outside a dialog goes first.</summary>
    /// <param name="requestUri">Its Request-URI.</param>
    internal byte[] NextHop(byte[] requestUri)
    {
        byte[] first = Proxy ?? ServiceRoute.First ?? requestUri;
        return WireText.IsSips(requestUri) ? WireText.ToSips(first) : first;
    }

    /// <summary>Value of Route of a request outside a dialog; empty for none. To a <c>sips</c> URI the first one is a <c>sips</c> one too.</summary>
    /// <remarks>Source: RFC 3608 6.1: the service route behind what leads out of here; RFC 5630 5.1.1.</remarks>
    internal byte[] RouteTo(byte[] requestUri)
    {
        bool isSecure = WireText.IsSips(requestUri);
        if (_proxyRoute is null) return ServiceRoute.Write(isSecure);
        byte[] services = ServiceRoute.Write(isSecure: false);
        return [(byte)'<', .. isSecure ? WireText.ToSips(_proxyRoute) : _proxyRoute, (byte)'>', .. services.Length > 0 ? ", "u8 : default, .. services];
    }

    /// <summary><see cref="NextHop"/> of a REGISTER, which goes to the registrar itself.</summary>
    internal byte[] NextHopToRegistrar(byte[] requestUri) => Proxy is null ? requestUri : WireText.IsSips(requestUri) ? WireText.ToSips(Proxy) : Proxy;

    /// <summary><see cref="RouteTo"/> of a REGISTER.</summary>
    internal byte[] RouteToRegistrar(byte[] requestUri) =>
        _proxyRoute is null ? [] : [(byte)'<', .. WireText.IsSips(requestUri) ? WireText.ToSips(_proxyRoute) : _proxyRoute, (byte)'>'];

    /// <summary>Who this side is to others, on a flow.</summary>
    internal NameAddress IdentityOn(in SipFlow flow)
    {
        SipUri? uri = Options.Identity;
        if (uri is null)
        {
            Span<byte> host = stackalloc byte[SipLane.MaxViaBytes];
            uri = SipUri.Parse($"sip:parley@{WireText.From(host[..Lane.WriteHostAndPort(host, flow)])}");
        }

        return new NameAddress(WireText.ToName(uri)) { DisplayName = Options.DisplayName };
    }

    /// <summary>Value of From.</summary>
    internal byte[] WriteFrom(in SipFlow flow, byte[] tag) => WireText.ToBytes(IdentityOn(flow).WithTag(WireText.From(tag)).ToString());

    /// <summary>The Contact row of a response over a flow.</summary>
    /// <param name="flow">The flow.</param>
    /// <param name="requestUri">The URI that was called, whose user is the Contact's too; null for a call that this side made.</param>
    /// <param name="isSecure">True when it has to be a <c>sips</c> URI.</param>
    internal byte[] WriteContactRow(in SipFlow flow, string? requestUri, bool isSecure)
    {
        if (GruuContact(isSecure) is { } gruu) return [.. "Contact: "u8, .. gruu, .. "\r\n"u8];
        byte[] user = ContactUserOf(requestUri);
        byte[] row = new byte[SipLane.MaxViaBytes + user.Length + PurrParameter.Length + 80];
        var writer = new MessageWriter(row);
        writer.Write("Contact: "u8);
        writer.Advance(RequestTemplate.WriteContact(writer.Remaining, Lane, flow, user, isSecure, parameters: PurrParameter));
        if (Options.IsFocus) writer.Write(";isfocus"u8);
        writer.Write("\r\n"u8);
        return row[..writer.Written];
    }

    /// <summary>The user of the Contact of a call.</summary>
    /// <param name="requestUri">The URI that was called, whose user it is; null for a call that this side made.</param>
    internal byte[] ContactUserOf(string? requestUri) =>
        requestUri is not null && SipUriView.TryParse(WireText.ToBytes(requestUri), out SipUriView uri) && uri.HasUser ? uri.User.ToArray() : ContactUser;
}
