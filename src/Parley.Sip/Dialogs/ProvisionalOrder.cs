namespace Parley.Sip.Dialogs;

/// <summary>What a reliable provisional response is to the client of its INVITE.</summary>
public enum ProvisionalPlace
{
    /// <summary>The next one: it is processed and acknowledged with a PRACK.</summary>
    Next,

    /// <summary>One that was seen before: its PRACK, which is retransmitted itself, acknowledges it.</summary>
    Repeated,

    /// <summary>One before it is missing, or its number makes no sense: neither processed nor acknowledged; it comes again.</summary>
    OutOfOrder,
}

/// <summary>Keeps the reliable provisional responses of one early dialog in order.</summary>
/// <remarks>The first one that comes begins the count. Source: RFC 3262 4.</remarks>
public sealed class ProvisionalOrder
{
    private uint _last;

    /// <summary>Places a response, and counts it when it is the next one.</summary>
    /// <param name="responseNumber">Its RSeq.</param>
    public ProvisionalPlace Take(uint responseNumber)
    {
        if (responseNumber == 0) return ProvisionalPlace.OutOfOrder;
        if (_last != 0 && responseNumber <= _last) return ProvisionalPlace.Repeated;
        if (_last != 0 && responseNumber != _last + 1) return ProvisionalPlace.OutOfOrder;
        _last = responseNumber;
        return ProvisionalPlace.Next;
    }
}
