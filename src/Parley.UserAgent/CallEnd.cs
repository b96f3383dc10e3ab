namespace Parley.UserAgent;

/// <summary>How a call ended.</summary>
/// <param name="Reason">What ended it.</param>
/// <param name="StatusCode">The SIP status of the INVITE: 200 for a call that was answered, that of the refusal, 408 where nobody answered, 503 where nobody could be reached.</param>
/// <param name="ReasonPhrase">The phrase that came with the status, or one line on what happened.</param>
public sealed record CallEnd(CallEndReason Reason, int StatusCode, string ReasonPhrase)
{
    /// <summary>True when there was a conversation and one of the two hung up.</summary>
    public bool IsOrderly => Reason is CallEndReason.HungUp or CallEndReason.HungUpByPeer;

    /// <summary>One line for people: <c>Refused: 486 Busy Here</c>.</summary>
    public override string ToString() => $"{Reason}: {StatusCode} {ReasonPhrase}";
}

/// <summary>What ended a call.</summary>
public enum CallEndReason
{
    /// <summary>This side hung up.</summary>
    HungUp,

    /// <summary>The other side hung up.</summary>
    HungUpByPeer,

    /// <summary>The caller gave up before an answer: this side when the call is outgoing, the other one when it is incoming.</summary>
    Cancelled,

    /// <summary>The call is outgoing and was refused with the status.</summary>
    Refused,

    /// <summary>The call is incoming and was refused here with the status.</summary>
    Rejected,

    /// <summary>The call is outgoing and nobody answered in time.</summary>
    NoAnswer,

    /// <summary>The host of the URI or of the proxy has no address.</summary>
    NotLocated,

    /// <summary>The other side could not be reached, or its connection broke.</summary>
    TransportFailed,

    /// <summary>The other side asked for credentials that are not there or that it does not accept.</summary>
    AuthenticationFailed,

    /// <summary>The two have no codec in common, or a description could not be used.</summary>
    NoMedia,

    /// <summary>The call was answered and the other side did not confirm what it must (no ACK, no answer to the offer).</summary>
    NotConfirmed,

    /// <summary>The other side does not know the call any more (481), or has not answered a request of it (408).</summary>
    Lost,

    /// <summary>This side has as many calls or transactions as it may.</summary>
    Overloaded,
}
