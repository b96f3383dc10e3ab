using Parley.Sip.Messages;
using Parley.UserAgent.Transfers;

namespace Parley.UserAgent;

/// <remarks>Transfers: REFERs of others, and this agent's outside of calls.</remarks>
public sealed partial class SipUserAgent
{
    /// <summary>What others ask this agent to call, in order; each is given to one enumerator.</summary>
    /// <exception cref="InvalidOperationException">The agent takes none: see <see cref="SipUserAgentOptions.TakesTransfers"/>.</exception>
    public IAsyncEnumerable<TransferRequest> IncomingTransfers =>
        (_transfers ?? throw new InvalidOperationException("The agent takes no transfers: set TakesTransfers.")).Reader.ReadAllAsync();

    /// <summary>Asks somebody, outside of any call, to call somebody else, and waits for what becomes of it.</summary>
    /// <param name="uri">Who is asked.</param>
    /// <param name="target">Who is to be called.</param>
    /// <param name="progress">Hears how far it comes; null for nobody.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The last that was told: a status of 200 to 299.</returns>
    /// <exception cref="SipRequestException">The other side refused, or did not reach the target.</exception>
    public async Task<TransferProgress> ReferAsync(SipUri uri, SipUri target, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var waiter = new TransferWaiter(progress);
        await OnLane(() =>
        {
            _core.Refer(uri, target, waiter);
            return true;
        }).ConfigureAwait(false);
        return await waiter.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands REFERs that come in to whoever enumerates them.</summary>
    private sealed class TransferTaker(SipUserAgent agent) : ITransferHandler
    {
        public void OnTransferRequested(IncomingTransfer transfer)
        {
            if (agent._isEnding || !agent._transfers!.Writer.TryWrite(new TransferRequest(agent, transfer))) transfer.Reject();
        }
    }
}

/// <summary>Turns what is told of a REFER into a task.</summary>
internal sealed class TransferWaiter(IProgress<TransferProgress>? progress) : ITransferObserver
{
    private readonly TaskCompletionSource<TransferProgress> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TransferProgress> Result => _result.Task;

    public void OnProgress(int statusCode, string reasonPhrase) => progress?.Report(new TransferProgress(statusCode, reasonPhrase));

    public void OnDone(int statusCode, string reasonPhrase)
    {
        if (statusCode < 300) _result.TrySetResult(new TransferProgress(statusCode, reasonPhrase));
        else _result.TrySetException(new SipRequestException("Transfer", statusCode, reasonPhrase, failure: null));
    }
}
