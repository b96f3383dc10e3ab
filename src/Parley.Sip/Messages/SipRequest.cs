using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A request as an object, for user agents and tests. Immutable.</summary>
/// <remarks>Header values that are not UTF-8 lose what is not; the views keep every byte. Source: RFC 3261 7.1.</remarks>
public sealed record SipRequest
{
    private readonly string _method = "";

    /// <summary>A request without headers and body.</summary>
    /// <param name="method">The method as it is written.</param>
    /// <param name="uri">The Request-URI.</param>
    /// <exception cref="ArgumentException">The method is no token.</exception>
    public SipRequest(string method, SipUri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        Method = method;
        Uri = uri;
    }

    /// <summary>A request without headers and body.</summary>
    /// <exception cref="ArgumentException">The method is <see cref="SipMethod.Unknown"/>.</exception>
    public SipRequest(SipMethod method, SipUri uri)
        : this(method.Text, uri)
    {
    }

    /// <summary>The method as it is written.</summary>
    public string Method { get => _method; init => _method = SipText.Token(value, nameof(Method)); }

    /// <summary>The Request-URI.</summary>
    public SipUri Uri { get; init; }

    /// <summary>The headers, without Content-Length.</summary>
    public SipHeaders Headers { get; init; } = SipHeaders.Empty;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Reads a request from a datagram.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SipRequest? request, out SipParseResult result)
    {
        request = null;
        var index = new SipMessageIndex();
        return SipParser.TryIndex(bytes, index, out result) && TryFrom(new SipMessageView(bytes, index), out request);
    }

    /// <summary>Makes an object of a view.</summary>
    /// <returns>False when it is a response, or its Request-URI is malformed.</returns>
    public static bool TryFrom(scoped in SipMessageView view, [NotNullWhen(true)] out SipRequest? request)
    {
        request = null;
        if (!view.IsRequest || !SipUri.TryParse(view.RequestUri, out SipUri? uri)) return false;
        request = new SipRequest(Encoding.ASCII.GetString(view.MethodBytes), uri) { Headers = SipHeaders.FromView(view), Body = view.Body.ToArray() };
        return true;
    }

    /// <summary>Writes the request, with Content-Length from the body.</summary>
    public void WriteTo(IBufferWriter<byte> writer) => SipObjectWriter.Write(writer, $"{Method} {Uri} SIP/2.0\r\n", Headers, Body.Span);

    /// <summary>The request as it is written on the wire.</summary>
    public byte[] ToBytes()
    {
        var writer = new ArrayBufferWriter<byte>();
        WriteTo(writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>True when both are written the same.</summary>
    public bool Equals(SipRequest? other) =>
        other is not null && Method == other.Method && Uri == other.Uri && Headers.Equals(other.Headers) && Body.Span.SequenceEqual(other.Body.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Method, Uri, Headers, Body.Length);

    /// <summary>The request as it is written on the wire.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToBytes());
}

/// <summary>A response as an object, for user agents and tests. Immutable.</summary>
/// <remarks>Header values that are not UTF-8 lose what is not; the views keep every byte. Source: RFC 3261 7.2.</remarks>
public sealed record SipResponse
{
    private readonly string _reasonPhrase = "";

    /// <summary>A response without headers and body.</summary>
    /// <param name="status">100 to 699.</param>
    /// <param name="reasonPhrase">The reason phrase; null for the standard one.</param>
    /// <exception cref="ArgumentException">No status, or the phrase has a CR or LF.</exception>
    public SipResponse(int status, string? reasonPhrase = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 699);
        StatusCode = status;
        ReasonPhrase = reasonPhrase ?? Encoding.ASCII.GetString(ReasonPhrases.Get(status));
    }

    /// <summary>The status, 100 to 699.</summary>
    public int StatusCode { get; }

    /// <summary>The reason phrase.</summary>
    public string ReasonPhrase { get => _reasonPhrase; init => _reasonPhrase = SipText.OneLine(value, nameof(ReasonPhrase)); }

    /// <summary>The headers, without Content-Length.</summary>
    public SipHeaders Headers { get; init; } = SipHeaders.Empty;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>A response to a request, with its Via, From, To, Call-ID and CSeq.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">100 to 699.</param>
    /// <param name="toTag">The tag for a To that has none; null for none.</param>
    /// <remarks>Source: RFC 3261 8.2.6.2.</remarks>
    public static SipResponse To(SipRequest request, int status, string? toTag = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        SipHeaders headers = SipHeaders.Empty;
        foreach (SipHeader row in request.Headers)
        {
            if (row.Id is not (HeaderId.Via or HeaderId.From or HeaderId.To or HeaderId.CallId or HeaderId.CSeq)) continue;
            headers = headers.Add(row.Id, row.Value);
        }

        if (toTag is not null && headers.To is { Tag: null } to) headers = headers.Set(HeaderId.To, to.WithTag(toTag));
        return new SipResponse(status) { Headers = headers };
    }

    /// <summary>Reads a response from a datagram.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SipResponse? response, out SipParseResult result)
    {
        response = null;
        var index = new SipMessageIndex();
        return SipParser.TryIndex(bytes, index, out result) && TryFrom(new SipMessageView(bytes, index), out response);
    }

    /// <summary>Makes an object of a view.</summary>
    /// <returns>False when it is a request.</returns>
    public static bool TryFrom(scoped in SipMessageView view, [NotNullWhen(true)] out SipResponse? response)
    {
        response = null;
        if (view.IsRequest) return false;
        response = new SipResponse(view.StatusCode, Encoding.UTF8.GetString(view.ReasonPhrase)) { Headers = SipHeaders.FromView(view), Body = view.Body.ToArray() };
        return true;
    }

    /// <summary>Writes the response, with Content-Length from the body.</summary>
    public void WriteTo(IBufferWriter<byte> writer) => SipObjectWriter.Write(writer, $"SIP/2.0 {StatusCode} {ReasonPhrase}\r\n", Headers, Body.Span);

    /// <summary>The response as it is written on the wire.</summary>
    public byte[] ToBytes()
    {
        var writer = new ArrayBufferWriter<byte>();
        WriteTo(writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>True when both are written the same.</summary>
    public bool Equals(SipResponse? other) =>
        other is not null && StatusCode == other.StatusCode && ReasonPhrase == other.ReasonPhrase && Headers.Equals(other.Headers)
        && Body.Span.SequenceEqual(other.Body.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(StatusCode, ReasonPhrase, Headers, Body.Length);

    /// <summary>The response as it is written on the wire.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToBytes());
}

/// <summary>What requests and responses have in common when they are written.</summary>
internal static class SipObjectWriter
{
    public static void Write(IBufferWriter<byte> writer, string startLine, SipHeaders headers, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Encoding.UTF8.GetBytes(startLine, writer);
        foreach (SipHeader row in headers)
        {
            Encoding.UTF8.GetBytes(row.Name, writer);
            writer.Write(": "u8);
            Encoding.UTF8.GetBytes(row.Value, writer);
            writer.Write("\r\n"u8);
        }

        Encoding.UTF8.GetBytes($"{HeaderTable.Get(HeaderId.ContentLength).Name}: {body.Length}\r\n\r\n", writer);
        writer.Write(body);
    }
}
