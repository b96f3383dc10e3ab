using System.Text;
using Parley.Server.Calls;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;

namespace Parley.Server.Events.Dialogs;

/// <summary>One call that followed users take part in: its caller, and those at whom it rings.</summary>
/// <remarks>
/// <code>
///  INVITE forwarded    1xx without a tag     1xx with a tag        2xx                 BYE, or not refreshed
///  ---------> trying ----------> proceeding ---------> early ---------> confirmed ---------> terminated
///                |                                      |                                      ^
///                +-----------------+--------------------+---- refused, cancelled, another one answered
/// </code>
/// A callee is shown what happens on his own branches, the caller what happens on any. Belongs to the lane of the call. Source: RFC 4235 3.7.1.
/// </remarks>
internal sealed class FollowedCall
{
    private readonly DialogStates _states;
    private readonly List<Party> _parties = [];
    private readonly string _callId;
    private readonly string _caller;
    private readonly string _callerTag;
    private readonly string _callee;

    /// <summary>Begins with an INVITE.</summary>
    public FollowedCall(DialogStates states, scoped in SipMessageView invite)
    {
        _states = states;
        _callId = invite.TryGetCallId(out ReadOnlySpan<byte> callId) == HeaderStatus.Ok ? Encoding.UTF8.GetString(callId) : "";
        bool hasFrom = invite.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok;
        (_caller, _callerTag) = hasFrom ? (Encoding.UTF8.GetString(from.Uri), Encoding.UTF8.GetString(from.Tag)) : ("", "");
        _callee = invite.TryGetTo(out NameAddressView to) == HeaderStatus.Ok ? Encoding.UTF8.GetString(to.Uri) : "";
    }

    /// <summary>True while nobody of it is shown or will be.</summary>
    public bool IsEmpty => _parties.Count == 0;

    /// <summary>Adds somebody who is followed.</summary>
    /// <param name="owner">Which of the callees, as the targets are numbered; <see cref="CallClaims.Caller"/>.</param>
    /// <param name="user">The address of record.</param>
    public void Add(int owner, string user)
    {
        if (_parties.Exists(party => party.Owner == owner)) return;
        bool isCaller = owner == CallClaims.Caller;
        var dialog = new DialogInfoEntry(_states.CreateId(), DialogInfoState.Trying)
        {
            IsInitiator = isCaller,
            CallId = _callId,
            LocalTag = isCaller ? _callerTag : null,
            RemoteTag = isCaller ? null : _callerTag,
            RemoteIdentity = isCaller ? _callee : _caller,
        };
        _parties.Add(new Party(owner, user, dialog));
    }

    /// <summary>The INVITE goes out.</summary>
    public void OnSent()
    {
        foreach (Party party in _parties) _states.Set(party.User, party.Dialog);
    }

    /// <summary>A provisional response goes back.</summary>
    /// <param name="owner">Whose phone sent it.</param>
    /// <param name="response">101 to 199.</param>
    public void OnProvisional(int owner, scoped in SipMessageView response)
    {
        string? tag = TagOf(response);
        foreach (Party party in _parties)
        {
            if (party.Owner != owner && party.Owner != CallClaims.Caller) continue;
            if (tag is not null) party.Dialog = WithTag(party, tag) with { State = DialogInfoState.Early };
            else if (party.Dialog.State == DialogInfoState.Trying) party.Dialog = party.Dialog with { State = DialogInfoState.Proceeding };
            _states.Set(party.User, party.Dialog);
        }
    }

    /// <summary>All branches of a callee have failed, while others may still ring.</summary>
    public void OnFailed(int owner)
    {
        foreach (Party party in _parties)
        {
            if (party.Owner == owner) _states.Remove(party.User, party.Dialog.Id);
        }
    }

    /// <summary>Somebody answered: the call is his and the caller's, and over for the others.</summary>
    public void OnAnswered(int owner, scoped in SipMessageView success)
    {
        string? tag = TagOf(success);
        foreach (Party party in _parties)
        {
            if (party.Owner != owner && party.Owner != CallClaims.Caller)
            {
                _states.Remove(party.User, party.Dialog.Id);
                continue;
            }

            party.Dialog = WithTag(party, tag) with { State = DialogInfoState.Confirmed };
            _states.Set(party.User, party.Dialog);
        }

        _parties.RemoveAll(party => party.Owner != owner && party.Owner != CallClaims.Caller);
    }

    /// <summary>The call is over, or goes on as another one.</summary>
    public void OnOver()
    {
        foreach (Party party in _parties) _states.Remove(party.User, party.Dialog.Id);
        _parties.Clear();
    }

    private static DialogInfoEntry WithTag(Party party, string? tag) =>
        party.Owner == CallClaims.Caller ? party.Dialog with { RemoteTag = tag ?? party.Dialog.RemoteTag } : party.Dialog with { LocalTag = tag ?? party.Dialog.LocalTag };

    private static string? TagOf(scoped in SipMessageView response) =>
        response.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && !to.Tag.IsEmpty ? Encoding.UTF8.GetString(to.Tag) : null;

    private sealed class Party(int owner, string user, DialogInfoEntry dialog)
    {
        public int Owner => owner;

        public string User => user;

        public DialogInfoEntry Dialog { get; set; } = dialog;
    }
}
