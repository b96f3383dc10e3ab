using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Calls;
using Parley.Server.Configuration;
using Parley.Server.Events.Dialogs;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Registrar;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Does with a request for one of our users what an administrator has set: short codes, groups, do not disturb, forwarding, and how many calls there may be.</summary>
/// <remarks>
/// Short codes count for all requests outside of dialogs, the rest for INVITE. What comes after ringing is decided by the call's <see cref="CallRoute"/>.
/// The administrator's word is enough: a caller who may reach the user may be forwarded to where the rules say, also out of the domain.
/// </remarks>
internal sealed class FollowRules(ServerState server) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request is { Method: SipMethod.Invite, Caller: CallerKind.LocalUser, IsInDialog: false }) CountForCaller(ref request);
        if (request.Domain?.Rules is not { IsEmpty: false } rules || request.HasNextRoute || request.IsInDialog || Gruu.TryGet(request.RequestUri, out _)) return StepResult.Continue;
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!AddressOfRecord.TryFormat(request.RequestUri.User, request.Domain.NameUtf8.AsSpan(), addressOfRecord, out int length)) return StepResult.Continue;
        addressOfRecord = addressOfRecord[..length];
        ReadOnlySpan<byte> user = AddressOfRecord.UserOf(addressOfRecord);
        if (rules.TryGetShortCode(user, out CallTarget? meant)) return Divert(ref request, meant, DiversionReason.Unknown);
        if (request.Method != SipMethod.Invite) return StepResult.Continue;
        if (rules.TryGetGroup(user, out RingGroup? group)) return Ring(ref request, group);
        return rules.HasUserRules ? FollowUserRules(ref request, rules.OfUser(user), addressOfRecord) : StepResult.Continue;
    }

    /// <summary>The callee cannot be reached: sends the call elsewhere where that is set, else answers.</summary>
    /// <param name="request">The request.</param>
    /// <param name="statusCode">The answer.</param>
    public static StepResult Unreached(ref RequestContext request, int statusCode) => Unreached(ref request, new SipReply(statusCode));

    /// <summary>The callee cannot be reached: sends the call elsewhere where that is set, else answers.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reply">The answer.</param>
    public static StepResult Unreached(ref RequestContext request, in SipReply reply) =>
        request.Route?.After(reply.StatusCode, hasRung: false, out DiversionReason reason) is { } target ? Divert(ref request, target, reason) : request.Reply(reply);

    private static StepResult Divert(ref RequestContext request, CallTarget target, DiversionReason reason)
    {
        CallRoute route = request.Route ??= new CallRoute(request);
        if (!route.TryDivert(target, request.RequestUri.Bytes, reason)) return request.Reply(new SipReply(482) { ReasonPhrase = "Forwarded in a Circle"u8 });
        request.Retarget(route.Target);
        return request.Server.RunTargets(ref request);
    }

    private StepResult FollowUserRules(ref RequestContext request, UserRules rules, scoped ReadOnlySpan<byte> addressOfRecord)
    {
        if (rules.Forward.Always is { } always) return Divert(ref request, always, DiversionReason.Unconditional);
        if (rules.DoNotDisturb)
        {
            if (rules.Forward.Busy is { } elsewhere) return Divert(ref request, elsewhere, DiversionReason.DoNotDisturb);
            return MayKnow(request, addressOfRecord) ? request.Reply(new SipReply(480) { ReasonPhrase = "Do Not Disturb"u8 }) : request.Reply(480);
        }

        CallRoute route = request.Route ??= new CallRoute(request);
        route.Reach(rules);
        if (rules.MaxCalls > 0) route.Claims.Add(0, Encoding.UTF8.GetString(addressOfRecord), rules.MaxCalls);
        return StepResult.Continue;
    }

    /// <summary>A call counts among those of its caller, wherever it goes.</summary>
    private void CountForCaller(ref RequestContext request)
    {
        if (!CallerIdentity.TryRead(request.Message, server, out SipUriView uri, out DomainOptions? domain) || domain is not { Rules.LimitsCalls: true }) return;
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!AddressOfRecord.TryFormat(uri.User, domain.NameUtf8.AsSpan(), addressOfRecord, out int length)) return;
        addressOfRecord = addressOfRecord[..length];
        int most = domain.Rules.OfUser(AddressOfRecord.UserOf(addressOfRecord)).MaxCalls;
        if (most > 0) (request.Route ??= new CallRoute(request)).Claims.Add(CallClaims.Caller, Encoding.UTF8.GetString(addressOfRecord), most);
    }

    /// <summary>Strangers do not learn that there is such a user (docs/rfc/sip-proxy.md).</summary>
    private bool MayKnow(scoped in RequestContext request, scoped ReadOnlySpan<byte> addressOfRecord) =>
        request.Caller is CallerKind.LocalUser or CallerKind.Trusted && server.Accounts.TryFind(addressOfRecord, request.Server.Found, out _);

    /// <summary>Rings at a group's members. Their own forwarding does not count, or a call would leave the group; do not disturb does.</summary>
    private StepResult Ring(ref RequestContext request, RingGroup group)
    {
        CallRoute route = request.Route ??= new CallRoute(request);
        route.Reach(group);
        ProxyCall call = request.Server.Proxy.RentCall();
        int first = group.NextFirst(), count = group.Members.Length;
        for (int i = 0; i < count; i++)
        {
            int preference = group.Order == RingOrder.All ? TargetSet.MostPreferred : TargetSet.MostPreferred - Math.Min(i, TargetSet.MostPreferred);
            Add(ref request, call, group.Members[(first + i) % count], preference, owner: i);
        }

        if (call.Targets.Count > 0) return request.Server.Proxy.Forward(ref request, call);
        request.Server.Proxy.Return(call);
        return Unreached(ref request, 480);
    }

    private void Add(ref RequestContext request, ProxyCall call, CallTarget member, int preference, int owner)
    {
        if (!SipUriView.TryParse(member.UriFor(request.IsSecure), out SipUriView uri)) return;
        if (server.FindDomain(uri) is not { } domain)
        {
            call.Targets.Add(uri, preference, owner: owner);
            return;
        }

        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!AddressOfRecord.TryFormat(uri.User, domain.NameUtf8.AsSpan(), addressOfRecord, out int length)) return;
        addressOfRecord = addressOfRecord[..length];
        UserRules rules = domain.Rules.OfUser(AddressOfRecord.UserOf(addressOfRecord));
        if (rules.DoNotDisturb || !server.Accounts.TryFind(addressOfRecord, request.Server.Found, out _)) return;
        FindTargets.AddContacts(call, ref request, server.Location.Find(addressOfRecord, request.Server.Found), preference, owner);
        if (server.Dialogs.IsAnyFollowed) FollowedUsers.Add(ref request, call, owner, addressOfRecord);
        if (rules.MaxCalls > 0) request.Route!.Claims.Add(owner, Encoding.UTF8.GetString(addressOfRecord), rules.MaxCalls);
    }
}
