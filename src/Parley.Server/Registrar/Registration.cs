using Parley.Endpoint.Sip;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>A REGISTER that the location service works on: answered when its change is on disk.</summary>
/// <remarks>Belongs to a lane's <see cref="RegistrationPool"/>; from <see cref="Submit"/> until it is back on the lane the location service has it.</remarks>
internal sealed class Registration(RegistrationPool pool) : BindingUpdate, ILaneCompletion
{
    private ServerLane _server = null!;
    private SipServerTransaction? _transaction;

    /// <inheritdoc/>
    public ILaneCompletion? NextCompletion { get; set; }

    /// <summary>Makes a transaction of the REGISTER and queues the change.</summary>
    public StepResult Submit(ref RequestContext request, LocationService location)
    {
        _server = request.Server;
        _transaction = request.Incoming.CreateTransaction(_server);
        if (_transaction is null)
        {
            pool.Return(this);
            return StepResult.Done;
        }

        if (!location.TrySubmit(this)) Finish(new SipReply(503) { Headers = "Retry-After: 10\r\n"u8 });
        return StepResult.Done;
    }

    /// <inheritdoc/>
    public void Complete() => Finish(pool.Replies.Write(this, _server.Server.Location.Limits.MinExpires));

    /// <inheritdoc/>
    protected internal override void OnCompleted() => _server.Completions.Add(this);

    private void Finish(in SipReply reply)
    {
        _server.Counters.CountReply(SipMethod.Register, reply.StatusCode);
        _transaction!.Respond(reply);
        _transaction = null;
        pool.Return(this);
    }
}
