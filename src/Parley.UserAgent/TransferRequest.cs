using Parley.Sip.Messages;
using Parley.UserAgent.Transfers;

namespace Parley.UserAgent;

/// <summary>Somebody asks this agent to call somebody else: by REFER. Safe on every thread.</summary>
/// <remarks>Who does not decide within 20 s has declined.</remarks>
public sealed class TransferRequest
{
    private readonly SipUserAgent _agent;
    private readonly IncomingTransfer _transfer;

    internal TransferRequest(SipUserAgent agent, IncomingTransfer transfer) =>
        (_agent, _transfer, Call) = (agent, transfer, transfer.Call?.Observer as Call);

    /// <summary>The call that it came in; null for one outside of all.</summary>
    /// <remarks>When the new call is answered, whoever asked hangs this one up.</remarks>
    public Call? Call { get; }

    /// <summary>Who is to be called.</summary>
    public SipUri Target => _transfer.Target;

    /// <summary>Who asks, as they say; null when they do not.</summary>
    public string? ReferredBy => _transfer.ReferredBy;

    /// <summary>True when the new call takes somebody's place in a call that the target has.</summary>
    public bool Replaces => _transfer.Replaces is not null;

    /// <summary>Calls the target, and returns at once; who asked is told how far it comes.</summary>
    /// <param name="options">How; silence when absent.</param>
    /// <exception cref="InvalidOperationException">It was answered before, or there are too many calls.</exception>
    public async Task<Call> AcceptAsync(CallOptions? options = null)
    {
        options ??= new CallOptions();
        options.Validate();
        Call? call = await _agent.OnLane(() =>
        {
            string target = Target.ToString();
            var taken = new Call(_agent.Loop, isIncoming: false, "", target, "", target);
            return _transfer.Accept(options, taken) is null ? null : taken;
        }).ConfigureAwait(false);
        return call ?? throw new InvalidOperationException("The request was answered before, or there are too many calls.");
    }

    /// <summary>Declines.</summary>
    /// <param name="statusCode">400 to 699.</param>
    public async Task RejectAsync(int statusCode = 603) => await _agent.OnLane(() => _transfer.Reject(statusCode)).ConfigureAwait(false);
}
