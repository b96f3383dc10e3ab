using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A request that a transaction user has taken, until its transaction is over.</summary>
/// <remarks>Joins the transaction machine with the flow that responses take and, until the final response, the request itself.</remarks>
public sealed class SipServerTransaction
{
    private SipMessage? _request;
    private ITransactionUser? _user;
    private bool _isReleased;
    private bool _isAgain = true;
    private long _allowance;        // bytes that may be sent back
    private int _allowedPerRequest;

    internal SipServerTransaction(SipLane lane) => Lane = lane;

    /// <summary>The lane that this transaction belongs to.</summary>
    public SipLane Lane { get; }

    /// <summary>The request's method.</summary>
    public SipMethod Method { get; private set; }

    /// <summary>The flow that the request came over.</summary>
    public SipFlow Flow { get; private set; }

    /// <summary>The transaction user.</summary>
    public ITransactionUser User
    {
        get => _user!;
        internal set => _user = value;
    }

    /// <summary>What the transaction user keeps for this transaction.</summary>
    public object? State { get; set; }

    /// <summary>True once a final response was given, or none can be.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>True while the request is kept: until the final response.</summary>
    public bool HasRequest => _request is not null;

    /// <summary>The request, its topmost Via as it came: who forwards it stamps it with <see cref="Flow"/>'s address (<see cref="SipEdits.StampVia"/>).</summary>
    /// <exception cref="InvalidOperationException">The final response was given, and the request is gone.</exception>
    public SipMessageView Request => Kept.View;

    /// <summary>Null once the transaction is over: the machine then serves another one.</summary>
    internal ServerTransaction? Machine { get; private set; }

    /// <summary>Where responses go: back over the flow, by UDP to the port that the Via asks for (RFC 3261 18.2.2, RFC 3581 4).</summary>
    internal SipFlow ReplyFlow { get; private set; }

    private SipMessage Kept => _request ?? throw new InvalidOperationException("The request is gone with its final response.");

    /// <summary>Takes one more lease of the request, for who needs it beyond the final response.</summary>
    /// <returns>The message; release it.</returns>
    public SipMessage RetainRequest() => Kept.Retain();

    /// <summary>Sends a response that was built elsewhere: a proxy's, or one with a body.</summary>
    /// <param name="statusCode">100 to 699.</param>
    /// <param name="response">The whole message; its lease is taken over, sent or not.</param>
    /// <returns>False when the transaction is over or its state forbids it (RFC 3261 17.2, RFC 4320).</returns>
    public bool Respond(int statusCode, PooledBuffer response)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (!IsSourceTrusted && !IsFinished && Method != SipMethod.Invite && response.Length > _allowedPerRequest)
        {
            // Too much for a source that may be forged. The status is what counts; what an INVITE is answered with makes a dialog and cannot be cut.
            response.Release();
            Lane.Counters.TooMuch++;
            return Respond(new SipReply(statusCode));
        }

        response.Retain();      // the machine may give its lease back as soon as it has sent it
        bool isTaken = Give(statusCode, response);
        if (isTaken && statusCode >= 200) Lane.Transactions.Settle(this, response.Span);
        response.Release();
        return isTaken;
    }

    /// <summary>Sends a response that is made from the request.</summary>
    /// <param name="reply">Status and what to add.</param>
    /// <returns>False when the transaction is over, has had its final response, or its state forbids it.</returns>
    public bool Respond(in SipReply reply)
    {
        if (Machine is not { } machine || _request is not { } request) return false;
        request.Retain();       // what the reply brings may be a part of it
        try
        {
            bool isTaken = Give(reply.StatusCode, Lane.Receiver.WriteReply(request.View, machine.Key, reply, Flow.Remote));
            if (isTaken && reply.StatusCode >= 200) Lane.Transactions.Settle(this, reply);
            return isTaken;
        }
        finally
        {
            request.Release();
        }
    }

    /// <summary>The request once more as it came, for who takes the transaction over or hands it on: its answers go by this transaction.</summary>
    /// <exception cref="InvalidOperationException">The final response was given, and the request is gone.</exception>
    public SipIncomingRequest Resume() =>
        new(Lane, Request, Flow, (Machine ?? throw new InvalidOperationException("The transaction is over.")).Key) { Transaction = this };

    /// <summary>The transaction user will not touch this transaction again: what is still to come happens without it, and then the object serves another request.</summary>
    /// <remarks>
    /// Need not be called; who does drops every reference. Of an INVITE that got its 2xx no more is kept than what absorbs its retransmissions, so a
    /// user agent, which sends the 2xx again itself, calls it after the ACK, and a proxy when its branches have ended.
    /// </remarks>
    public void Release()
    {
        if (_isReleased) return;
        _isReleased = true;
        State = null;
        Lane.Transactions.OnReleased(this);
    }

    /// <summary>Who sent the request is where it came from, by credentials or because he is known: what he is answered is no longer limited.</summary>
    /// <remarks>
    /// Until then, by UDP, what is sent once more (Timer G, a 2xx that comes again) is sent only while all that was sent back is no more than
    /// <see cref="SipEndpointOptions.MaxAmplification"/> times what came: nobody is flooded by requests that bear his address.
    /// </remarks>
    public void TrustSource() => _allowance = long.MaxValue;

    /// <summary>True when what it is answered is not limited: its source is trusted, cannot be forged, or the endpoint limits nothing.</summary>
    public bool IsSourceTrusted => _allowance == long.MaxValue;

    /// <summary>Counts a response that is about to be sent.</summary>
    /// <returns>False when it was sent before, and once more would be too much.</returns>
    internal bool TrySpend(int lengthBytes)
    {
        if (IsSourceTrusted) return true;
        if (_isAgain && lengthBytes > _allowance) return false;
        _allowance -= lengthBytes;
        return true;
    }

    /// <summary>The request came again.</summary>
    internal void OnCameAgain()
    {
        if (!IsSourceTrusted) _allowance += _allowedPerRequest;
    }

    /// <summary>True once the transaction user let go of it.</summary>
    internal bool IsReleased => _isReleased;

    /// <summary>Starts a life.</summary>
    internal void Begin(ServerTransaction machine, SipMessage request, in SipFlow flow, in SipFlow replyFlow, ITransactionUser user)
    {
        _request = request;
        machine.User = this;
        (Machine, Method, Flow, ReplyFlow, User) = (machine, request.View.Method, flow, replyFlow, user);
        (State, IsFinished, _isReleased) = (null, false, false);
        int most = Lane.Endpoint.Options.MaxAmplification;
        _allowedPerRequest = most * request.View.Bytes.Length;
        _allowance = most == 0 || replyFlow.IsReliable ? long.MaxValue : _allowedPerRequest;
    }

    internal void End()
    {
        Machine = null;
        Finish();
    }

    /// <summary>Keeps nothing alive while it waits for its next life.</summary>
    internal void Forget() => (_user, State, Flow, ReplyFlow) = (null, null, default, default);

    /// <summary>Gives the machine a response, whose lease is taken over, and sends what comes of it.</summary>
    private bool Give(int statusCode, PooledBuffer response)
    {
        if (Machine is not { } machine)
        {
            response.Release();
            return false;
        }

        _isAgain = IsFinished;
        bool isTaken = machine.Respond(Lane.Now, statusCode, response);
        if (isTaken && statusCode >= 200) Finish();
        Lane.Transactions.Drive(this);
        _isAgain = true;
        return isTaken;
    }

    private void Finish()
    {
        IsFinished = true;
        _request?.Release();
        _request = null;
    }
}
