using System.Globalization;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Registrations;

/// <summary>One REGISTER.</summary>
/// <remarks>Source: RFC 3261 10.2.</remarks>
internal sealed class RegisterRequest : ClientRequest
{
    private readonly Registration _registration;
    private readonly SipUri _registrar;
    private uint _expires;
    private bool _hasRaisedExpires;

    public RegisterRequest(UserAgentCore core, Registration registration, uint expires)
        : base(core, usesKnownNonces: true)
    {
        (_registration, _expires) = (registration, expires);
        _registrar = WireText.ToRequestUri(core.Options.Identity!) with { User = null, Password = null };
    }

    public void Start() => SendTo(Core.NextHopToRegistrar(_registrar.ToBytes()));

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Register,
        RequestUri = _registrar.ToBytes(),
        Route = Core.RouteToRegistrar(_registrar.ToBytes()),
        From = Core.WriteFrom(flow, _registration.Tag),
        To = WireText.ToBytes(Core.IdentityOn(flow).ToString()),
        CallId = _registration.CallId,
        Sequence = _registration.NextSequence(),
        ContactUser = Core.ContactUser,
        ContactParameters = WriteExpires(),
        Headers = [.. Core.Declared.Allow, .. Core.ProductHeader],
    };

    /// <inheritdoc/>
    protected override uint NextSequence() => _registration.NextSequence();

    /// <summary>423: the registrar wants the binding to live longer (RFC 3261 10.2.8).</summary>
    protected override bool TryRepair(in SipMessageView response)
    {
        if (response.StatusCode != 423 || _expires == 0 || _hasRaisedExpires) return false;
        if (response.TryGetSeconds(HeaderId.MinExpires, out uint least) != HeaderStatus.Ok || least <= _expires) return false;
        (_hasRaisedExpires, _expires) = (true, least);
        Template!.ContactParameters = WriteExpires();
        Resend();
        return true;
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) _registration.OnAccepted(GrantedSeconds(response), ServiceRoute.Of(response));
        else _registration.OnRefused(response);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => _registration.OnFailed(failure);

    private byte[] WriteExpires() => WireText.ToBytes(string.Create(CultureInfo.InvariantCulture, $";expires={_expires}"));

    /// <summary>How long the registrar keeps this side's contact, of all that it lists.</summary>
    private uint GrantedSeconds(in SipMessageView response)
    {
        Span<byte> ours = stackalloc byte[SipLane.MaxViaBytes + 512];
        int length = RequestTemplate.WriteContact(ours, Core.Lane, Flow, Core.ContactUser, Template!.IsContactSecure);
        uint granted = response.TryGetExpires(out uint seconds) == HeaderStatus.Ok ? seconds : _expires;
        if (!SipUriView.TryParse(ours[1..(length - 1)], out SipUriView uri)) return granted;
        foreach (HeaderValue value in response.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView contact) || contact.IsStar || !contact.Address.TryGetUri(out SipUriView theirs)) continue;
            if (SipUriView.Equivalent(uri, theirs)) return contact.HasExpires ? contact.ExpiresSeconds : granted;
        }

        return granted;
    }
}
