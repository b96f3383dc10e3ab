namespace Parley.Endpoint.Sip;

/// <summary>What a lane has counted since it started. Written by the lane alone; may be read on any thread.</summary>
public sealed class SipLaneCounters
{
    /// <summary>Well-formed requests that came.</summary>
    public long RequestsReceived { get; internal set; }

    /// <summary>Well-formed responses that came.</summary>
    public long ResponsesReceived { get; internal set; }

    /// <summary>Messages that were handed to another lane.</summary>
    public long HandedOver { get; internal set; }

    /// <summary>Messages that were malformed: answered with 400 where enough could be read, else dropped.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Well-formed messages that were dropped: the other lane's inbox was full, or no way back could be read.</summary>
    public long Dropped { get; internal set; }

    /// <summary>Requests that a server transaction absorbed: retransmissions, and ACKs of refusals.</summary>
    public long Absorbed { get; internal set; }

    /// <summary>Responses that no client transaction asked for.</summary>
    public long StrayResponses { get; internal set; }

    /// <summary>Requests refused with 503 because a table was full, or more came than could be served.</summary>
    public long Overloaded { get; internal set; }

    /// <summary>Datagrams and pieces of streams that were not looked at because of where they came from.</summary>
    public long Refused { get; internal set; }

    /// <summary>Responses that were not sent, or not once more, because they would have been too much for their request.</summary>
    public long TooMuch { get; internal set; }

    /// <summary>Requests that were dropped because more came than could be served.</summary>
    public long Shed { get; internal set; }

    /// <summary>Messages that could not be sent.</summary>
    public long SendFailures { get; internal set; }
}
