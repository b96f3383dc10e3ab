using Parley.Sip.Messages;

namespace Parley.Server.Hosting;

/// <summary>What a lane's roles have counted. Written by the lane; read by anybody, who may see it a moment late.</summary>
internal sealed class LaneCounters
{
    /// <summary>REGISTERs that were accepted.</summary>
    public long Registered { get; set; }

    /// <summary>Requests that were challenged.</summary>
    public long Challenged { get; set; }

    /// <summary>Requests that this server refused itself: 300 and above, challenges left out.</summary>
    public long Refused { get; set; }

    /// <summary>Requests that were forwarded, to one target or more.</summary>
    public long Forwarded { get; set; }

    /// <summary>Branches that they were forwarded on.</summary>
    public long Branches { get; set; }

    /// <summary>INVITEs that ended with a 2xx.</summary>
    public long CallsAnswered { get; set; }

    /// <summary>INVITEs that ended otherwise.</summary>
    public long CallsFailed { get; set; }

    /// <summary>ACKs that led nowhere.</summary>
    public long AcksDropped { get; set; }

    /// <summary>Responses that nobody asked for.</summary>
    public long StrayResponses { get; set; }

    /// <summary>Counts an answer of the server's own.</summary>
    public void CountReply(SipMethod method, int statusCode)
    {
        if (method == SipMethod.Ack) AcksDropped++;
        else if (statusCode is 401 or 407) Challenged++;
        else if (statusCode >= 300) Refused++;
        else if (method == SipMethod.Register) Registered++;
    }
}
