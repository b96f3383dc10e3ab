using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>What the two server transaction machines have in common: a request starts them and a transaction user answers.</summary>
public abstract class ServerTransaction : SipTransaction
{
    private protected ServerTransaction(TransactionTimers timers)
        : base(timers)
    {
    }

    /// <summary>A request with a new key has come: it is delivered to the transaction user.</summary>
    /// <param name="now">The time.</param>
    /// <param name="key">Its <see cref="TransactionKey.ForServer"/>.</param>
    /// <param name="isReliable">Whether it came over a reliable transport.</param>
    /// <exception cref="InvalidOperationException">The transaction runs already.</exception>
    public void Start(Instant now, in TransactionKey key, bool isReliable)
    {
        Begin(key, isReliable);
        OnStarted(now);
        Emit(TransactionOutputKind.Deliver);
    }

    /// <summary>The request has come again.</summary>
    public abstract void OnRetransmission(Instant now);

    /// <summary>The transaction user answers.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statusCode">100 to 699.</param>
    /// <param name="response">The whole response; the lease goes to the transaction, sent or not.</param>
    /// <returns>False when the response is not sent, as the state or RFC 4320 forbids it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No status code.</exception>
    /// <exception cref="InvalidOperationException">An earlier message waits to be taken: drain after each input.</exception>
    public bool Respond(Instant now, int statusCode, PooledBuffer response)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 699);
        ThrowIfSendPending();
        if (OnRespond(now, statusCode, response)) return true;
        response.Release();
        return false;
    }

    /// <summary>Tells the transaction user and stays: retransmissions must not be taken for new requests.</summary>
    /// <remarks>Source: RFC 3261 17.2.4 as changed by RFC 6026 8.8.</remarks>
    public override void OnTransportError(Instant now)
    {
        if (!IsEnded) Emit(TransactionOutputKind.TransportFailed);
    }

    private protected abstract void OnStarted(Instant now);

    /// <summary>Takes the response over, or leaves it when false.</summary>
    private protected abstract bool OnRespond(Instant now, int statusCode, PooledBuffer response);
}
