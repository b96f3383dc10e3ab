using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>A REGISTER that is applied with others of its round: answered when its change is saved.</summary>
/// <remarks>Belongs to a lane's <see cref="RegistrationPool"/>, where it goes back once it is answered.</remarks>
internal sealed class Registration(RegistrationPool pool) : BindingUpdate
{
    private ServerLane _server = null!;
    private SipServerTransaction? _transaction;
    private DomainOptions _domain = null!;

    /// <summary>Makes a transaction of the REGISTER and has the change applied before the round ends.</summary>
    public StepResult Submit(ref RequestContext request)
    {
        (_server, _domain) = (request.Server, request.Domain!);
        _transaction = request.Incoming.CreateTransaction(_server);
        if (_transaction is null) pool.Return(this);
        else Begin(_transaction);
        return StepResult.Done;
    }

    private void Begin(SipServerTransaction transaction)
    {
        transaction.TrustSource();      // the user has proved himself
        _server.Registrations.Add(this);
    }

    /// <inheritdoc/>
    protected internal override void OnCompleted()
    {
        SipReply reply = Outcome == BindingOutcome.Accepted && Push.IsRequested ? WriteForPushed() : Write(purr: default);
        _server.Counters.CountReply(SipMethod.Register, reply.StatusCode);
        _transaction!.Respond(reply);
        _transaction.Release();
        _transaction = null;
        if (Outcome == BindingOutcome.Accepted)
        {
            _server.Server.Events.OnRegistered(AddressOfRecord);
            _server.Deliveries.OnRegistered(AddressOfRecord);
        }

        pool.Return(this);
    }

    private SipReply Write(scoped ReadOnlySpan<byte> purr) =>
        pool.Replies.Write(this, _server.Server.Location.Limits, _domain.ServiceRouteRow.AsSpan(), _server.Gruus, _server.Push?.Options, purr);

    /// <summary>The answer to a phone that is woken. What waits for it goes on from here.</summary>
    private SipReply WriteForPushed()
    {
        Span<byte> purr = stackalloc byte[SealedToken.MaxBytes];
        return Write(purr[.._server.Push!.OnRegistered(this, purr)]);
    }
}
