using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>A re-INVITE or UPDATE of this side: changes or refreshes the session of an established call.</summary>
/// <remarks>The 2xx of an INVITE is acknowledged whenever it comes, even when the call has ended meanwhile. Source: RFC 3261 14.1, RFC 3311 5.</remarks>
internal sealed class SessionRequest : ClientRequest
{
    private readonly SessionChanges _changes;
    private readonly CallDialog _dialog;
    private readonly byte[] _headers;
    private readonly byte[] _contactUser;
    private readonly byte[] _offer;
    private readonly Acknowledgements? _acknowledgements;

    public SessionRequest(UserAgentCore core, SessionChanges changes, CallDialog dialog, SipMethod method, byte[] headers, byte[] contactUser, byte[] offer)
        : base(core, usesKnownNonces: true)
    {
        (_changes, _dialog, Method, _headers, _contactUser, _offer) = (changes, dialog, method, headers, contactUser, offer);
        if (method == SipMethod.Invite) _acknowledgements = new Acknowledgements(core);
    }

    /// <summary>INVITE or UPDATE.</summary>
    public SipMethod Method { get; }

    /// <summary>The order of the reliable provisional responses to it.</summary>
    public ProvisionalOrder Provisionals { get; private set; } = new();

    /// <summary>True once such a response has brought the answer.</summary>
    public bool IsAnswered { get; set; }

    public void Start() => SendTo(_dialog.Dialog.NextHop);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => _dialog.Dialog.CreateTargetRefresh(Method, _headers, _contactUser, _offer);

    /// <inheritdoc/>
    protected override uint NextSequence()
    {
        Provisionals = new ProvisionalOrder();      // each transaction has numbers of its own
        return _dialog.Dialog.TakeSequenceNumber();
    }

    /// <inheritdoc/>
    protected override void OnProvisional(in SipMessageView response)
    {
        if (Method == SipMethod.Invite) _changes.OnProvisional(this, response);
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) _acknowledgements?.Send(_dialog.Dialog, Template!, []);
        _changes.OnDone(this, response);
    }

    /// <inheritdoc/>
    protected override void OnFurtherSuccess(in SipMessageView response) => _acknowledgements?.TryRepeat(response);

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => _changes.OnFailed(this, failure);
}
