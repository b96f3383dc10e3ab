using System.Buffers.Text;
using Parley.Core;
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
/// takes, with the waits of RFC 5626 4.5. One request is under way at a time. Source: RFC 3261 10.2.
/// </remarks>
public sealed class Registration : LoopTimer
{
    private const uint MostSeconds = 86_400;
    private static readonly TimeSpan BaseWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1800);
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(60);

    private readonly UserAgentCore _core;
    private readonly IRegistrationObserver _observer;
    private bool _isUnderWay;
    private bool _isRemoval;
    private bool _hasStood;
    private int _failures;
    private uint _sequence;

    internal Registration(UserAgentCore core, IRegistrationObserver observer)
    {
        (_core, _observer) = (core, observer);
        Tag = LocalTag.Create().ToBytes();
        CallId = core.CreateCallId();
    }

    /// <summary>Where it is.</summary>
    public RegistrationState State { get; private set; }

    /// <summary>Until when the registrar keeps the binding; <see cref="Instant.Never"/> when it has none.</summary>
    public Instant Expiry { get; private set; } = Instant.Never;

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

    internal void OnAccepted(uint lifetimeSeconds, ServiceRoute serviceRoute)
    {
        if (TryContinueRemoval()) return;
        _core.ServiceRoute = serviceRoute;
        Instant now = _core.Lane.Now;
        TimeSpan lifetime = TimeSpan.FromSeconds(lifetimeSeconds);
        (State, _hasStood, _failures, Expiry) = (RegistrationState.Registered, true, 0, now + lifetime);
        _core.Lane.Loop.Schedule(this, now + lifetime - Lead(lifetime));
        _observer.OnRegistered(lifetime);
    }

    internal void OnRefused(in SipMessageView response)
    {
        TimeSpan askedFor = response.TryGetParameterized(HeaderId.RetryAfter, out ParameterizedValueView after) == HeaderStatus.Ok
            && Utf8Parser.TryParse(after.Value, out uint seconds, out _) ? TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds)) : TimeSpan.Zero;
        OnFailed(new RegistrationFailure(response.StatusCode, WireText.From(response.ReasonPhrase), null), askedFor);
    }

    internal void OnFailed(RequestFailure failure) => OnFailed(RegistrationFailure.From(failure), TimeSpan.Zero);

    private void OnFailed(RegistrationFailure failure, TimeSpan leastWait)
    {
        if (TryContinueRemoval()) return;
        if (failure.Failure is null || _core.Lane.Now >= Expiry) _core.ServiceRoute = ServiceRoute.None;      // RFC 3608 6.1
        if (!_hasStood)
        {
            State = RegistrationState.Unregistered;
            _observer.OnFailed(failure, retryIn: null);
            return;
        }

        // Half of the wait is drawn, so that phones that failed together do not come back together.
        double doubled = BaseWait.TotalSeconds * Math.Pow(2, Math.Min(_failures++, 10));
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
        _core.ServiceRoute = ServiceRoute.None;
        _observer.OnUnregistered();
        return true;
    }

    private void Send(uint expires)
    {
        (_isUnderWay, _isRemoval) = (true, expires == 0);
        new RegisterRequest(_core, this, expires).Start();
    }

    /// <summary>How long before its end a binding is renewed: a fifth of its life, so that a lost answer leaves time for another try.</summary>
    private static TimeSpan Lead(TimeSpan lifetime)
    {
        TimeSpan lead = lifetime / 5;
        return lead < LongestLead ? lead : LongestLead;
    }
}
