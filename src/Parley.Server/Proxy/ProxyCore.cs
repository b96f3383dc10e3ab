using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.CallRecords;
using Parley.Server.Calls;
using Parley.Server.Configuration;
using Parley.Server.Events.Dialogs;
using Parley.Server.Hosting;
using Parley.Server.Push;
using Parley.Server.Rules;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>A lane's proxy: starts calls, gives responses to them, and passes on what needs no state.</summary>
/// <remarks>Keeps what calls are made of for the next ones, so that the steady state makes nothing new. Source: RFC 3261 16.</remarks>
internal sealed class ProxyCore(ServerLane server)
{
    private const int Kept = 4096;
    private const int Forbidden = 403;
    private const int BusyHere = 486;
    private static readonly TimeSpan CountedSession = TimeSpan.FromMinutes(30);     // RFC 4028 4 recommends it

    private const int DefaultMaxBreadth = 60;       // RFC 5393 5.3.3, as the most and as what is added

    private readonly Stack<ProxyCall> _calls = new();
    private readonly Stack<Branch> _branches = new();
    private ProxyCall? _open;

    /// <summary>The lane.</summary>
    public SipLane Lane => server.Lane;

    /// <summary>Who hears of client transactions.</summary>
    public ITransactionUser User => server;

    /// <summary>Makes forwarded requests.</summary>
    public RequestForwarder Requests { get; } = new(server.Server, server.Lane);

    /// <summary>Makes forwarded responses.</summary>
    public ResponseForwarder Responses { get; } = new(server.Server, server.Lane);

    /// <summary>How phones are woken; null where none are.</summary>
    public LanePush? Push => server.Push;

    /// <summary>What other threads finish for the lane.</summary>
    public LaneCompletions Completions => server.Completions;

    /// <summary>How long a branch may ring.</summary>
    public TimeSpan TimerC => server.Server.Configuration.Proxy.TimerC;

    /// <summary>How many targets of a request are tried.</summary>
    public int MaxBranches => server.Server.Configuration.Proxy.MaxBranches;

    /// <summary>How often phones have to use their connections; 0 for nothing said.</summary>
    public TimeSpan FlowTimer => server.Server.Configuration.Registrar.FlowTimer;

    /// <summary>Requests that have branches running.</summary>
    public int OpenCalls { get; private set; }

    /// <summary>How many calls users have.</summary>
    public CallLimits Limits => server.Server.Limits;

    /// <summary>The answered calls that count.</summary>
    public CallTable Calls => server.Calls;

    /// <summary>Looks for other targets of a call that nobody has answered.</summary>
    public void Divert(SipServerTransaction transaction, CallRoute route) => server.RunAgain(transaction, route);

    /// <summary>A call whose targets are to be filled in; <see cref="Forward"/> or <see cref="Return(ProxyCall)"/> follows.</summary>
    public ProxyCall RentCall()
    {
        OpenCalls++;
        return _calls.TryPop(out ProxyCall? call) ? call : new ProxyCall(this);
    }

    /// <summary>Forwards a request to the targets of a call.</summary>
    public StepResult Forward(ref RequestContext request, ProxyCall call)
    {
        if (request.Route is { Claims.IsEmpty: false } route && Count(route, call.Targets) is { } refusal)
        {
            Drop(call);
            return refusal == BusyHere ? FollowRules.Unreached(ref request, BusyHere) : request.Reply(new SipReply(refusal) { ReasonPhrase = "Too Many Calls"u8 });
        }

        if (server.Server.Dialogs.IsAnyFollowed && request is { Method: SipMethod.Invite, IsInDialog: false }) FollowedUsers.AddCaller(ref request, call);
        if (!TryPlanSessionTimer(ref request, call.Followed is not null, out SessionTimer timer))
        {
            request.Route?.Claims.LeaveAll(Limits);
            Drop(call);
            return request.Reply(new SipReply(422) { Headers = SessionTimer.MinSERow });
        }

        if (request.Method == SipMethod.Bye) server.Calls.OnBye(request.Message);
        bool hasBreadth = request.Message.TryGetNumber(HeaderId.MaxBreadth, out uint breadth) != HeaderStatus.Ok || breadth > 0;
        SipServerTransaction? transaction = hasBreadth ? request.Incoming.CreateTransaction(User) : null;
        if (transaction is null)
        {
            request.Route?.Claims.LeaveAll(Limits);
            Drop(call);
            return hasBreadth ? StepResult.Done : request.Reply(440);      // RFC 5393 5.3.3: not even one branch is left
        }

        if (request.Caller != CallerKind.Stranger) transaction.TrustSource();
        if (server.Server.CallRecords is not null && request is { Method: SipMethod.Invite, IsInDialog: false }) call.Recorded = CallRecording.Begin(ref request);
        server.Counters.Forwarded++;
        Link(call);
        call.Start(transaction, PlanOf(ref request) with { Timer = timer }, request.Route, request.RequestUri.Bytes);
        return StepResult.Done;
    }

    /// <summary>Forwards the ACK of a 2xx, which has no transaction.</summary>
    /// <remarks>Source: RFC 3261 13.2.2.4, 16.11.</remarks>
    public StepResult ForwardAck(ref RequestContext request, in SipFlow? knownFlow)
    {
        ReadOnlySpan<byte> target = request.RequestUri.Bytes;
        ForwardingPlan plan = PlanOf(ref request);
        if (knownFlow is { } flow)
        {
            SendAck(request.Message, request.Incoming.Flow, plan, target, flow, isBehindNat: true);
        }
        else if (RequestForwarder.TryGetNextHop(request.Message, plan.Routes, target, default, out SipUriView nextHop))
        {
            if (SipLane.TryLocate(nextHop, out flow, plan.IsSecure)) SendAck(request.Message, request.Incoming.Flow, plan, target, flow, isBehindNat: false);
            else Lane.Locate(nextHop, new AckLocation(this, request.Message, request.Incoming.Flow, plan, target), plan.IsSecure);
        }

        return StepResult.Done;
    }

    /// <summary>Sends an ACK on.</summary>
    public void SendAck(SipMessageView ack, in SipFlow source, in ForwardingPlan plan, ReadOnlySpan<byte> target, in SipFlow flow, bool isBehindNat)
    {
        Span<byte> id = stackalloc byte[SipLane.MaxBranchBytes];
        id = id[..Lane.WriteBranch(id)];
        PooledBuffer? message = Requests.Write(ack, source, plan, target, default, flow, isBehindNat, plan.MaxBreadth, id, history: null, 0, default, out SipFlow sendOver);
        if (message is not null) Lane.Send(message, sendOver);
    }

    /// <summary>A response came for a branch, or a 2xx once more for one that has ended.</summary>
    public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
    {
        switch (transaction.State)
        {
            case Branch { Call: { } call } branch:
                call.OnResponse(branch, response);
                break;

            case SipServerTransaction upstream when response.StatusCode is >= 200 and < 300:
                if (Responses.Write(response, transaction.Flow.Remote) is { } message) upstream.Respond(response.StatusCode, message);
                break;
        }
    }

    /// <summary>A 2xx came again for a call that has ended: it goes where the first one went.</summary>
    public void OnResponseAgain(in SipMessageView response, in SipFlow upstream)
    {
        if (Responses.Write(response, source: default) is { } message) Lane.Send(message, upstream);
    }

    /// <summary>A branch got no final response, or could not be sent.</summary>
    public static void OnFailed(SipClientTransaction transaction, int statusCode)
    {
        if (transaction.State is Branch { Call: { } call } branch) call.OnFailed(branch, statusCode);
    }

    /// <summary>A branch to be used.</summary>
    public Branch RentBranch()
    {
        server.Counters.Branches++;
        return _branches.TryPop(out Branch? branch) ? branch : new Branch();
    }

    /// <summary>Gives a branch back.</summary>
    public void Return(Branch branch)
    {
        branch.End();
        if (_branches.Count < Kept) _branches.Push(branch);
    }

    /// <summary>Gives a call back that was not started.</summary>
    private void Drop(ProxyCall call)
    {
        call.Targets.Clear();
        (call.Followed, call.Recorded) = (null, null);
        Return(call);
    }

    /// <summary>Gives a call back.</summary>
    public void Return(ProxyCall call)
    {
        OpenCalls--;
        if (_calls.Count < Kept) _calls.Push(call);
    }

    /// <summary>Ends all calls, as the server shuts down: callers get 503.</summary>
    public void EndAll()
    {
        ProxyCall? next;
        for (ProxyCall? call = _open; call is not null; call = next)
        {
            next = call.NextOpen;
            call.Abandon();
        }
    }

    /// <summary>A call has ended.</summary>
    public void OnFinished(ProxyCall call, SipMethod method, bool isAnswered)
    {
        Unlink(call);
        if (method != SipMethod.Invite) return;
        if (isAnswered) server.Counters.CallsAnswered++;
        else server.Counters.CallsFailed++;
    }

    /// <summary>Counts a call among those of its caller and of the callees, and leaves callees out who have as many as they may.</summary>
    /// <returns>The refusal; null when somebody is left to be called.</returns>
    private int? Count(CallRoute route, TargetSet targets)
    {
        while (route.Claims.Enter(Limits) is { } full)
        {
            if (full != CallClaims.Caller) targets.RemoveOwner(full);
            if (full != CallClaims.Caller && targets.Count > 0) continue;
            route.Claims.LeaveAll(Limits);
            return full == CallClaims.Caller ? Forbidden : BusyHere;
        }

        return null;
    }

    /// <returns>False when the request asks for too short a session.</returns>
    private static bool TryPlanSessionTimer(ref RequestContext request, bool isFollowed, out SessionTimer timer)
    {
        timer = default;
        if (request.Method is not (SipMethod.Invite or SipMethod.Update)) return true;
        TimeSpan wanted = request.Configuration.Proxy.SessionExpires;
        if (wanted == TimeSpan.Zero && (isFollowed || request.Route is { Claims.IsEmpty: false })) wanted = CountedSession;
        return wanted == TimeSpan.Zero || SessionTimer.TryPlan(request.Message, (uint)wanted.TotalSeconds, out timer);
    }

    private void Link(ProxyCall call)
    {
        call.NextOpen = _open;
        if (_open is not null) _open.PreviousOpen = call;
        _open = call;
    }

    private void Unlink(ProxyCall call)
    {
        if (call.PreviousOpen is null) _open = call.NextOpen;
        else call.PreviousOpen.NextOpen = call.NextOpen;
        if (call.NextOpen is not null) call.NextOpen.PreviousOpen = call.PreviousOpen;
        call.NextOpen = call.PreviousOpen = null;
    }

    private static ForwardingPlan PlanOf(ref RequestContext request)
    {
        bool hasBreadth = request.Message.TryGetNumber(HeaderId.MaxBreadth, out uint breadth) == HeaderStatus.Ok && breadth > 0;
        bool recordsRoute = MakesDialog(request.Method);
        bool isDisposed = request.Domain is not null && request.Message.Has(HeaderId.RequestDisposition);
        RequestDispositions disposition = isDisposed ? RequestDisposition.Read(request.Message) : default;
        bool isForAll = request.Method == SipMethod.Message && (disposition & RequestDispositions.Sequential) == 0;      // a person reads it on any device
        if (isForAll) disposition |= RequestDispositions.Parallel;
        return new ForwardingPlan(
            request.Routes,
            request.Mark,
            recordsRoute,
            IsCallerBehindNat: recordsRoute && SourceFlow.IsBehindNat(request.Message, request.Incoming.Flow),
            request.IsSecure,
            hasBreadth ? (int)Math.Min(breadth, DefaultMaxBreadth) : DefaultMaxBreadth,
            Recurses: request.Domain is not null && request.Configuration.Proxy.Recurse && (disposition & RequestDispositions.NoRecurse) == 0,
            AddsPath: request.Method == SipMethod.Register && request.Domain is { Role: DomainRole.Edge },
            Timer: default,
            IsCallerKnown: request.Caller == CallerKind.LocalUser,
            disposition);
    }

    /// <summary>True for methods that make dialogs, and for those that nobody here knows and that might.</summary>
    private static bool MakesDialog(SipMethod method) =>
        method is SipMethod.Invite or SipMethod.Subscribe or SipMethod.Notify or SipMethod.Refer or SipMethod.Unknown;
}
