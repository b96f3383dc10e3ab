using System.Buffers.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Registrations;

/// <summary>Keeps one binding at a registrar: registers, renews it in time, tries again after failures, and removes it.</summary>
/// <remarks>
/// <code>
///                Register                  200                    due: REGISTER
/// Unregistered ------------> Registering -------> Registered --------------------+
///   ^   ^                       |                  |  ^  ^                       |
///   |   +-----------------------+                  |  |  +-------- 200 ----------+
///   |          refused                  Unregister |  | 200                      | refused
///   |                                              v  |                          v
///   +----------- answer ----------------- Unregistering &lt;-- Unregister ------ Waiting (then REGISTER)
/// </code>
/// A first registration that is refused is not tried again: who asked for it hears why. One that stood is, for as long as it
/// takes, with the waits of RFC 5626 4.5. One request is under way at a time. A device with a name is bound to the flow that it
/// registered over: that is kept open, and when it fails another is made. Source: RFC 3261 10.2, RFC 5626 4, RFC 5627 4.
/// </remarks>
public sealed class Registration : LoopTimer, IKeepAliveObserver
{
    private const uint MostSeconds = 86_400;
    private static readonly TimeSpan BaseWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1800);
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PushMargin = TimeSpan.FromSeconds(10);

    private readonly UserAgentCore _core;
    private readonly IRegistrationObserver _observer;
    private bool _isUnderWay;
    private bool _isRemoval;
    private bool _hasStood;
    private int _failures;
    private SipKeepAlive? _keepAlive;
    private SipFlow _flow;
    private bool _isFlowProven;         // an answer has come over it since it was registered (RFC 5626 4.5)
    private uint _sequence;

    internal Registration(UserAgentCore core, IRegistrationObserver observer)
    {
        (_core, _observer) = (core, observer);
        UsesOutbound = core.Options.Instance is not null;
        Tag = LocalTag.Create().ToBytes();
        CallId = core.CreateCallId();
    }

    /// <summary>Where it is.</summary>
    public RegistrationState State { get; private set; }

    /// <summary>Until when the registrar keeps the binding; <see cref="Instant.Never"/> when it has none.</summary>
    public Instant Expiry { get; private set; } = Instant.Never;

    /// <summary>True when it asks to be bound to its flow.</summary>
    internal bool UsesOutbound { get; set; }

    /// <summary>The flow that it is bound to; null without one, and when that is over.</summary>
    internal SipFlow? StandingFlow => _keepAlive is { } keepAlive && keepAlive.IsFor(_flow) ? _flow : null;

    internal byte[] Tag { get; }

    internal byte[] CallId { get; }

    /// <summary>Registers, or renews the binding now.</summary>
    public void Register()
    {
        if (State == RegistrationState.Unregistering || _isUnderWay) return;
        if (State == RegistrationState.Unregistered) State = RegistrationState.Registering;
        Send((uint)_core.Options.RegistrationExpiry.TotalSeconds);
    }

    /// <summary>Removes the binding.</summary>
    public void Unregister()
    {
        if (State is RegistrationState.Unregistered or RegistrationState.Unregistering) return;
        State = RegistrationState.Unregistering;
        _core.Lane.Loop.Schedule(this, Instant.Never);
        if (!_isUnderWay) Send(0);      // else once the answer is there (RFC 3261 10.2)
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => Register();

    internal uint NextSequence() => ++_sequence;

    internal void OnAccepted(in RegisterAnswer answer)
    {
        if (TryContinueRemoval()) return;
        (_core.ServiceRoute, _core.Gruu, _core.IsOutbound, _core.PushService) = (answer.ServiceRoute, answer.Gruu, answer.IsOutbound, answer.Push);
        KeepFlow(answer);
        Instant now = _core.Lane.Now;
        TimeSpan lifetime = answer.Lifetime;
        (State, _hasStood, Expiry) = (RegistrationState.Registered, true, now + lifetime);
        _core.Lane.Loop.Schedule(this, now + lifetime - Lead(lifetime, answer.Push?.RefreshBefore ?? TimeSpan.Zero));
        _observer.OnRegistered(lifetime);
    }

    internal void OnRefused(in SipMessageView response)
    {
        TimeSpan askedFor = response.TryGetParameterized(HeaderId.RetryAfter, out ParameterizedValueView after) == HeaderStatus.Ok
            && Utf8Parser.TryParse(after.Value, out uint seconds, out _) ? TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds)) : TimeSpan.Zero;
        OnFailed(new RegistrationFailure(response.StatusCode, WireText.From(response.ReasonPhrase), null), askedFor);
    }

    internal void OnFailed(RequestFailure failure)
    {
        ForgetFlow();       // whatever it was that did not answer: the next try finds its own way
        OnFailed(RegistrationFailure.From(failure), TimeSpan.Zero);
    }

    /// <inheritdoc/>
    void IKeepAliveObserver.OnAlive() => (_isFlowProven, _failures) = (true, 0);

    /// <summary>A flow that has served is replaced at once; one that never did counts as a failure to register.</summary>
    /// <remarks>Source: RFC 5626 4.5.</remarks>
    void IKeepAliveObserver.OnFlowFailed()
    {
        bool wasProven = _isFlowProven;
        ForgetFlow();
        if (State != RegistrationState.Registered || _isUnderWay) return;
        var failure = new RegistrationFailure(503, "The flow to the registrar has failed", RequestFailure.TransportFailed);
        if (!wasProven)
        {
            OnFailed(failure, TimeSpan.Zero);
            return;
        }

        State = RegistrationState.Waiting;
        _core.Lane.Loop.Schedule(this, _core.Lane.Now);
        _observer.OnFailed(failure, TimeSpan.Zero);
    }

    private void KeepFlow(in RegisterAnswer answer)
    {
        if (!answer.IsOutbound)
        {
            ForgetFlow();
            _failures = 0;
        }
        else if (_keepAlive is { } keepAlive && keepAlive.IsFor(answer.Flow))
        {
            keepAlive.SetInterval(answer.FlowTimer);
        }
        else
        {
            ForgetFlow();
            _flow = answer.Flow;
            _keepAlive = SipKeepAlive.Start(_core.Lane, _flow, answer.FlowTimer, _core.Random, this);
        }
    }

    private void ForgetFlow()
    {
        _keepAlive?.Stop();
        (_keepAlive, _isFlowProven) = (null, false);
    }

    /// <summary>What holds as long as the binding only.</summary>
    private void ForgetAnswer() => (_core.ServiceRoute, _core.Gruu, _core.IsOutbound, _core.PushService) = (ServiceRoute.None, null, false, null);

    private void OnFailed(RegistrationFailure failure, TimeSpan leastWait)
    {
        if (TryContinueRemoval()) return;
        if (failure.Failure is null || _core.Lane.Now >= Expiry) ForgetAnswer();      // RFC 3608 6.1
        if (!_hasStood)
        {
            ForgetFlow();
            State = RegistrationState.Unregistered;
            _observer.OnFailed(failure, retryIn: null);
            return;
        }

        // Half of the wait is drawn, so that phones that failed together do not come back together.
        double doubled = BaseWait.TotalSeconds * Math.Pow(2, Math.Min(++_failures, 10));
        TimeSpan wait = TimeSpan.FromSeconds(Math.Min(doubled, LongestWait.TotalSeconds) * (0.5 + (_core.Random.NextDouble() / 2)));
        if (wait < leastWait) wait = leastWait;
        State = RegistrationState.Waiting;
        _core.Lane.Loop.Schedule(this, _core.Lane.Now + wait);
        _observer.OnFailed(failure, wait);
    }

    /// <summary>The request under way has its answer: when the binding is to go, what comes next.</summary>
    private bool TryContinueRemoval()
    {
        _isUnderWay = false;
        if (State != RegistrationState.Unregistering) return false;
        if (!_isRemoval)
        {
            Send(0);
            return true;
        }

        (State, _hasStood, Expiry) = (RegistrationState.Unregistered, false, Instant.Never);
        ForgetAnswer();
        ForgetFlow();
        _observer.OnUnregistered();
        return true;
    }

    private void Send(uint expires)
    {
        (_isUnderWay, _isRemoval) = (true, expires == 0);
        new RegisterRequest(_core, this, expires).Start();
    }

    /// <summary>How long before its end a binding is renewed: a fifth of its life, so that a lost answer leaves time for another try; or before the phone would be woken for it.</summary>
    /// <param name="lifetime">How long it lives.</param>
    /// <param name="least">What the registrar wants at least (RFC 8599 4.1.4).</param>
    private static TimeSpan Lead(TimeSpan lifetime, TimeSpan least)
    {
        TimeSpan lead = lifetime / 5;
        if (lead > LongestLead) lead = LongestLead;
        if (least == TimeSpan.Zero) return lead;
        least += PushMargin;
        return least < lifetime * 0.9 ? (least > lead ? least : lead) : lifetime * 0.9;
    }
}
