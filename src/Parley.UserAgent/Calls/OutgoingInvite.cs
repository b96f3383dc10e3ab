using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
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
    private const int MaxBranches = 16;

    private readonly CallLeg _leg;
    private readonly CallOptions _options;
    private readonly List<Acknowledgement> _acknowledgements = [];
    private readonly HashSet<SipUri> _tried = [];
    private readonly List<(int Q, SipUri Uri)> _targets = [];
    private readonly bool _isSecure;
    private SipUri _target;

    public OutgoingInvite(UserAgentCore core, CallLeg leg, SipUri target, CallOptions options)
        : base(core, usesKnownNonces: core.Proxy is not null)
    {
        (_leg, _target, _options, _isSecure) = (leg, target, options, target.Scheme == SipUriScheme.Sips);
        _tried.Add(target);
    }

    /// <summary>True when the Contact of this side has to be a <c>sips</c> URI.</summary>
    public bool IsContactSecure => Template is { IsContactSecure: true };

    /// <summary>Sends it.</summary>
    public void Start() => SendTo(Core.NextHop(_target.ToBytes()));

    /// <summary>Makes the dialog of a 2xx and acknowledges it.</summary>
    /// <returns>Null when the 2xx makes none: it cannot even be hung up.</returns>
    public Dialog? Acknowledge(in SipMessageView success)
    {
        if (_acknowledgements.Count == MaxBranches) return null;
        if (!Dialog.TryCreateAtClient(success, Template!.RequestUri, Flow.Transport.IsSecure, out Dialog? dialog)) return null;
        if (_acknowledgements.Count == 0)
        {
            Core.Lane.Loop.Schedule(new Retention(this), Core.Lane.Now + (64 * Core.Lane.Endpoint.Options.Timers.T1));
            Core.PendingAcknowledgements++;
        }

        _acknowledgements.Add(new Acknowledgement(Core.Lane, dialog.RemoteTag.ToArray(), dialog.CreateAck(Template), dialog.NextHop));
        return dialog;
    }

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        byte[]? offer = _leg.CreateOffer(flow);
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
            Headers = [.. Core.CallHeaders, .. WriteHeaders()],
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
        if (response.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return;
        foreach (Acknowledgement acknowledgement in _acknowledgements)
        {
            if (!to.Tag.SequenceEqual(acknowledgement.RemoteTag)) continue;
            acknowledgement.Send();
            return;
        }

        if (Acknowledge(response) is { } surplus) new ByeRequest(Core, surplus, leg: null).Start();
    }

    /// <inheritdoc/>
    protected override bool TryRepair(in SipMessageView response)
    {
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

    private byte[] WriteHeaders()
    {
        if (_options.Headers.Count == 0) return [];
        var rows = new System.Text.StringBuilder();
        foreach ((string name, string value) in _options.Headers) rows.Append(name).Append(": ").Append(value).Append("\r\n");
        return WireText.ToBytes(rows.ToString());
    }

    private void ReleaseAcknowledgements()
    {
        foreach (Acknowledgement acknowledgement in _acknowledgements) acknowledgement.Release();
        _acknowledgements.Clear();
        Core.PendingAcknowledgements--;
    }

    private sealed class Retention(OutgoingInvite invite) : LoopTimer
    {
        public override void OnDeadline(Instant now) => invite.ReleaseAcknowledgements();
    }
}
