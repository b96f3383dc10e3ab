using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Proxy;

/// <summary>One forwarded copy of a request, from its target until its final response; as a timer it is Timer C.</summary>
/// <remarks>Belongs to one <see cref="ProxyCall"/> at a time and is used again. Source: RFC 3261 16.6, 16.8.</remarks>
internal sealed class Branch : LoopTimer
{
    private IReadOnlyList<SipFlow> _flows = [];
    private int _nextFlow;

    /// <summary>The call that it is part of; null while nobody uses it.</summary>
    public ProxyCall? Call { get; private set; }

    /// <summary>Index of its target.</summary>
    public int Target { get; private set; }

    /// <summary>The Max-Breadth that it takes from its call's.</summary>
    public int MaxBreadth { get; private set; }

    /// <summary>The transaction, once the request was sent.</summary>
    public SipClientTransaction? Transaction { get; set; }

    /// <summary>The look-up that it waits for.</summary>
    public BranchLocation? Location { get; set; }

    /// <summary>Its place among the requests that wait for phones; null while it waits for none.</summary>
    public HeldBranch? Held { get; set; }

    /// <summary>True once its phone was to be woken.</summary>
    public bool WasHeld { get; set; }

    /// <summary>True for one that goes to a phone to which the request was sent before by another way.</summary>
    public bool IsAgain { get; set; }

    /// <summary>When its phone is woken unless something is heard of it; <see cref="Instant.Never"/> for phones that are not.</summary>
    public Instant UnheardDeadline { get; set; } = Instant.Never;

    /// <summary>The next branch of the call.</summary>
    public Branch? Next { get; set; }

    /// <summary>When its phone has rung long enough; <see cref="Instant.Never"/> when Timer C alone counts.</summary>
    public Instant RingDeadline { get; set; } = Instant.Never;

    /// <summary>True once it was cancelled because its phone had rung long enough.</summary>
    public bool HasRungOut { get; set; }

    /// <summary>Its number in the call's history; 0 while none is kept.</summary>
    public int HistoryNumber { get; set; }

    /// <summary>Starts a life.</summary>
    public void Begin(ProxyCall call, int target, int maxBreadth) => (Call, Target, MaxBreadth) = (call, target, maxBreadth);

    /// <summary>Ends it.</summary>
    public void End()
    {
        if (Location is not null) Location.Branch = null;
        Held?.Leave();
        (Call, Transaction, Location, Next) = (null, null, null, null);
        (Held, WasHeld, IsAgain, UnheardDeadline) = (null, false, false, Instant.Never);
        (_flows, _nextFlow) = ([], 0);
        (RingDeadline, HasRungOut, HistoryNumber) = (Instant.Never, false, 0);
    }

    /// <summary>Sets the flows that lead to the target, to be tried one after the other.</summary>
    public void SetFlows(IReadOnlyList<SipFlow> flows) => (_flows, _nextFlow) = (flows, 0);

    /// <summary>Takes the next flow that was not tried.</summary>
    public bool TryTakeFlow(out SipFlow flow)
    {
        bool isLeft = _nextFlow < _flows.Count;
        flow = isLeft ? _flows[_nextFlow++] : default;
        return isLeft;
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => Call?.OnTimerC(this);
}

/// <summary>A branch that waits for the addresses of its next hop; the branch may end first.</summary>
internal sealed class BranchLocation(Branch branch) : SipLocateRequest
{
    /// <summary>The branch; null once it does not want to know.</summary>
    public Branch? Branch { get; set; } = branch;

    /// <inheritdoc/>
    public override void OnLocated(Instant now, IReadOnlyList<SipFlow> flows) => Branch?.Call?.OnLocated(Branch, flows);
}
