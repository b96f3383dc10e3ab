using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Requests;

/// <summary>One request and all that it takes to get its final response: finding where it goes, the next address, credentials.</summary>
/// <remarks>
/// <code>
///             located                      final response, no more addresses
/// Locating ------------> Sent -------------------------------------------> Done
///    |                   |  ^
///    |                   +--+ 401 or 407 with an answer, next address
///    +--------------------------------------------------------------------> Done
///               nowhere to go, taken back
/// </code>
/// Reports once: <see cref="OnFinal"/> or <see cref="OnFailed"/>. Source: RFC 3261 8.1.2, 8.1.3, 22.2, 22.3; RFC 3263 4.3.
/// </remarks>
internal abstract class ClientRequest : SipLocateRequest
{
    private readonly DigestExchange? _digest;
    private IReadOnlyList<SipFlow> _flows = [];
    private int _flowIndex;
    private SipClientTransaction? _transaction;

    /// <param name="core">The user agent that sends it.</param>
    /// <param name="usesKnownNonces">True for a request that goes where earlier challenges came from.</param>
    protected ClientRequest(UserAgentCore core, bool usesKnownNonces)
    {
        Core = core;
        _digest = core.Digest?.Begin(usesKnownNonces);
    }

    /// <summary>The user agent that sends it.</summary>
    protected UserAgentCore Core { get; }

    /// <summary>What is sent; there once the request is located.</summary>
    protected RequestTemplate? Template { get; private set; }

    /// <summary>The flow that it was sent on last.</summary>
    protected SipFlow Flow { get; private set; }

    /// <summary>When that was.</summary>
    protected Instant SentAt { get; private set; }

    /// <summary>True once a final response or a failure was reported.</summary>
    protected bool IsDone { get; private set; }

    /// <summary>True once <see cref="Cancel"/> was called.</summary>
    protected bool IsCancelled { get; private set; }

    /// <summary>The most bytes that the whole request may have.</summary>
    protected virtual int MaxBytes => int.MaxValue;

    /// <summary>Sends the request over a flow that stands.</summary>
    protected void SendOver(in SipFlow flow) => OnLocated(Core.Lane.Now, [flow]);

    /// <summary>Finds where a URI leads and sends the request there.</summary>
    protected void SendTo(ReadOnlySpan<byte> nextHop)
    {
        if (!SipUriView.TryParse(nextHop, out SipUriView uri))
        {
            Fail(RequestFailure.NotLocated);
        }
        else if (SipLane.TryLocate(uri, out SipFlow flow))
        {
            OnLocated(Core.Lane.Now, [flow]);
        }
        else
        {
            Core.Lane.Locate(uri, this);
        }
    }

    /// <inheritdoc/>
    public sealed override void OnLocated(Instant now, IReadOnlyList<SipFlow> flows)
    {
        if (IsDone) return;
        (_flows, _flowIndex) = (flows, 0);
        if (flows.Count == 0)
        {
            Fail(RequestFailure.NotLocated);
            return;
        }

        Template ??= Compose(flows[0]);
        if (Template is not null) Transmit();
    }

    /// <summary>Takes the request back: an INVITE is cancelled, another is left to itself.</summary>
    public void Cancel()
    {
        if (IsDone || IsCancelled) return;
        IsCancelled = true;
        if (_transaction is null) Fail(RequestFailure.Cancelled);
        else _transaction.Cancel();
    }

    /// <summary>A response came for the transaction of this request.</summary>
    public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
    {
        if (IsDone)
        {
            if (response.StatusCode is >= 200 and < 300) OnFurtherSuccess(response);
            return;
        }

        if (transaction != _transaction) return;
        if (response.StatusCode < 200)
        {
            OnProvisional(response);
            return;
        }

        if (response.StatusCode is 401 or 407 && !IsCancelled && TryAuthenticate(response))
        {
            Resend();
            return;
        }

        if (response.StatusCode == 503 && !IsCancelled && TryNextFlow()) return;
        if (response.StatusCode >= 300 && !IsCancelled && TryRepair(response)) return;
        IsDone = true;
        OnFinal(response);
    }

    /// <summary>The transaction of this request ended without a final response.</summary>
    public void OnTransactionFailed(SipClientTransaction transaction, RequestFailure failure)
    {
        if (IsDone || transaction != _transaction) return;
        if (!IsCancelled && !transaction.IsProceeding && TryNextFlow()) return;
        Fail(failure);
    }

    /// <summary>Composes what is sent, once it is known over which flow.</summary>
    /// <returns>Null when nothing is to be sent: the request has then reported why.</returns>
    protected abstract RequestTemplate? Compose(in SipFlow flow);

    /// <summary>A provisional response came.</summary>
    protected virtual void OnProvisional(in SipMessageView response)
    {
    }

    /// <summary>The final response came.</summary>
    protected abstract void OnFinal(in SipMessageView response);

    /// <summary>No final response will come.</summary>
    protected abstract void OnFailed(RequestFailure failure);

    /// <summary>A 2xx came once more, or from another branch.</summary>
    protected virtual void OnFurtherSuccess(in SipMessageView response)
    {
    }

    /// <summary>A refusal came; who can do what it asks for changes the template and calls <see cref="SendTo"/> or <see cref="Resend"/>.</summary>
    /// <returns>False to take it for the final response.</returns>
    protected virtual bool TryRepair(in SipMessageView response) => false;

    /// <summary>The number of CSeq for the request sent anew.</summary>
    protected virtual uint NextSequence() => Template!.Sequence + 1;

    /// <summary>Sends the changed template once more, over the flow that it took.</summary>
    protected void Resend()
    {
        Template!.Sequence = NextSequence();
        Transmit();
    }

    /// <summary>Ends the request without a final response.</summary>
    protected void Fail(RequestFailure failure)
    {
        IsDone = true;
        OnFailed(failure);
    }

    /// <summary>Takes the challenges of a 401 or 407; the exchange sees to it that nobody is answered for ever.</summary>
    private bool TryAuthenticate(in SipMessageView response)
    {
        if (_digest is null) return false;
        bool isProxy = response.StatusCode == 407;
        List<string> challenges = [];
        foreach (HeaderValue value in response.Values(isProxy ? HeaderId.ProxyAuthenticate : HeaderId.WwwAuthenticate))
        {
            challenges.Add(Encoding.UTF8.GetString(value.Bytes));
        }

        return _digest.OnChallenge(isProxy, challenges) == DigestAnswer.Retry;
    }

    private byte[] WriteCredentials(RequestTemplate template)
    {
        if (_digest is null) return [];
        StringBuilder rows = new();
        foreach (DigestHeader header in _digest.Authorize(template.Method.Text, Encoding.UTF8.GetString(template.RequestUri), template.Body))
        {
            rows.Append(header.Name).Append(": ").Append(header.Value).Append("\r\n");
        }

        return Encoding.UTF8.GetBytes(rows.ToString());
    }

    private bool TryNextFlow()
    {
        if (_flowIndex + 1 >= _flows.Count) return false;
        SipFlow before = _flows[_flowIndex++];
        if (before.Remote.IsIPv4 == _flows[_flowIndex].Remote.IsIPv4)
        {
            Resend();
            return true;
        }

        // The other family: this side has other addresses there, in From and for media.
        uint sequence = Template!.Sequence;
        Template = Compose(_flows[_flowIndex]);
        if (Template is null) return true;
        Template.Sequence = Math.Max(Template.Sequence, sequence + 1);
        Transmit();
        return true;
    }

    private void Transmit()
    {
        SipLane lane = Core.Lane;
        Span<byte> branchBytes = stackalloc byte[SipLane.MaxBranchBytes];
        ReadOnlySpan<byte> branch = branchBytes[..lane.WriteBranch(branchBytes)];
        SipFlow flow = _flows[_flowIndex];
        if (Template!.Method != SipMethod.Register) (Template.Gruu, Template.IsOutbound, Template.ContactUriParameters) = (Core.GruuContact(Template.IsContactSecure), Core.IsOutbound, Core.PurrParameter);
        Template.Credentials = WriteCredentials(Template);
        PooledBuffer request = Template.Write(lane, ref flow, branch);
        if (request.Length > MaxBytes)
        {
            request.Release();
            Fail(RequestFailure.TooLong);
            return;
        }

        (Flow, SentAt) = (flow, lane.Now);
        _transaction = lane.SendRequest(Template.Method, branch, request, flow, Core, this);
        if (_transaction is null) Fail(RequestFailure.Overloaded);
    }
}
