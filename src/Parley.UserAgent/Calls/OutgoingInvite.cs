using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>The INVITE that starts an outgoing call: where it goes, its 3xx, and the ACK of each 2xx that it brings.</summary>
/// <remarks>
/// A proxy that forks may bring several 2xx. The first one is the call's; every other one is acknowledged and hung up at
/// once. A call to a <c>sips</c> URI is not led to a <c>sip</c> one (RFC 3261 8.1.3.4: nobody is there who could be asked). The ACKs are kept for 64*T1, in which a 2xx may come again. Source: RFC 3261 13.2.2, 8.1.3.4.
/// </remarks>
internal sealed class OutgoingInvite : ClientRequest
{
    private const int MaxLonger = 3;        // times that somebody on the way may ask for a longer session interval

    private readonly CallLeg _leg;
    private readonly CallOptions _options;
    private readonly Acknowledgements _acknowledgements;
    private readonly HashSet<SipUri> _tried = [];
    private readonly List<(int Q, SipUri Uri)> _targets = [];
    private readonly bool _isSecure;
    private SipUri _target;
    private TimeSpan _minSE;
    private int _longer;

    public OutgoingInvite(UserAgentCore core, CallLeg leg, SipUri target, CallOptions options)
        : base(core, usesKnownNonces: core.Proxy is not null)
    {
        (_leg, _target, _options, _isSecure) = (leg, target, options, target.Scheme == SipUriScheme.Sips);
        _acknowledgements = new Acknowledgements(core);
        _tried.Add(target);
    }

    /// <summary>True when the Contact of this side has to be a <c>sips</c> URI.</summary>
    public bool IsContactSecure => Template is { IsContactSecure: true };

    /// <summary>Sends it.</summary>
    public void Start() => SendTo(Core.NextHop(_target.ToBytes()));

    /// <summary>Makes the dialog of a response.</summary>
    /// <returns>Null when it makes none; a 2xx that does not cannot even be hung up.</returns>
    public Dialog? CreateDialog(in SipMessageView response) =>
        Dialog.TryCreateAtClient(response, Template!.RequestUri, Flow.Transport.IsSecure, out Dialog? dialog) ? dialog : null;

    /// <summary>Acknowledges the 2xx of a dialog.</summary>
    /// <param name="dialog">Its dialog.</param>
    /// <param name="answer">The answer to the offer in the 2xx; empty for none.</param>
    public void Acknowledge(Dialog dialog, byte[] answer) => _acknowledgements.Send(dialog, Template!, answer);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        byte[]? offer = _leg.CreateOffer(flow, _options.SendsOffer);
        if (offer is null)
        {
            Fail(RequestFailure.Overloaded);
            return null;
        }

        return new RequestTemplate
        {
            Method = SipMethod.Invite,
            RequestUri = _target.ToBytes(),
            Route = Core.RouteTo(_target.ToBytes()),
            From = Core.WriteFrom(flow, _leg.TagBytes),
            To = WireText.ToBytes(new NameAddress(WireText.ToName(_target)).ToString()),
            CallId = _leg.CallIdBytes,
            Sequence = 1,
            ContactUser = Core.ContactUser,
            Headers = WriteHeaders(),
            ContentType = "application/sdp"u8.ToArray(),
            Body = offer,
        };
    }

    /// <inheritdoc/>
    protected override void OnProvisional(in SipMessageView response) => _leg.OnProvisional(response);

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) _leg.OnAccepted(response);
        else _leg.OnRefused(response);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => _leg.OnInviteFailed(failure);

    /// <inheritdoc/>
    protected override void OnFurtherSuccess(in SipMessageView response)
    {
        if (_acknowledgements.TryRepeat(response) || !_acknowledgements.HasRoom || CreateDialog(response) is not { } surplus) return;
        Acknowledge(surplus, []);
        new ByeRequest(Core, surplus, leg: null).Start();
    }

    /// <inheritdoc/>
    protected override bool TryRepair(in SipMessageView response)
    {
        if (response.StatusCode == 422 && TryLonger(response)) return true;
        if (response.StatusCode >= 400) return response.StatusCode < 600 && TryNextTarget();
        foreach (HeaderValue value in response.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView contact) || contact.IsStar) continue;
            if (!SipUri.TryParse(contact.Address.Uri, out SipUri? uri) || !uri.IsSip || (_isSecure && uri.Scheme != SipUriScheme.Sips) || _tried.Count > _options.MaxRedirects) continue;
            uri = WireText.ToRequestUri(uri);
            if (_tried.Add(uri)) _targets.Add((contact.Q < 0 ? 1000 : contact.Q, uri));       // no q is the best there is
        }

        return TryNextTarget();
    }

    /// <summary>Calls the best address that is left, of equals the one that came first.</summary>
    private bool TryNextTarget()
    {
        if (_targets.Count == 0) return false;
        int best = 0;
        for (int i = 1; i < _targets.Count; i++)
        {
            if (_targets[i].Q > _targets[best].Q) best = i;
        }

        _target = _targets[best].Uri;
        _targets.RemoveAt(best);
        Template!.RequestUri = _target.ToBytes();
        Template.Sequence++;
        _leg.OnRedirected(_target.ToString());
        SendTo(Core.NextHop(_target.ToBytes()));
        return true;
    }

    /// <summary>Asks for the session interval that a 422 wants.</summary>
    /// <remarks>Source: RFC 4028 7.3, 7.4.</remarks>
    private bool TryLonger(in SipMessageView response)
    {
        if (!SessionTimer.TryReadMinSE(response, out TimeSpan least) || least <= _minSE || least > SessionRefresh.Longest || _longer++ == MaxLonger) return false;
        _minSE = least;
        Template!.Headers = WriteHeaders();
        Resend();
        return true;
    }

    private byte[] WriteHeaders()
    {
        var rows = new System.Text.StringBuilder(WireText.From([.. Core.CallHeaders, .. Core.RecvInfoRow])).Append(SessionRefresh.WriteRequest(Core.Options.SessionExpiry, _minSE));
        foreach ((string name, string value) in _options.Headers) rows.Append(name).Append(": ").Append(value).Append("\r\n");
        return WireText.ToBytes(rows.ToString());
    }
}
