using System.Globalization;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Registrations;

/// <summary>One REGISTER.</summary>
/// <remarks>Source: RFC 3261 10.2, RFC 5626 4.2, RFC 5627 4.1, RFC 8599 4.1.</remarks>
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

    /// <summary>Sends it: over the flow of the binding that it renews, where that stands (RFC 5626 4.2.2).</summary>
    public void Start()
    {
        if (_registration.StandingFlow is { } flow) SendOver(flow);
        else SendTo(Core.NextHopToRegistrar(_registrar.ToBytes()));
    }

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
        ContactUriParameters = WriteUriParameters(),
        ContactParameters = WriteParameters(),
        Headers = [.. Core.Declared.Allow, .. Core.Options.Instance is null ? default : "Supported: path, outbound, gruu\r\n"u8, .. Core.ProductHeader],
    };

    /// <inheritdoc/>
    protected override uint NextSequence() => _registration.NextSequence();

    /// <summary>423: the registrar wants the binding to live longer (RFC 3261 10.2.8). 439: the first hop does not know flows (RFC 5626 4.2.1).</summary>
    protected override bool TryRepair(in SipMessageView response)
    {
        if (response.StatusCode == 439 && _registration.UsesOutbound)
        {
            _registration.UsesOutbound = false;
            Template!.ContactParameters = WriteParameters();
            Resend();
            return true;
        }

        if (response.StatusCode != 423 || _expires == 0 || _hasRaisedExpires) return false;
        if (response.TryGetSeconds(HeaderId.MinExpires, out uint least) != HeaderStatus.Ok || least <= _expires) return false;
        (_hasRaisedExpires, _expires) = (true, least);
        Template!.ContactParameters = WriteParameters();
        Resend();
        return true;
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) _registration.OnAccepted(Read(response));
        else _registration.OnRefused(response);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => _registration.OnFailed(failure);

    private byte[] WriteParameters()
    {
        string instance = Core.Options.Instance is { } urn ? $";+sip.instance=\"<{urn}>\"{(_registration.UsesOutbound ? ";reg-id=1" : "")}" : "";
        // This side renews its registration by itself as long as it runs (RFC 8599 4.1.4).
        string refreshes = Core.Options.Push is not null && _expires > 0 ? ";+sip.pnsreg" : "";
        return WireText.ToBytes(string.Create(CultureInfo.InvariantCulture, $"{instance}{refreshes};expires={_expires}"));
    }

    private byte[] WriteUriParameters() => Core.Options.Push?.Write(isRemoval: _expires == 0) ?? [];

    private RegisterAnswer Read(in SipMessageView response)
    {
        byte[] parameters = WriteUriParameters();
        Span<byte> ours = new byte[SipLane.MaxViaBytes + 512 + parameters.Length];
        int length = RequestTemplate.WriteContact(ours, Core.Lane, Flow, Core.ContactUser, Template!.IsContactSecure, parameters: parameters);
        return SipUriView.TryParse(ours[1..(length - 1)], out SipUriView uri)
            ? RegisterAnswer.Read(response, Flow, uri, Core.Options.Instance, Core.Options.Push, _expires)
            : throw new InvalidOperationException("The lane writes a Contact that is none.");
    }
}
