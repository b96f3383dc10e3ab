namespace Parley.Sip.Messages;

/// <summary>What some bytes turned out to be.</summary>
public enum SipParseKind : byte
{
    /// <summary>Not a message, or one that is not well-formed; the reason says why.</summary>
    Malformed,

    /// <summary>A request.</summary>
    Request,

    /// <summary>A response.</summary>
    Response,

    /// <summary>Nothing but empty lines or zero bytes: somebody keeps a path through a NAT open.</summary>
    KeepAlive,

    /// <summary>More than the limits allow.</summary>
    TooLarge,
}

/// <summary>What is wrong with a message.</summary>
public enum SipParseError : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The first line is neither a request line nor a status line.</summary>
    NotSip,

    /// <summary>The first line is recognisable but breaks its grammar: spaces, method, URI, status.</summary>
    StartLine,

    /// <summary>A CR without LF or an LF without CR outside the body: elements would not agree where lines end.</summary>
    LineEnd,

    /// <summary>A header row without a colon or with a name that is no token.</summary>
    HeaderRow,

    /// <summary>The empty line after the headers is missing.</summary>
    NoEmptyLine,

    /// <summary>Content-Length is no number, or is there twice with different numbers.</summary>
    ContentLength,

    /// <summary>Content-Length is missing in a stream (RFC 3261 18.3).</summary>
    NoContentLength,

    /// <summary>The body is shorter than Content-Length says (RFC 3261 18.3).</summary>
    BodyCutOff,

    /// <summary>More header rows than the limit.</summary>
    TooManyHeaders,

    /// <summary>Longer headers than the limit.</summary>
    HeadersTooLong,

    /// <summary>A longer body than the limit.</summary>
    BodyTooLong,

    /// <summary>Headers and body together are longer than the limit.</summary>
    MessageTooLong,
}

/// <summary>What came of parsing a message.</summary>
public readonly struct SipParseResult
{
    internal SipParseResult(SipParseKind kind, SipParseError error, int offset, bool isIndexed)
    {
        (Kind, Error, Offset, IsIndexed) = (kind, error, offset, isIndexed);
    }

    /// <summary>What the bytes are.</summary>
    public SipParseKind Kind { get; }

    /// <summary>What is wrong; <see cref="SipParseError.None"/> when nothing is.</summary>
    public SipParseError Error { get; }

    /// <summary>Where it is wrong.</summary>
    public int Offset { get; }

    /// <summary>
    /// True when all headers were found although the message is refused: a view can be made of it, good for an answer
    /// (400, 413) and nothing else. Always true for requests and responses.
    /// </summary>
    public bool IsIndexed { get; }

    /// <summary>True for a well-formed request or response.</summary>
    public bool IsMessage => Kind is SipParseKind.Request or SipParseKind.Response;

    /// <summary>The reason in words, fit for a reason phrase and a log.</summary>
    public string Reason => Error switch
    {
        SipParseError.None => "OK",
        SipParseError.NotSip => "Not a SIP message",
        SipParseError.StartLine => "Malformed start line",
        SipParseError.LineEnd => "Line without CRLF",
        SipParseError.HeaderRow => "Malformed header row",
        SipParseError.NoEmptyLine => "No empty line after the headers",
        SipParseError.ContentLength => "Malformed Content-Length",
        SipParseError.NoContentLength => "Missing Content-Length",
        SipParseError.BodyCutOff => "Body shorter than Content-Length",
        SipParseError.TooManyHeaders => "Too many headers",
        SipParseError.HeadersTooLong => "Headers too long",
        SipParseError.BodyTooLong => "Body too long",
        _ => "Message too long",
    };
}
