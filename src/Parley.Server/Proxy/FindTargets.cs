using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Events.Dialogs;
using Parley.Server.Hosting;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Server.Rules;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Finds where a request goes, and sends it there: as its Route or Request-URI says, or to the contacts of one of our users.</summary>
/// <remarks>The last step: no request gets past it. Source: RFC 3261 16.5, RFC 3841 7.2.</remarks>
internal sealed class FindTargets(ServerState server) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        bool isOwnUser = request.Domain is not null && !request.HasNextRoute && request.RequestUri.MulticastAddress.IsEmpty;
        if (!isOwnUser) return FollowRequest(ref request);
        if (request.Method == SipMethod.Ack) return request.Reply(404);     // an ACK follows its dialog's route, or nothing
        StepResult found = UserLookup.TryFind(ref request, server, out BindingSet bindings);
        return found == StepResult.Done ? found : ForwardToContacts(ref request, bindings);
    }

    /// <summary>The Request-URI is the only target.</summary>
    private static StepResult FollowRequest(ref RequestContext request)
    {
        if (!request.HasNextRoute && !request.RequestUri.IsSip) return request.Reply(416);
        ProxyCore proxy = request.Server.Proxy;
        bool hasFlow = !request.HasNextRoute && request.Token.HasFlow && (!request.IsSecure || request.Token.Flow.Transport.IsSecure)
            && (!request.Token.Flow.IsReliable || proxy.Lane.HasConnection(request.Token.Flow));
        if (request.NeedsFlow && !hasFlow) return request.Reply(430);       // RFC 5626 5.3.1
        SipFlow? flow = hasFlow ? request.Token.Flow : null;
        PushTarget push = request.Server.Push is { } lanePush ? lanePush.LookByPurr(ref request, ref flow) : default;
        if (request.Method == SipMethod.Ack) return proxy.ForwardAck(ref request, flow);
        ProxyCall call = proxy.RentCall();
        call.Targets.Add(request.RequestUri, TargetSet.MostPreferred, default, flow, push: push);
        return proxy.Forward(ref request, call);
    }

    private static StepResult ForwardToContacts(ref RequestContext request, scoped BindingSet bindings)
    {
        if (Gruu.TryGet(request.RequestUri, out ReadOnlySpan<byte> urn) && urn.IsEmpty) return request.Reply(404);      // RFC 5627 6.1: a temporary one that does not hold
        ProxyCore proxy = request.Server.Proxy;
        ProxyCall call = proxy.RentCall();
        bool isEachSuitable = AddContacts(call, ref request, bindings, urn: urn);
        if (call.Targets.Count > 0)
        {
            if (request.Server.Server.Dialogs.IsAnyFollowed) FollowedUsers.AddCallee(ref request, call);
            return proxy.Forward(ref request, call);
        }

        proxy.Return(call);
        return FollowRules.Unreached(ref request, isEachSuitable ? new SipReply(480) : SipsWarnings.NotAllowed);
    }

    /// <summary>Adds a user's contacts to the targets of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="request">The request: what it says of whom the caller wants to reach is heeded (RFC 3841 7.2).</param>
    /// <param name="bindings">The user's bindings.</param>
    /// <param name="preference">The preference of all of them; their own q when negative.</param>
    /// <param name="owner">Which of several users it is.</param>
    /// <param name="urn">The instance that alone is meant (<see cref="Gruu"/>); empty for all of the user's phones.</param>
    /// <returns>False when a contact was left out because it is no <c>sips</c> URI.</returns>
    public static bool AddContacts(ProxyCall call, ref RequestContext request, scoped BindingSet bindings, int preference = -1, int owner = 0, scoped ReadOnlySpan<byte> urn = default)
    {
        int before = call.Targets.Count;
        var preferences = new CallerPreferences(request.Message);
        bool isEachSuitable = AddContacts(call, ref request, bindings, preference, owner, urn, preferences, out bool isAnyPassedBy);
        if (!isAnyPassedBy || !preferences.IsImplicit || call.Targets.Count > before) return isEachSuitable;
        return AddContacts(call, ref request, bindings, preference, owner, urn, preferences: default, out _);     // the phone itself says that it cannot
    }

    private static bool AddContacts(
        ProxyCall call, ref RequestContext request, scoped BindingSet bindings, int preference, int owner, scoped ReadOnlySpan<byte> urn, CallerPreferences preferences, out bool isAnyPassedBy)
    {
        SipLane lane = request.Server.Lane;
        bool isSecure = request.IsSecure, isEachSuitable = true;
        isAnyPassedBy = false;
        foreach (Binding binding in bindings.LiveAt(lane.Loop.Time.GetUtcNow()))
        {
            if (!SipUriView.TryParse(binding.Contact, out SipUriView uri) || !uri.IsSip) continue;
            if (!urn.IsEmpty && !Gruu.IsFor(urn, binding.Instance)) continue;
            if (isSecure && uri.Scheme != SipUriScheme.Sips)
            {
                isEachSuitable = false;
                continue;
            }

            if (!preferences.TryRate(binding.Parameters, binding.Instance, out int score))
            {
                isAnyPassedBy = true;
                continue;
            }

            SipFlow? flow = FlowTo(lane, binding, uri, out bool isGone);
            PushTarget push = default;
            ReadOnlySpan<byte> instance = binding.RegId > 0 || !urn.IsEmpty ? binding.Instance : default;
            if (request.Server.Push is { } lanePush)
            {
                push = lanePush.Look(request.Caller, request.Method, bindings.AddressOfRecord, binding, uri);
                isGone = push.IsOutOfReach || (isGone && push.Phone is null);
                if (push.Phone is { } phone) instance = binding.Instance.IsEmpty ? Encoding.UTF8.GetBytes(phone.Prid) : binding.Instance;      // all its bindings are one phone
            }

            if (!isGone) call.Targets.Add(uri, preference < 0 ? binding.Preference : preference, binding.Path, flow, isForSip: !isSecure, owner, instance, score, push);
        }

        return isEachSuitable;
    }

    /// <summary>The flow that a phone registered over, where its Contact does not lead to it.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="binding">The phone's binding.</param>
    /// <param name="contact">Its Contact.</param>
    /// <param name="isGone">True when that was a WebSocket, or any connection of an outbound binding, which is closed: nothing leads to the phone then.</param>
    public static SipFlow? FlowTo(SipLane lane, scoped in Binding binding, scoped in SipUriView contact, out bool isGone)
    {
        isGone = false;
        if (!binding.Path.IsEmpty || !SourceFlow.TryRead(binding.Source, out SourceFlow source)) return null;
        bool isOutbound = binding.RegId > 0;
        if (!isOutbound && (!source.IsSymmetric || !SourceFlow.Differs(contact, source.Flow))) return null;
        bool isClosed = source.Flow.IsReliable && !lane.HasConnection(source.Flow);
        isGone = isClosed && (isOutbound || source.Flow.IsWebSocket);
        return isClosed ? null : source.Flow;
    }
}
