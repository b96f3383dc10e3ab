using System.Buffers;
using Parley.Endpoint.Sip;
using Parley.Server.Authentication;
using Parley.Server.CallRecords;
using Parley.Server.Calls;
using Parley.Server.Events;
using Parley.Server.Messages;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Redirect;
using Parley.Server.Registrar;
using Parley.Server.Rules;
using Parley.Server.Services;
using Parley.Sip.Messages;

namespace Parley.Server.Hosting;

/// <summary>The server above one lane: runs each request through the chain of steps, and gives responses to the calls they belong to.</summary>
/// <remarks>Everything in it is the lane's own, so nothing here is locked.</remarks>
internal sealed class ServerLane : ITransactionUser
{
    private readonly Step[] _steps;     // each is called for every request: that is cheaper than to find out each time what the interface's member is
    private readonly int _firstTargetStep;      // those from here on find out where a request goes, the others whether it may go there
    private readonly RegistrationPool _registrations = new();

    /// <summary>The server above a lane.</summary>
    /// <param name="server">What the lanes share.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="services">The users that the server itself is.</param>
    /// <param name="added">Steps of the programmer's; they run when the caller is known and before targets are looked for.</param>
    public ServerLane(ServerState server, SipLane lane, ILocalService[] services, IReadOnlyList<IRequestStep> added)
    {
        (Server, Lane, Services) = (server, lane, services);
        Completions = new LaneCompletions(lane);
        Registrations = new LaneRegistrations(lane, server.Location);
        Calls = new CallTable(lane, server.Limits);
        Push = server.Push is { } bucket ? new LanePush(this, bucket) : null;
        Gruus = new TemporaryGruus(server, lane.Loop.Time);
        Proxy = new ProxyCore(this);
        Events = new LaneEvents(server, lane);
        Deliveries = new LaneDeliveries(this, Events.Core);
        var credentials = new CredentialsCheck(server, lane);
        IRequestStep[] steps =
        [
            new RefuseWhenStopping(server),
            new ScreenNetworks(),
            new ValidateRequest(),
            new PreprocessRoute(server),
            new AnswerForServer(),
            new ServeRegister(server, credentials, _registrations),
            new DetectLoop(server),
            new PassToRegistrar(server),
            new IdentifyCaller(server, credentials),
            new AuthorizeRelay(),
            new ScreenCalls(),
            new TakeQualityReports(server),
            new ServeEvents(server, Events),
        ];
        _firstTargetStep = steps.Length;
        steps =
        [
            .. steps,
            .. added,
            new FollowRules(server),
            new ServeLocally(services),
            new StoreMessages(server),
            new RedirectToContacts(server),
            new FindTargets(server),
        ];
        _steps = Array.ConvertAll(steps, step => new Step(step.Run));
    }

    private delegate StepResult Step(ref RequestContext request);

    /// <summary>What the lanes share.</summary>
    public ServerState Server { get; }

    /// <summary>The lane.</summary>
    public SipLane Lane { get; }

    /// <summary>The answered calls that count for somebody.</summary>
    public CallTable Calls { get; }

    /// <summary>The calls that the lane forwards.</summary>
    public ProxyCore Proxy { get; }

    /// <summary>Makes and reads temporary GRUUs.</summary>
    public TemporaryGruus Gruus { get; }

    /// <summary>How phones are woken; null where none are.</summary>
    public LanePush? Push { get; }

    /// <summary>The texts that the lane delivers.</summary>
    public LaneDeliveries Deliveries { get; }

    /// <summary>The subscriptions that the lane has.</summary>
    public LaneEvents Events { get; }

    /// <summary>The users that the server itself is.</summary>
    public IReadOnlyList<ILocalService> Services { get; }

    /// <summary>What other threads finish for the lane.</summary>
    public LaneCompletions Completions { get; }

    /// <summary>REGISTERs that are applied when the round ends.</summary>
    public LaneRegistrations Registrations { get; }

    /// <summary>What a step looked up last: a view over it is valid until the next look-up.</summary>
    public ArrayBufferWriter<byte> Found { get; } = new();

    /// <summary>What the lane has counted.</summary>
    public LaneCounters Counters { get; } = new();

    /// <summary>What is under way: requests that are forwarded, REGISTERs that are saved, calls of services.</summary>
    public int OpenWork => Proxy.OpenCalls + OpenRegistrations + Services.Sum(service => service.OpenCalls);

    /// <summary>REGISTERs that are not answered yet.</summary>
    public int OpenRegistrations => _registrations.Outstanding;

    /// <inheritdoc/>
    public void OnRequest(in SipIncomingRequest request)
    {
        if (Completions.IsWaiting) Completions.Run(Lane.Now);
        if (request.Message.Method == SipMethod.Cancel)
        {
            OnCancel(request);
            return;
        }

        var context = new RequestContext(this, request);
        Run(ref context);
    }

    /// <inheritdoc/>
    public void OnResponse(SipClientTransaction transaction, in SipMessageView response) => Proxy.OnResponse(transaction, response);

    /// <inheritdoc/>
    public void OnResponseAgain(in SipMessageView response, in SipFlow upstream) => Proxy.OnResponseAgain(response, upstream);

    /// <inheritdoc/>
    public void OnTimeout(SipClientTransaction transaction) => ProxyCore.OnFailed(transaction, 408);

    /// <inheritdoc/>
    public void OnTransportFailed(SipClientTransaction transaction) => ProxyCore.OnFailed(transaction, 503);

    /// <inheritdoc/>
    public void OnServerFailed(SipServerTransaction transaction)
    {
        // The caller is out of reach. RFC 3261 16.9: that is no reason to cancel the branches, or a bad Via could.
    }

    /// <inheritdoc/>
    public void OnStrayResponse(in SipMessageView response, in SipFlow flow) => Counters.StrayResponses++;

    /// <summary>Runs a request through the chain once more when the accounts are up to date.</summary>
    /// <returns>False when they are, or too many wait: answer from what is known.</returns>
    public bool RunAgainWithFreshAccounts(ref RequestContext request)
    {
        if (request.AreAccountsFresh || request.Method == SipMethod.Ack) return false;
        SipServerTransaction? transaction = request.Incoming.CreateTransaction(this);
        if (transaction is null) return true;
        if (Server.Accounts.TryRefresh(new ParkedRequest(this, transaction, request.Caller, request.Route))) return true;
        RunAgain(transaction, request.Caller, request.Route);
        return true;
    }

    /// <summary>Runs a parked request.</summary>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="caller">Who sent it, as far as that was known.</param>
    /// <param name="route">What rules have made of it; null when none applied.</param>
    public void RunAgain(SipServerTransaction transaction, CallerKind caller, CallRoute? route)
    {
        if (transaction.IsFinished) return;
        if (route is { Target.IsEmpty: false })
        {
            RunAgain(transaction, route, areAccountsFresh: true);
            return;
        }

        var context = new RequestContext(this, transaction.Resume()) { AreAccountsFresh = true, Caller = caller };
        Run(ref context);
    }

    /// <summary>Looks for the targets of a call that was sent elsewhere.</summary>
    /// <param name="transaction">The transaction of its INVITE.</param>
    /// <param name="route">Where it goes.</param>
    /// <param name="areAccountsFresh">True when the accounts were brought up to date for it.</param>
    public void RunAgain(SipServerTransaction transaction, CallRoute route, bool areAccountsFresh = false)
    {
        var context = new RequestContext(this, transaction.Resume())
        {
            AreAccountsFresh = areAccountsFresh, Caller = route.Caller, Routes = route.Routes, Mark = route.Mark, Route = route,
        };
        context.Retarget(route.Target);
        RunTargets(ref context);
    }

    /// <summary>Runs a request through the steps that find out where it goes.</summary>
    public StepResult RunTargets(ref RequestContext context) => RunFrom(_firstTargetStep, ref context);

    /// <summary>Ends what would go on for long: calls of services, and where <paramref name="alsoRinging"/> what still rings.</summary>
    public void EndCalls(bool alsoRinging)
    {
        foreach (ILocalService service in Services) service.EndCalls();
        if (alsoRinging) Proxy.EndAll();
    }

    private void Run(ref RequestContext context) => RunFrom(0, ref context);

    private StepResult RunFrom(int first, ref RequestContext context)
    {
        Step[] steps = _steps;
        for (int i = first; i < steps.Length; i++)
        {
            if (steps[i](ref context) == StepResult.Done) break;
        }

        return StepResult.Done;
    }

    /// <summary>A CANCEL is for whoever has its INVITE.</summary>
    /// <remarks>
    /// Source: RFC 3261 9.2, 16.10. There the CANCEL of an unknown INVITE is forwarded statelessly; this server forwards
    /// no INVITE statelessly, so there is nobody that it could be for.
    /// </remarks>
    private void OnCancel(in SipIncomingRequest request)
    {
        SipServerTransaction? invite = request.FindCancelled();
        if (invite is not null && !ReferenceEquals(invite.User, this))
        {
            invite.User.OnRequest(request);
            return;
        }

        request.Reply(new SipReply(invite is null && !request.CancelsAnswered ? 481 : 200));
        if (invite?.State is ProxyCall call) call.Cancel(request.Message);
        else if (invite is { IsFinished: false }) invite.Respond(new SipReply(487));
    }
}
