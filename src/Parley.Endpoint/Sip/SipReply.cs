namespace Parley.Endpoint.Sip;

/// <summary>A response that is made from its request: status, tag, and what is added to the headers that every response takes over.</summary>
/// <remarks>Via, From, To, Call-ID and CSeq are the request's (RFC 3261 8.2.6.2).</remarks>
public readonly ref struct SipReply
{
    /// <summary>A response with the status' usual reason phrase.</summary>
    /// <param name="statusCode">100 to 699.</param>
    public SipReply(int statusCode) => StatusCode = statusCode;

    /// <summary>100 to 699.</summary>
    public int StatusCode { get; }

    /// <summary>The reason phrase in UTF-8; empty for the usual one.</summary>
    public ReadOnlySpan<byte> ReasonPhrase { get; init; }

    /// <summary>The To tag, for a response that makes or belongs to a dialog; empty for one made from the request, the same each time (RFC 3261 8.2.7).</summary>
    public ReadOnlySpan<byte> ToTag { get; init; }

    /// <summary>Whole header rows to add, each with its CRLF.</summary>
    public ReadOnlySpan<byte> Headers { get; init; }

    /// <summary>True to take over Record-Route, as a response that makes a dialog must (RFC 3261 12.1.1).</summary>
    public bool CopyRecordRoute { get; init; }

    /// <summary>The body's media type.</summary>
    public ReadOnlySpan<byte> ContentType { get; init; }

    /// <summary>The body; empty for none.</summary>
    public ReadOnlySpan<byte> Body { get; init; }
}
