using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Transfers;

/// <summary>A REFER that came in: somebody asks this side to call somebody else.</summary>
/// <remarks>
/// It is answered by <see cref="Accept"/> or <see cref="Reject"/>, and declined when nobody decides within 20 s. Nothing is called
/// that the program did not allow. All members are the lane's. Source: RFC 3515 2.4.2 to 2.4.7, RFC 3892, RFC 4488, RFC 7647.
/// </remarks>
public sealed class IncomingTransfer : LoopTimer
{
    private static readonly TimeSpan LongestDecision = TimeSpan.FromSeconds(20);      // the REFER itself lasts 32 s

    private readonly UserAgentCore _core;
    private readonly SipServerTransaction _transaction;
    private readonly Dialog _dialog;
    private readonly LocalTag _tag;
    private readonly bool _isFirst;

    internal IncomingTransfer(UserAgentCore core, SipServerTransaction transaction, CallLeg? call, Dialog dialog, LocalTag tag, bool isFirst, SipUri target, DialogReference? replaces, string? referredBy)
    {
        (_core, _transaction, Call, _dialog, _tag, _isFirst, Target, Replaces, ReferredBy) = (core, transaction, call, dialog, tag, isFirst, target, replaces, referredBy);
        core.Lane.Loop.Schedule(this, core.Lane.Now + LongestDecision);
    }

    /// <summary>The call that it came in; null for one outside of all.</summary>
    public CallLeg? Call { get; }

    /// <summary>Who is to be called.</summary>
    public SipUri Target { get; }

    /// <summary>The call of the target's that the new one is to replace; null for none.</summary>
    public DialogReference? Replaces { get; }

    /// <summary>Who asks, as they say: a value of Referred-By; null when they do not.</summary>
    public string? ReferredBy { get; }

    /// <summary>True until it is answered.</summary>
    public bool IsPending => !_transaction.IsFinished;

    /// <summary>Calls the target, and tells who asked how far that comes. The observer may hear of the end of the call before this returns.</summary>
    /// <param name="options">How; Replaces and Referred-By are added.</param>
    /// <param name="observer">Who hears what happens.</param>
    /// <returns>The call; null when it was answered before, or there are as many calls as there may be.</returns>
    public CallLeg? Accept(CallOptions options, ICallObserver observer)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        if (!IsPending) return null;
        if (_core.CallCount >= _core.Options.MaxCalls)
        {
            Reject(486);
            return null;
        }

        SipMessageView refer = _transaction.Request;
        bool isSilent = refer.TryGetParameterized(HeaderId.ReferSub, out ParameterizedValueView wanted) == HeaderStatus.Ok && wanted.Is("false"u8);
        uint sequence = refer.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok ? cseq.Number : 0;
        _dialog.Refresh(refer);
        byte[] contact = _core.WriteContactRow(_transaction.Flow, Call is { IsIncoming: false } ? null : WireText.From(refer.RequestUri), _dialog.IsSecure);
        Answer(202, [.. contact, .. isSilent ? "Refer-Sub: false\r\n"u8 : default, .. _core.CallHeaders]);

        var referral = new Referral();
        if (!isSilent)
        {
            byte[]? id = _isFirst ? null : Encoding.ASCII.GetBytes(sequence.ToString(CultureInfo.InvariantCulture));
            var name = new EventName("refer"u8, id);
            referral.Notifier = _core.NotifyIn(_dialog, _tag, EventPackages.Refer, name, EventPackages.Refer.DefaultExpiry, referral);
        }

        var headers = new Dictionary<string, string>(options.Headers, StringComparer.OrdinalIgnoreCase);
        if (Replaces is not null) (headers["Replaces"], headers["Require"]) = (Replaces.ToString(), "replaces");
        if (ReferredBy is not null) headers["Referred-By"] = ReferredBy;
        return _core.Call(Target, options with { Headers = headers, Referral = referral }, observer);
    }

    /// <summary>Refuses.</summary>
    /// <param name="statusCode">400 to 699; 603 declines.</param>
    /// <returns>False when it was answered before.</returns>
    public bool Reject(int statusCode = 603)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 400);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 699);
        if (!IsPending) return false;
        Answer(statusCode, []);
        return true;
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => Reject();

    private void Answer(int statusCode, byte[] headers)
    {
        _core.Lane.Loop.Schedule(this, Instant.Never);
        _transaction.Respond(new SipReply(statusCode) { ToTag = _tag.ToBytes(), CopyRecordRoute = Call is null && statusCode < 300, Headers = headers });
    }
}
