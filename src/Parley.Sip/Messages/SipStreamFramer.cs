using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>What a framer found next in a stream.</summary>
public enum SipFrameKind : byte
{
    /// <summary>Nothing whole: all bytes were taken, more are needed.</summary>
    NeedMore,

    /// <summary>A whole request or response.</summary>
    MessageComplete,

    /// <summary>Two CRLFs on an accepted connection: answer with one CRLF (RFC 5626 3.5.1).</summary>
    Ping,

    /// <summary>One CRLF on a connection that this side started: the answer to a ping of ours.</summary>
    Pong,

    /// <summary>The stream cannot be followed any further; close it, after an answer where <see cref="SipFrame.Result"/> is indexed.</summary>
    Malformed,

    /// <summary>More than the limits allow; close the stream, after an answer where <see cref="SipFrame.Result"/> is indexed.</summary>
    TooLarge,
}

/// <summary>What a framer found: the message's bytes are valid until the framer is called again.</summary>
public readonly ref struct SipFrame
{
    internal SipFrame(SipFrameKind kind, ReadOnlySpan<byte> bytes = default, SipParseResult result = default)
    {
        Kind = kind;
        Bytes = bytes;
        Result = result;
    }

    /// <summary>What it is.</summary>
    public SipFrameKind Kind { get; }

    /// <summary>The bytes that the index belongs to: of a message, or of what was indexed of a refused one.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>What the parser said; where it refused, the reason.</summary>
    public SipParseResult Result { get; }
}

/// <summary>Cuts a stream into messages by their Content-Length.</summary>
/// <remarks>
/// <code>
///            CRLF                   empty line            last byte
///           +----+
///           v    |
/// (start) Between ---any byte---> Headers ---length n---> Body ---> MessageComplete, Between
///                                    |                      |
///                                    +--> Malformed, TooLarge: Refused (takes nothing more)
/// </code>
/// Bytes come in pieces of any size. A message that is whole within a piece is not copied; else its beginning is kept in
/// a pooled buffer, and no byte of it is searched twice for its end. One framer per connection, not thread-safe.
/// Source: RFC 3261 7.5 and 18.3, RFC 5626 3.5.1.
/// </remarks>
public sealed class SipStreamFramer : IDisposable
{
    private const int PongBytes = 2;
    private const int PingBytes = 4;

    private readonly BufferPool _pool;
    private readonly SipLimits _limits;
    private PooledBuffer? _kept;        // the beginning of a message whose end is not there yet
    private PooledBuffer? _delivered;   // what the last frame's bytes are in
    private int _searched;              // bytes of it that were searched for the empty line
    private int _lengthBytes;           // of the whole message; 0 while its headers are not whole
    private readonly int _keepAliveBytes;
    private int _lineEndBytes;          // bytes of line ends since the last message or keep-alive
    private bool _isRefused;

    /// <summary>A framer for one connection.</summary>
    /// <param name="limits">What it refuses.</param>
    /// <param name="pool">Memory for messages that come in pieces.</param>
    /// <param name="isAccepted">True when the other side started the connection: it sends pings then, and this side pongs.</param>
    public SipStreamFramer(SipLimits limits, BufferPool pool, bool isAccepted)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(pool);
        _limits = limits;
        _pool = pool;
        _keepAliveBytes = isAccepted ? PingBytes : PongBytes;
    }

    /// <summary>True while a message has begun and not ended: what a receive deadline is for.</summary>
    public bool IsWithinMessage => _kept is not null;

    /// <summary>Takes from a piece of the stream up to the end of the next frame. Call it until it needs more.</summary>
    /// <param name="piece">What is left of the piece; advanced behind what was taken.</param>
    /// <param name="index">Filled for a message, and for a refused one whose result is indexed; of the same limits as the framer.</param>
    public SipFrame Next(ref ReadOnlySpan<byte> piece, SipMessageIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        _delivered?.Release();
        _delivered = null;
        if (_isRefused)
        {
            piece = default;
            return new SipFrame(SipFrameKind.NeedMore);
        }

        if (_kept is null)
        {
            SipFrameKind between = SkipLineEnds(ref piece);
            return between switch
            {
                SipFrameKind.MessageComplete => TakeFromPiece(ref piece, index),
                SipFrameKind.Malformed => Refuse(default, new SipParseResult(SipParseKind.Malformed, SipParseError.LineEnd, 0, isIndexed: false)),
                _ => new SipFrame(between),
            };
        }

        return TakeKept(ref piece, index);
    }

    /// <summary>Gives back what it holds.</summary>
    public void Dispose()
    {
        _kept?.Release();
        _delivered?.Release();
        _kept = _delivered = null;
        _isRefused = true;
    }

    // MessageComplete means that a message starts here.
    private SipFrameKind SkipLineEnds(ref ReadOnlySpan<byte> piece)
    {
        while (piece.Length > 0)
        {
            byte expected = (_lineEndBytes & 1) == 0 ? (byte)'\r' : (byte)'\n';
            if (piece[0] != expected)
            {
                bool isBareReturn = expected == '\n';
                _lineEndBytes = 0;
                return isBareReturn ? SipFrameKind.Malformed : SipFrameKind.MessageComplete;
            }

            piece = piece[1..];
            if (++_lineEndBytes < _keepAliveBytes) continue;
            _lineEndBytes = 0;
            return _keepAliveBytes == PongBytes ? SipFrameKind.Pong : SipFrameKind.Ping;
        }

        return SipFrameKind.NeedMore;
    }

    private SipFrame TakeFromPiece(ref ReadOnlySpan<byte> piece, SipMessageIndex index)
    {
        int headersEnd = FindHeadersEnd(piece, 0);
        if (headersEnd < 0)
        {
            if (piece.Length >= _limits.MaxHeaderBytes) return Refuse(ref piece, index);
            Keep(ref piece);
            return new SipFrame(SipFrameKind.NeedMore);
        }

        SipParseResult result = IndexWithLength(piece[..headersEnd], index, out int lengthBytes);
        if (!result.IsMessage) return Refuse(piece[..headersEnd], result);
        if (lengthBytes > piece.Length)
        {
            Keep(ref piece);
            _lengthBytes = lengthBytes;
            return new SipFrame(SipFrameKind.NeedMore);
        }

        index.BodyLength = index.ContentLength;     // the headers were indexed without it
        ReadOnlySpan<byte> message = piece[..lengthBytes];
        piece = piece[lengthBytes..];
        return new SipFrame(SipFrameKind.MessageComplete, message, result);
    }

    private SipFrame TakeKept(ref ReadOnlySpan<byte> piece, SipMessageIndex index)
    {
        if (_lengthBytes == 0)
        {
            int before = _kept!.Length;
            Append(piece[..Math.Min(piece.Length, _limits.MaxHeaderBytes - before)]);
            int headersEnd = FindHeadersEnd(_kept!.Span, Math.Max(0, _searched - 3));
            _searched = _kept.Length;
            if (headersEnd < 0)
            {
                if (_kept.Length >= _limits.MaxHeaderBytes) return RefuseKept(index);
                piece = default;
                return new SipFrame(SipFrameKind.NeedMore);
            }

            piece = piece[(headersEnd - before)..];
            _kept.Length = headersEnd;
            SipParseResult headers = IndexWithLength(_kept.Span, index, out _lengthBytes);
            if (!headers.IsMessage) return RefuseKept(headers);
        }

        int missing = _lengthBytes - _kept!.Length;
        int taken = Math.Min(missing, piece.Length);
        Append(piece[..taken]);
        piece = piece[taken..];
        if (taken < missing) return new SipFrame(SipFrameKind.NeedMore);

        // The index may have served another connection meanwhile.
        SipParseResult result = IndexWithLength(_kept!.Span, index, out _);
        (_delivered, _kept) = (_kept, null);
        _searched = _lengthBytes = 0;
        return new SipFrame(SipFrameKind.MessageComplete, _delivered!.Span, result);
    }

    // Content-Length is mandatory here (RFC 3261 18.3).
    private SipParseResult IndexWithLength(ReadOnlySpan<byte> bytes, SipMessageIndex index, out int lengthBytes)
    {
        lengthBytes = 0;
        SipParseResult result = SipParser.IndexHeaders(bytes, 0, isWhole: true, index);
        if (!result.IsMessage) return result;
        if (index.ContentLength < 0) return SipParser.Refuse(SipParseError.NoContentLength, index.HeadersEnd);
        if (index.ContentLength > _limits.MaxBodyBytes) return SipParser.Refuse(SipParseError.BodyTooLong, index.BodyOffset);
        lengthBytes = index.BodyOffset + index.ContentLength;
        if (lengthBytes > _limits.MaxMessageBytes) return SipParser.Refuse(SipParseError.MessageTooLong, index.BodyOffset);
        index.BodyLength = Math.Min(index.ContentLength, bytes.Length - index.BodyOffset);
        return result;
    }

    private static int FindHeadersEnd(ReadOnlySpan<byte> bytes, int from)
    {
        int at = bytes[from..].IndexOf("\r\n\r\n"u8);
        return at < 0 ? -1 : from + at + 4;
    }

    private void Keep(ref ReadOnlySpan<byte> piece)
    {
        _kept = _pool.Copy(piece);
        _searched = piece.Length;
        piece = default;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return;
        PooledBuffer kept = _kept!;
        int length = kept.Length + bytes.Length;
        if (length > kept.Capacity)
        {
            // Twice the size, so that a message that comes byte by byte is copied as often as it has binary digits.
            PooledBuffer larger = _pool.Rent(length);
            kept.Span.CopyTo(larger.Whole);
            larger.Length = kept.Length;
            kept.Release();
            _kept = kept = larger;
        }

        int at = kept.Length;
        kept.Length = length;
        bytes.CopyTo(kept.Span[at..]);
    }

    // No end of the headers within the limit: the parser says whether that is a long message or no message at all.
    private SipFrame Refuse(ref ReadOnlySpan<byte> piece, SipMessageIndex index)
    {
        SipParseResult result = SipParser.IndexHeaders(piece, 0, isWhole: false, index);
        piece = default;
        return Refuse(default, result);
    }

    private SipFrame RefuseKept(SipMessageIndex index) => RefuseKept(SipParser.IndexHeaders(_kept!.Span, 0, isWhole: false, index));

    private SipFrame RefuseKept(SipParseResult result)
    {
        (_delivered, _kept) = (_kept, null);
        return Refuse(_delivered!.Span, result);
    }

    private SipFrame Refuse(ReadOnlySpan<byte> bytes, SipParseResult result)
    {
        _isRefused = true;
        return new SipFrame(result.Kind == SipParseKind.TooLarge ? SipFrameKind.TooLarge : SipFrameKind.Malformed, bytes, result);
    }
}
