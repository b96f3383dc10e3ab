using System.Text;

namespace Parley.Sip.Messages;

/// <summary>Finds the parts of a message in one pass over its bytes.</summary>
/// <remarks>
/// Header values are found, not read: <see cref="SipMessageView"/> does that when somebody asks. Never throws for what the
/// bytes are. Lines end with CRLF and nothing else (RFC 3261 7): where elements disagree about the end of a line, one of
/// them sees headers that another one did not check. Source: RFC 3261 7, 18.3, 25.1.
/// </remarks>
public static class SipParser
{
    /// <summary>Indexes a message that came as a datagram or WebSocket message.</summary>
    /// <param name="datagram">All its bytes. Empty lines before the message are skipped; bytes behind its Content-Length are not part of it.</param>
    /// <param name="index">Filled; on failure only useful when the result <see cref="SipParseResult.IsIndexed"/>.</param>
    /// <param name="result">What it is, or where and why it is refused.</param>
    /// <returns>True for a well-formed request or response.</returns>
    public static bool TryIndex(ReadOnlySpan<byte> datagram, SipMessageIndex index, out SipParseResult result)
    {
        ArgumentNullException.ThrowIfNull(index);
        int start = SkipEmptyLines(datagram);
        if (start == datagram.Length)
        {
            index.Clear();
            result = new SipParseResult(SipParseKind.KeepAlive, SipParseError.None, 0, isIndexed: false);
            return false;
        }

        result = IndexHeaders(datagram, start, isWhole: true, index);
        if (!result.IsIndexed) return false;
        int present = datagram.Length - index.BodyOffset;
        if (result.Error is not (SipParseError.ContentLength or SipParseError.NoEmptyLine))
        {
            index.BodyLength = index.ContentLength < 0 ? present : Math.Min(index.ContentLength, present);
        }

        if (result.IsMessage)
        {
            SipLimits limits = index.Limits;
            if (index.ContentLength > present) result = Refuse(SipParseError.BodyCutOff, datagram.Length);
            else if (index.BodyLength > limits.MaxBodyBytes) result = Refuse(SipParseError.BodyTooLong, index.BodyOffset);
            else if (index.End - index.Start > limits.MaxMessageBytes) result = Refuse(SipParseError.MessageTooLong, index.BodyOffset);
        }

        return result.IsMessage;
    }

    /// <summary>Indexes start line and headers; the body is left empty at the offset where it starts.</summary>
    /// <param name="bytes">Bytes behind the empty line are not looked at.</param>
    /// <param name="at">Where the start line begins.</param>
    /// <param name="isWhole">False when bytes would follow if the limit allowed them: headers that do not end are too long then.</param>
    /// <param name="index">Filled.</param>
    internal static SipParseResult IndexHeaders(ReadOnlySpan<byte> bytes, int at, bool isWhole, SipMessageIndex index)
    {
        index.Clear();
        int most = Math.Min(Math.Min(bytes.Length, at + index.Limits.MaxHeaderBytes), SipLimits.LargestMessageBytes);
        bool isCut = !isWhole || most < bytes.Length;
        ReadOnlySpan<byte> headers = bytes[..most];

        index.Start = at;
        var scanner = new LineScanner(headers);
        int lineEnd = scanner.NextLineEnd(at);
        if (IsUnknown(headers, lineEnd)) return isCut ? HeadersTooLong(headers.Length) : Malformed(SipParseError.NotSip, at);
        if (!IsCrLf(headers, lineEnd)) return Malformed(SipParseError.LineEnd, lineEnd);
        SipParseError firstError = ParseStartLine(headers[..lineEnd], index);
        if (firstError == SipParseError.NotSip) return Malformed(firstError, at);
        int firstErrorOffset = at;
        at = lineEnd + 2;
        index.HeadersOffset = at;

        while (true)
        {
            if (at + 1 < headers.Length && headers[at] == '\r' && headers[at + 1] == '\n') break;
            if (at >= headers.Length)
            {
                if (isCut) return HeadersTooLong(headers.Length);
                index.HeadersEnd = index.BodyOffset = at;
                return Refuse(SipParseError.NoEmptyLine, at);
            }

            int row = at;
            int colon = scanner.NextColonOrLineEnd(at);
            if (colon < 0) return Unended(isCut, index, row, headers.Length);
            bool hasColon = headers[colon] == ':';
            int end = hasColon ? colon + 1 : colon;
            while (true)
            {
                end = scanner.NextLineEnd(end);
                if (IsUnknown(headers, end)) return Unended(isCut, index, row, headers.Length);
                if (!IsCrLf(headers, end)) return Malformed(SipParseError.LineEnd, end);
                if (end + 2 >= headers.Length || headers[end + 2] is not ((byte)' ' or (byte)'\t')) break;
                end += 2;   // a fold: the value goes on in the next line
            }

            at = end + 2;
            int nameEnd = Grammar.TrimEnd(headers, row, colon);
            HeaderId id = hasColon ? HeaderTable.Find(headers, row, nameEnd - row) : HeaderId.Unknown;
            if (id == HeaderId.Unknown && firstError == SipParseError.None && (!hasColon || !Grammar.IsToken(headers[row..nameEnd])))
            {
                (firstError, firstErrorOffset) = (SipParseError.HeaderRow, row);
            }

            int valueStart = hasColon ? Grammar.SkipWhiteSpace(headers[..end], colon + 1) : end;
            int valueEnd = Grammar.TrimEnd(headers, valueStart, end);
            if (!index.TryAdd(new HeaderSlot(row, valueStart, valueEnd - valueStart, id)))
            {
                return new SipParseResult(SipParseKind.TooLarge, SipParseError.TooManyHeaders, row, isIndexed: false);
            }

            if (id == HeaderId.ContentLength && !TryReadContentLength(headers[valueStart..valueEnd], index) && firstError == SipParseError.None)
            {
                (firstError, firstErrorOffset) = (SipParseError.ContentLength, valueStart);
            }
        }

        index.HeadersEnd = at;
        index.BodyOffset = at + 2;
        if (firstError != SipParseError.None) return Refuse(firstError, firstErrorOffset);
        return new SipParseResult(index.IsRequest ? SipParseKind.Request : SipParseKind.Response, SipParseError.None, 0, isIndexed: true);
    }

    private static SipParseResult Malformed(SipParseError error, int offset) => new(SipParseKind.Malformed, error, offset, isIndexed: false);

    private static SipParseResult HeadersTooLong(int offset) => new(SipParseKind.TooLarge, SipParseError.HeadersTooLong, offset, isIndexed: false);

    internal static SipParseResult Refuse(SipParseError error, int offset) =>
        new(error >= SipParseError.TooManyHeaders ? SipParseKind.TooLarge : SipParseKind.Malformed, error, offset, isIndexed: true);

    // The bytes end in the middle of a row: that row is not in the index, the ones before it are.
    private static SipParseResult Unended(bool isCut, SipMessageIndex index, int row, int length)
    {
        if (isCut) return HeadersTooLong(length);
        index.HeadersEnd = row;
        index.BodyOffset = length;
        return Refuse(SipParseError.NoEmptyLine, length);
    }

    private static int SkipEmptyLines(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && bytes[at] is (byte)'\r' or (byte)'\n' or 0) at++;
        return at;
    }

    // No line end, or a CR whose LF may be yet to come.
    private static bool IsUnknown(ReadOnlySpan<byte> bytes, int lineEnd) => lineEnd < 0 || (lineEnd + 1 == bytes.Length && bytes[lineEnd] == '\r');

    private static bool IsCrLf(ReadOnlySpan<byte> bytes, int at) => bytes[at] == '\r' && bytes[at + 1] == '\n';

    private static SipParseError ParseStartLine(ReadOnlySpan<byte> line, SipMessageIndex index)
    {
        int start = index.Start;
        if (line.Length - start < 8) return SipParseError.NotSip;
        return Ascii.EqualsIgnoreCase(line.Slice(start, 4), "SIP/"u8) ? ParseStatusLine(line, index) : ParseRequestLine(line, index);
    }

    // Request-Line  =  Method SP Request-URI SP SIP-Version
    private static SipParseError ParseRequestLine(ReadOnlySpan<byte> line, SipMessageIndex index)
    {
        int start = index.Start;
        int methodEnd = line[start..].IndexOf((byte)' ') + start;
        int end = Grammar.TrimEnd(line, start, line.Length);
        int versionStart = line[..end].LastIndexOf((byte)' ') + 1;
        if (methodEnd < start || versionStart <= methodEnd + 1) return SipParseError.NotSip;
        if (!TryReadVersion(line[versionStart..end], index)) return SipParseError.NotSip;
        ReadOnlySpan<byte> method = line[start..methodEnd];
        index.Method = SipMethods.Parse(method);
        if (index.Method == SipMethod.Unknown && !Grammar.IsToken(method)) return SipParseError.NotSip;
        index.IsRequest = true;
        index.MethodLength = method.Length;
        index.VersionOffset = versionStart;
        index.VersionLength = end - versionStart;
        int uriStart = Grammar.SkipWhiteSpace(line, methodEnd);
        int uriEnd = Grammar.TrimEnd(line, uriStart, versionStart);
        index.UriOffset = uriStart;
        index.UriLength = uriEnd - uriStart;
        bool isExact = end == line.Length && uriStart == methodEnd + 1 && uriEnd == versionStart - 1 && uriEnd > uriStart;
        return isExact && !line[uriStart..uriEnd].ContainsAny((byte)' ', (byte)'\t') ? SipParseError.None : SipParseError.StartLine;
    }

    // Status-Line  =  SIP-Version SP Status-Code SP Reason-Phrase
    private static SipParseError ParseStatusLine(ReadOnlySpan<byte> line, SipMessageIndex index)
    {
        int start = index.Start;
        int versionEnd = line[start..].IndexOf((byte)' ') + start;
        if (versionEnd < start || !TryReadVersion(line[start..versionEnd], index)) return SipParseError.NotSip;
        index.VersionOffset = start;
        index.VersionLength = versionEnd - start;
        int codeStart = versionEnd + 1;
        // The space behind the code is mandatory even when the phrase is empty; many leave it out, and nothing depends on it.
        if (line.Length < codeStart + 3 || (line.Length > codeStart + 3 && line[codeStart + 3] != ' ')) return SipParseError.StartLine;
        if (!Grammar.TryParseNumber(line.Slice(codeStart, 3), out uint code) || code is < 100 or > 699) return SipParseError.StartLine;
        index.StatusCode = (int)code;
        index.ReasonOffset = Math.Min(codeStart + 4, line.Length);
        index.ReasonLength = line.Length - index.ReasonOffset;
        return SipParseError.None;
    }

    // SIP-Version  =  "SIP" "/" 1*DIGIT "." 1*DIGIT, in any case (RFC 3261 7.1)
    private static bool TryReadVersion(ReadOnlySpan<byte> version, SipMessageIndex index)
    {
        if (version.SequenceEqual("SIP/2.0"u8))
        {
            index.IsVersion2 = true;
            return true;
        }

        if (version.Length < 7 || !Ascii.EqualsIgnoreCase(version[..4], "SIP/"u8)) return false;
        ReadOnlySpan<byte> numbers = version[4..];
        int dot = numbers.IndexOf((byte)'.');
        if (dot < 1 || dot == numbers.Length - 1) return false;
        if (numbers[..dot].ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        if (numbers[(dot + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        index.IsVersion2 = numbers.SequenceEqual("2.0"u8);
        return true;
    }

    private static bool TryReadContentLength(ReadOnlySpan<byte> value, SipMessageIndex index)
    {
        if (!Grammar.TryParseNumber(value, out uint length) || length > int.MaxValue) return false;
        if (index.ContentLength >= 0 && index.ContentLength != (int)length) return false;
        index.ContentLength = (int)length;
        return true;
    }
}
