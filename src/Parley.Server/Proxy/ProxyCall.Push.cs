using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <remarks>
/// Branches to phones that may sleep. One whose phone sleeps is not sent: the phone is woken, and when it has registered the branch goes where it came from.
/// One that is sent over a connection which stands, though the phone may have been suspended, has the phone woken when nothing is heard of it. Source: RFC 8599 5.6.2, 6.2.3.
/// </remarks>
internal sealed partial class ProxyCall
{
    /// <summary>How long nothing is heard of a phone that seems awake before it is woken.</summary>
    private static readonly TimeSpan UnheardTime = TimeSpan.FromSeconds(2);

    /// <summary>How long requests other than INVITE wait: those who sent them give up after 32 s, and the phone needs some of that (RFC 8599 5.6.2).</summary>
    private static readonly TimeSpan LongestOtherWait = TimeSpan.FromSeconds(10);

    private const int LoopDetected = 482;

    /// <summary>A phone has registered after it was woken, or cannot be woken.</summary>
    public void OnWoken(Branch branch, HeldBranch held)
    {
        branch.Held = null;
        if (branch.Transaction is { IsProceeding: true }) return;       // it was awake
        LanePush push = proxy.Push!;
        if (!held.HasCome || !push.TryFind(held.Phone.AddressOfRecord, held.Phone.Id, out Binding binding, out _) || !SipUriView.TryParse(binding.Contact, out SipUriView uri))
        {
            if (branch.Transaction is not null) return;
            Fail(branch, Unreachable);
            StartNext();
            return;
        }

        bool isConnected = PhoneToWake.TryGetConnection(proxy.Lane, binding, out SipFlow flow, out _);
        SipFlow? found = isConnected ? flow : FindTargets.FlowTo(proxy.Lane, binding, uri, out _);
        if (branch.Transaction is { } sent)
        {
            if (found is null || (sent.Flow.Transport == found.Value.Transport && sent.Flow.Remote == found.Value.Remote)) return;      // it reads there what was sent
            SendAgain(branch, binding, uri, found);
        }
        else
        {
            proxy.Lane.Loop.Schedule(branch, Instant.Never);
            Move(branch.Target, held.Phone, binding, uri, found);
            Dispatch(branch);
        }

        StartNext();
    }

    /// <summary>Wakes the phone of a branch and waits for it.</summary>
    private void Hold(Branch branch)
    {
        if (!TryHold(branch))
        {
            Fail(branch, Unreachable);
            return;
        }

        if (_server.Method == SipMethod.Invite && !_hasRung && !_isAnswered) _server.Respond(new SipReply(100));
        TimeSpan wait = proxy.Push!.Options.Wait;
        if (_server.Method != SipMethod.Invite && wait > LongestOtherWait) wait = LongestOtherWait;
        proxy.Lane.Loop.Schedule(branch, proxy.Lane.Now + wait);
    }

    private bool TryHold(Branch branch)
    {
        if (proxy.Push is not { } push || Targets.PhoneOf(branch.Target) is not { } phone) return false;
        branch.UnheardDeadline = Instant.Never;
        branch.WasHeld = true;
        var held = new HeldBranch(branch, phone, push, proxy.Completions);
        if (!push.Bucket.TryHold(held, _server.Request)) return false;
        branch.Held = held;
        return true;
    }

    /// <summary>The time of a branch with a phone that may sleep has come.</summary>
    /// <returns>False when it is another time that has.</returns>
    private bool TryEndWait(Branch branch)
    {
        if (branch.Transaction is null && branch.Location is null && branch.WasHeld)
        {
            Fail(branch, Unreachable);      // it has not come
            StartNext();
            return true;
        }

        if (branch.Transaction is null || proxy.Lane.Now < branch.UnheardDeadline) return false;
        branch.UnheardDeadline = Instant.Never;
        if (branch.Transaction is { IsProceeding: false, IsCancelled: false }) TryHold(branch);
        SetTimerC(branch);
        return true;
    }

    /// <summary>The connection to a phone broke when the request was to go over it: it sleeps.</summary>
    /// <returns>False when there is nobody to be woken.</returns>
    private bool TryHoldInstead(Branch branch, int statusCode)
    {
        if (statusCode != 503 || _isStopped || _isAnswered || Targets.PhoneOf(branch.Target) is null) return false;
        if (branch.Held is null && branch.WasHeld) return false;
        Detach(branch);
        if (branch.Held is null) Hold(branch);
        else proxy.Lane.Loop.Schedule(branch, proxy.Lane.Now + LongestOtherWait);
        return true;
    }

    /// <summary>A phone that seemed awake has come by another way. What was sent may yet be read, so both go on until the phone tells which it has.</summary>
    private void SendAgain(Branch branch, scoped in Binding binding, scoped in SipUriView uri, SipFlow? flow)
    {
        if (_isStopped || _isAnswered || _branches.Started >= proxy.MaxBranches) return;
        int target = branch.Target;
        Move(target, Targets.PhoneOf(target)!, binding, uri, flow);
        Branch again = proxy.RentBranch();
        again.Begin(this, target, maxBreadth: 1);
        (again.IsAgain, again.WasHeld) = (true, true);
        _branches.Add(again);
        Dispatch(again);
    }

    /// <summary>A phone has the request that was sent to it again: the first one was lost.</summary>
    private void DropFirst(Branch again)
    {
        again.IsAgain = false;
        for (Branch? branch = _branches.First; branch is not null; branch = branch.Next)
        {
            if (ReferenceEquals(branch, again) || branch.Target != again.Target || branch.Transaction is { IsProceeding: true }) continue;
            End(branch);
            return;
        }
    }

    private void Move(int target, PhoneToWake phone, scoped in Binding binding, scoped in SipUriView uri, SipFlow? flow)
    {
        if (phone.IsInDialog) Targets.Move(target, flow);
        else Targets.Move(target, uri, binding.Path, flow, isForSip: !_plan.IsSecure);
    }
}
