using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.CallRecords;
using Parley.Server.Events.Dialogs;
using Parley.Server.Rules;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>A request that this server forwards statefully, with all its branches: the response context.</summary>
/// <remarks>
/// <code>
///   targets ----> [branches run] ----> no target left, no branch running: send the best response
///      ^  next group   |  |
///      +---------------+  +--- 2xx: send it at once, cancel the others
///         all failed      +--- 6xx, CANCEL, Timer C: cancel, start no more
/// </code>
/// Targets of equal preference run at once, groups one after the other. Ends when no branch runs: what still comes then (a
/// 2xx once more) goes from client to server transaction without it. One lane owns it; it is used again.
/// Source: RFC 3261 16.2, 16.6 to 16.10, RFC 3841 9.1, RFC 5393 5.
/// </remarks>
internal sealed partial class ProxyCall(ProxyCore proxy)
{
    private static readonly TimeSpan CancelTime = TimeSpan.FromSeconds(5);      // for a phone that has rung long enough to end its INVITE

    /// <summary>What the caller hears when no flow leads to a phone any more: 430 is for proxies.</summary>
    private const int Unreachable = 480;

    private SipServerTransaction _server = null!;
    private ForwardingPlan _plan;
    private BestResponse _best;
    private BranchList _branches;
    private int _groupPreference;
    private bool _isAnswered;       // a 2xx was sent
    private bool _isStopped;        // no further branch is to be started: CANCEL or 6xx
    private bool _isCancelled;
    private bool _isAwaited;        // a client transaction that has ended here leads to the server transaction
    private bool _hasRung;          // a provisional response was sent
    private CallRoute? _route;      // where the rules send the call that nobody answers
    private byte[]? _requestUri;    // with a route: whom the call is for
    private EarlyDialogs? _early;   // for a caller who wants to hear when one ends
    private CallHistory? _history;  // where the call has been; null where nobody is to be told

    /// <summary>Where the request may go; filled before <see cref="Start"/>.</summary>
    public TargetSet Targets { get; } = new();

    /// <summary>Who is shown as having the call; null when nobody of it is followed. Filled in before <see cref="Start"/>.</summary>
    public FollowedCall? Followed { get; set; }

    /// <summary>Its record; null when none is kept. Filled in before <see cref="Start"/>.</summary>
    public RecordedCall? Recorded { get; set; }

    /// <summary>The next of the lane's open calls.</summary>
    public ProxyCall? NextOpen { get; set; }

    /// <summary>The one before.</summary>
    public ProxyCall? PreviousOpen { get; set; }

    /// <summary>Starts the first branches.</summary>
    /// <param name="server">The request's transaction.</param>
    /// <param name="plan">What all its copies have in common.</param>
    /// <param name="route">Where the rules send the call when nobody answers; null when no rule applies.</param>
    /// <param name="requestUri">Whom it is for by now.</param>
    public void Start(SipServerTransaction server, in ForwardingPlan plan, CallRoute? route, ReadOnlySpan<byte> requestUri)
    {
        (_server, _plan) = (server, plan);
        if (route is not null) (_route, _requestUri, _history) = (route, requestUri.ToArray(), route.History);
        else if (server.Method == SipMethod.Invite && server.Request.Has(HeaderId.HistoryInfo)) _history = CallHistory.Begin(server.Request);
        server.State = this;
        if (server.Method == SipMethod.Invite && EarlyDialogs.AreWanted(server.Request)) _early = new EarlyDialogs();
        Followed?.OnSent();
        StartNext();
    }

    /// <summary>A response came on a branch.</summary>
    /// <remarks>Source: RFC 3261 16.7.</remarks>
    public void OnResponse(Branch branch, scoped in SipMessageView response)
    {
        int statusCode = response.StatusCode;
        if (branch.IsAgain && statusCode is not (100 or LoopDetected)) DropFirst(branch);
        switch (statusCode)
        {
            case 100:
                return;

            case < 200:
                if (branch.Transaction is { IsCancelled: false }) SetTimerC(branch);
                if (_isAnswered || !TryForward(branch, response)) return;
                _hasRung = true;
                Followed?.OnProvisional(Targets.OwnerOf(branch.Target), response);
                _early?.OnProvisional(branch, response);
                return;

            case 430 when Targets.IsOutbound(branch.Target):       // RFC 5626 7
                if (TryReserve(branch))
                {
                    StartNext();
                    return;
                }

                Remember(branch, statusCode);
                if (_best.IsBeatenBy(Unreachable)) _best.Replace(Unreachable, null);
                break;

            case 487 when branch.HasRungOut:
                Remember(branch, 408);
                if (_best.IsBeatenBy(408)) _best.Replace(408, null);
                break;

            case < 300 when TryForward(branch, response):
                OnAnswered(branch, response);
                _isAnswered = true;
                if (!Wants(RequestDispositions.NoCancel)) CancelBranches(except: branch, CancelReason.CompletedElsewhere);
                break;

            case < 300:
                // It has no Via but ours, or is too long (RFC 3261 16.7 step 3): the caller must not wait for what cannot reach him.
                if (_best.IsBeatenBy(502)) _best.Replace(502, null);
                break;

            case < 400 when TryRecurse(response):
                Remember(branch, statusCode);
                break;

            case 503 when branch.Transaction is { IsCancelled: false } && branch.TryTakeFlow(out SipFlow flow):
                Detach(branch);
                Send(branch, flow);     // the next server of the same target (RFC 3263 4.3)
                StartNext();
                return;

            default:
                Remember(branch, statusCode);
                if (statusCode >= 600) Stop(except: branch, CancelReason.Of(statusCode));
                if (_best.IsBeatenBy(statusCode)) _best.Replace(statusCode, proxy.Responses.Write(response, SourceOf(branch)));
                else _best.AddChallenges(response);
                break;
        }

        SipServerTransaction server = _server;
        List<byte[]>? over = statusCode >= 300 ? _early?.TakeOf(branch) : null;
        End(branch);
        StartNext();
        if (over is { Count: > 0 }) EarlyDialogs.Tell(server, over, statusCode);
    }

    /// <summary>A branch got no final response, or could not be sent.</summary>
    /// <param name="branch">The branch.</param>
    /// <param name="statusCode">What that counts as: 408 or 503 (RFC 3261 16.7, 16.9).</param>
    public void OnFailed(Branch branch, int statusCode)
    {
        bool isUnheard = branch.Transaction is { IsProceeding: false, IsCancelled: false };
        if (isUnheard && branch.TryTakeFlow(out SipFlow flow))
        {
            Detach(branch);
            Send(branch, flow);     // the next address of the same target (RFC 3261 16.6 step 7)
        }
        else if (!isUnheard || (!TryHoldInstead(branch, statusCode) && !TryReserve(branch)))
        {
            Fail(branch, statusCode);
        }

        StartNext();
    }

    /// <summary>The addresses of a branch's next hop are known.</summary>
    public void OnLocated(Branch branch, IReadOnlyList<SipFlow> flows)
    {
        branch.Location = null;
        branch.SetFlows(flows);
        if (branch.TryTakeFlow(out SipFlow flow)) Send(branch, flow);
        else if (!TryReserve(branch)) Fail(branch, 503);
        StartNext();
    }

    /// <summary>A branch has rung long enough.</summary>
    /// <remarks>Source: RFC 3261 16.8.</remarks>
    public void OnTimerC(Branch branch)
    {
        if (TryEndWait(branch)) return;
        if (!branch.HasRungOut && proxy.Lane.Now >= branch.RingDeadline && branch.Transaction is { IsProceeding: true } ringing)
        {
            branch.HasRungOut = true;
            ringing.Cancel(CancelReason.Of(408));
            proxy.Lane.Loop.Schedule(branch, proxy.Lane.Now + CancelTime);
            return;
        }

        if (branch.HasRungOut)
        {
            Fail(branch, 408);      // not even the CANCEL was answered
            StartNext();
            return;
        }

        if (branch.Transaction is { IsProceeding: true } transaction)
        {
            transaction.Cancel();       // its 487, or its silence, ends the branch
            return;
        }

        Fail(branch, 408);
        StartNext();
    }

    /// <summary>The caller gives up.</summary>
    /// <remarks>Source: RFC 3261 16.10.</remarks>
    /// <param name="cancel">The CANCEL: why it gives up goes on to the phones (RFC 3326 2).</param>
    public void Cancel(scoped in SipMessageView cancel)
    {
        if (_isCancelled) return;
        _isCancelled = true;
        Stop(except: null, CancelReason.In(cancel));
        StartNext();
    }

    /// <summary>The server shuts down: the caller gets 503 at once, and the branches are cancelled.</summary>
    public void Abandon()
    {
        if (!_isAnswered) _server.Respond(new SipReply(503) { Headers = "Retry-After: 30\r\n"u8 });
        Stop(except: null, reason: null);
        StartNext();
    }

    private void Stop(Branch? except, byte[]? reason)
    {
        _isStopped = true;
        CancelBranches(except, reason);
    }

    private void StartNext()
    {
        while (!_isStopped && !_isAnswered)
        {
            int preference = Targets.NextPreference;
            if (preference < 0 || _branches.Started >= proxy.MaxBranches || (_branches.Running > 0 && !MayRunBeside(preference))) break;
            if (_branches.Started > 0 && Wants(RequestDispositions.NoFork)) break;
            int breadth = ShareOfBreadth(preference);
            if (breadth == 0) break;
            _groupPreference = preference;
            StartBranch(Targets.Take(preference), breadth);
        }

        if (_branches.Running == 0) Finish();
    }

    /// <summary>True when a target may be tried while others are: one of the same group, unless the caller wants it otherwise.</summary>
    private bool MayRunBeside(int preference) =>
        !Wants(RequestDispositions.Sequential) && (preference == _groupPreference || Wants(RequestDispositions.Parallel));

    private bool Wants(RequestDispositions disposition) => (_plan.Disposition & disposition) != 0;

    /// <summary>Puts another way to the same phone in the place of a branch that did not get there.</summary>
    /// <returns>False when there is none.</returns>
    /// <remarks>Source: RFC 5626 7.</remarks>
    private bool TryReserve(Branch branch)
    {
        if (_isStopped || _isAnswered || _branches.Started >= proxy.MaxBranches) return false;
        int target = Targets.TakeReserve(branch.Target), breadth = branch.MaxBreadth;
        if (target < 0) return false;
        if (_best.IsBeatenBy(Unreachable)) _best.Replace(Unreachable, null);    // should that one bring nothing either
        End(branch);
        StartBranch(target, breadth);
        return true;
    }

    /// <summary>What one more branch of a group may have of the Max-Breadth that is left.</summary>
    /// <remarks>Source: RFC 5393 5.3.3.</remarks>
    private int ShareOfBreadth(int preference)
    {
        int left = _plan.MaxBreadth - _branches.BreadthInUse;
        return left <= 0 ? 0 : Math.Max(1, left / (Wants(RequestDispositions.Parallel) ? Targets.CountLeftInAll : Targets.CountLeft(preference)));
    }

    private void StartBranch(int target, int maxBreadth)
    {
        Branch branch = proxy.RentBranch();
        branch.Begin(this, target, maxBreadth);
        _branches.Add(branch);
        if (_history is not null) branch.HistoryNumber = _history.AddBranch();
        if (Targets.IsAsleep(target)) Hold(branch);
        else Dispatch(branch);
    }

    /// <summary>Sends a branch to its target, once the way there is known.</summary>
    private void Dispatch(Branch branch)
    {
        int target = branch.Target;
        if (Targets.TryGetFlow(target, out SipFlow flow))
        {
            Send(branch, flow);
            return;
        }

        if (!RequestForwarder.TryGetNextHop(_server.Request, _plan.Routes, Targets.UriOf(target), Targets.PathOf(target), out SipUriView nextHop))
        {
            Fail(branch, 503);
        }
        else if (SipLane.TryLocate(nextHop, out flow, IsSecure(target)))
        {
            Send(branch, flow);
        }
        else
        {
            branch.Location = new BranchLocation(branch);
            proxy.Lane.Locate(nextHop, branch.Location, IsSecure(target));
        }
    }

    private bool IsSecure(int target) => _plan.IsSecure || Targets.IsSecure(target);

    private void Send(Branch branch, in SipFlow flow)
    {
        Recorded?.OnTarget(Targets.UriOf(branch.Target));
        bool isBehindNat = Targets.TryGetFlow(branch.Target, out _);
        Span<byte> id = stackalloc byte[SipLane.MaxBranchBytes + LoopMark.LengthBytes];
        int length = proxy.Lane.WriteBranch(id);
        _plan.Mark.Write(id[length..]);
        id = id[..(length + LoopMark.LengthBytes)];
        PooledBuffer? request = proxy.Requests.Write(
            _server.Request, _server.Flow, _plan, Targets.UriOf(branch.Target), Targets.PathOf(branch.Target), flow, isBehindNat, branch.MaxBreadth, id,
            _history, branch.HistoryNumber, KindOf(branch), out SipFlow sendOver);
        if (request is null)
        {
            Fail(branch, 513);
            return;
        }

        branch.Transaction = proxy.Lane.SendRequest(_server.Method, id, request, sendOver, proxy.User, branch);
        if (branch.Transaction is null)
        {
            Fail(branch, 503);
            return;
        }

        if (_route is { RingTime: { Ticks: > 0 } ringTime }) branch.RingDeadline = proxy.Lane.Now + ringTime;
        if (!branch.WasHeld && Targets.PhoneOf(branch.Target) is not null) branch.UnheardDeadline = proxy.Lane.Now + UnheardTime;
        SetTimerC(branch);
    }

    private void SetTimerC(Branch branch)
    {
        bool isInvite = _server.Method == SipMethod.Invite;
        if (!isInvite && branch.UnheardDeadline == Instant.Never) return;
        Instant end = isInvite ? Instant.Min(branch.RingDeadline, proxy.Lane.Now + proxy.TimerC) : Instant.Never;
        proxy.Lane.Loop.Schedule(branch, Instant.Min(end, branch.UnheardDeadline));
    }

    /// <returns>False when nothing of it can go on.</returns>
    private bool TryForward(Branch branch, scoped in SipMessageView response)
    {
        byte[] added = response.StatusCode is < 200 or >= 300 ? [] : _plan.AddsPath ? FlowTimer.RowFor(response, _server.Flow, proxy.FlowTimer) : _plan.Timer.RowsFor(response);
        if (proxy.Responses.Write(response, SourceOf(branch), added) is not { } message) return false;
        _server.Respond(response.StatusCode, message);
        return true;
    }

    private static NetworkAddress SourceOf(Branch branch) => branch.Transaction?.Flow.Remote ?? default;

    /// <summary>A 2xx was forwarded: the call counts until its end, or goes on counting.</summary>
    private void OnAnswered(Branch branch, scoped in SipMessageView response)
    {
        if (_server.Method is not (SipMethod.Invite or SipMethod.Update)) return;
        if (_route is { Claims.IsEmpty: false } || Followed is not null || Recorded is not null)
        {
            Track(branch, response);
        }
        else if (proxy.Calls.Count > 0)
        {
            proxy.Calls.OnRefreshed(response, _plan.Timer.IntervalOf(response));
        }
    }

    private void Track(Branch branch, scoped in SipMessageView response)
    {
        if (_isAnswered) return;
        int owner = Targets.OwnerOf(branch.Target);
        _route?.Claims.KeepFor(owner, proxy.Limits);
        Followed?.OnAnswered(owner, response);
        Recorded?.OnAnswered(response);
        proxy.Calls.Add(response, _plan.Timer.IntervalOf(response), _route?.Claims.Held ?? [], Followed, Recorded);
        _route?.Claims.LeaveAll(limits: null);
        (Followed, Recorded) = (null, null);
    }

    private void Fail(Branch branch, int statusCode)
    {
        Remember(branch, statusCode);
        if (_best.IsBeatenBy(statusCode)) _best.Replace(statusCode, null);
        End(branch);
    }

    /// <summary>What comes later is told that this target did not answer the call (RFC 7044 9.3).</summary>
    private void Remember(Branch branch, int statusCode) => _history?.OnFailed(branch.HistoryNumber, Targets.UriOf(branch.Target), KindOf(branch), statusCode);

    private void End(Branch branch)
    {
        Detach(branch);
        proxy.Lane.Loop.Schedule(branch, Instant.Never);
        _branches.Remove(branch);
        int owner = Targets.OwnerOf(branch.Target);
        if (Followed is not null && !_branches.HasOneOf(Targets, owner)) Followed.OnFailed(owner);      // nobody calls him any more
        proxy.Return(branch);
    }

    /// <summary>What the branch's transaction still delivers is a 2xx once more: that goes straight back.</summary>
    private void Detach(Branch branch)
    {
        if (branch.Transaction is not { } transaction) return;
        branch.Transaction = null;
        if (!_isAnswered || _server.Method != SipMethod.Invite) transaction.Release();
        else if (!transaction.TryRelease(_server)) (transaction.State, _isAwaited) = (_server, true);
    }

    private void CancelBranches(Branch? except, byte[]? reason)
    {
        Branch? next;
        for (Branch? branch = _branches.First; branch is not null; branch = next)
        {
            next = branch.Next;
            if (ReferenceEquals(branch, except)) continue;
            if (branch.Transaction is { } transaction) transaction.Cancel(reason);
            else Fail(branch, 487);     // it was not sent yet
        }
    }

    /// <summary>Takes the contacts of a redirection for targets, where that is wished and one more can be tried.</summary>
    /// <returns>False when the response is to be treated like any other.</returns>
    private bool TryRecurse(scoped in SipMessageView response) =>
        _plan.Recurses && !_isStopped && !_isAnswered && _branches.Started < proxy.MaxBranches && Redirection.TryAdd(Targets, response, _plan.IsSecure);

    /// <summary>No branch runs and none is to come: the best response goes back, unless a 2xx did.</summary>
    private void Finish()
    {
        CallRoute? diverted = TryDivert() ? _route : null;
        SipServerTransaction server = _server;
        _route?.Claims.LeaveAll(proxy.Limits);      // counted anew where it goes next
        Followed?.OnOver();
        if (Recorded is not null) EndRecord(diverted);
        if (!_isAnswered && diverted is null) _best.Send(server, proxy.Responses, _isCancelled);
        proxy.OnFinished(this, _server.Method, _isAnswered);
        _server.State = null;
        if (!_isAwaited && diverted is null) _server.Release();
        _best.Clear();
        Targets.Clear();
        (_server, _plan, _branches, _groupPreference) = (null!, default, default, 0);
        (_isAnswered, _isStopped, _isCancelled, _isAwaited, _hasRung) = (false, false, false, false, false);
        (_route, _requestUri, _history, _early, Followed, Recorded) = (null, null, null, null, null, null);
        proxy.Return(this);
        if (diverted is not null) proxy.Divert(server, diverted);
    }

    /// <summary>The call goes on elsewhere with its record, or has ended unanswered.</summary>
    private void EndRecord(CallRoute? diverted)
    {
        int status = _best.StatusCode is 0 ? 408 : _best.StatusCode;
        if (diverted is not null) diverted.Recorded = Recorded;
        else if (_isCancelled) Recorded!.OnFailed(status == 408 ? 487 : status, CallEnder.Caller);
        else Recorded!.OnFailed(status, status == 408 ? CallEnder.Server : CallEnder.Callee);
    }

    private TargetKind KindOf(Branch branch)
    {
        if (_history is null) return default;
        ReadOnlySpan<byte> asked = _requestUri ?? _server.Request.RequestUri;
        return Targets.UriOf(branch.Target).SequenceEqual(asked) ? TargetKind.Same : _route is { IsForGroup: true } ? TargetKind.OtherUser : TargetKind.Contact;
    }

    /// <summary>Sends the call elsewhere, where the rules say so. After a 6xx no other phone is tried (RFC 3261 16.7 step 5); where the callee's own rules send such calls is for them to say.</summary>
    private bool TryDivert()
    {
        if (_route is null || _isAnswered || _isCancelled || _server.IsFinished || (_isStopped && _best.StatusCode < 600)) return false;
        int statusCode = _best.StatusCode is 0 ? 408 : _best.StatusCode;
        return _route.After(statusCode, _hasRung, out DiversionReason reason) is { } target && _route.TryDivert(target, _requestUri, reason);
    }
}
