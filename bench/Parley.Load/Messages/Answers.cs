namespace Parley.Load.Messages;

/// <summary>Writes the answers of the callees, and reads what callers need of them.</summary>
internal static class Answers
{
    /// <summary>Writes an answer to a request.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="request">The request.</param>
    /// <param name="status">Status and reason: <c>180 Ringing</c>.</param>
    /// <param name="local">Address and port of this side, for Contact.</param>
    /// <param name="body">A session description, or nothing.</param>
    /// <returns>Its length.</returns>
    /// <remarks>Source: RFC 3261 8.2.6.2, 12.1.1: Via, From, To, Call-ID, CSeq and Record-Route are the request's.</remarks>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> request, ReadOnlySpan<byte> status, ReadOnlySpan<byte> local, ReadOnlySpan<byte> body)
    {
        var writer = new MessageWriter(destination);
        writer.Text("SIP/2.0 "u8);
        writer.Text(status);
        writer.Text("\r\n"u8);
        var lines = new HeaderLines(request);
        while (lines.Next())
        {
            if (lines.Name is not (Header.Via or Header.From or Header.To or Header.CallId or Header.CSeq or Header.RecordRoute)) continue;
            writer.Text(lines.Line);
            if (lines.Name == Header.To && lines.Line.IndexOf(";tag="u8) < 0) writer.Text(";tag=callee"u8);
            writer.Text("\r\n"u8);
        }

        writer.Text("Contact: <sip:callee@"u8);
        writer.Text(local);
        writer.Text(body.IsEmpty ? ">\r\nContent-Length: "u8 : ">\r\nContent-Type: application/sdp\r\nContent-Length: "u8);
        writer.Number(body.Length);
        writer.Text("\r\n\r\n"u8);
        writer.Text(body);
        return writer.Length;
    }

    /// <summary>Writes the Route lines with which the caller's next requests take the way of the answer back.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>Their length; 0 for none.</returns>
    /// <remarks>Source: RFC 3261 12.1.2: the Record-Route lines in reverse order. A line with several routes is taken as it is, which is right for one proxy.</remarks>
    public static int WriteRoutes(Span<byte> destination, ReadOnlySpan<byte> answer)
    {
        int count = 0;
        var counting = new HeaderLines(answer);
        while (counting.Next())
        {
            if (counting.Name == Header.RecordRoute) count++;
        }

        var writer = new MessageWriter(destination);
        for (int wanted = count - 1; wanted >= 0; wanted--)
        {
            int index = 0;
            var lines = new HeaderLines(answer);
            while (lines.Next())
            {
                if (lines.Name != Header.RecordRoute || index++ != wanted) continue;
                writer.Text("Route: "u8);
                writer.Text(lines.Value);
                writer.Text("\r\n"u8);
                break;
            }
        }

        return writer.Length;
    }
}
