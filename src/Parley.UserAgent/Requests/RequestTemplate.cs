using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Requests;

/// <summary>A request as the user agent means it, whichever way it will go: all but the Via, and the host of its Contact.</summary>
/// <remarks>
/// Kept for as long as the request may have to be sent once more: with credentials, to the next address, to where a 3xx
/// says. Source: RFC 3261 8.1.1.
/// </remarks>
internal sealed class RequestTemplate
{
    private const int FixedBytes = 256;     // names of headers, versions, numbers and line ends

    /// <summary>The method; not CANCEL, which the lane makes.</summary>
    public required SipMethod Method { get; init; }

    /// <summary>The Request-URI.</summary>
    public required byte[] RequestUri { get; set; }

    /// <summary>Value of From, with its tag.</summary>
    public required byte[] From { get; init; }

    /// <summary>Value of To, with its tag inside a dialog.</summary>
    public required byte[] To { get; init; }

    /// <summary>Call-ID.</summary>
    public required byte[] CallId { get; init; }

    /// <summary>The number of CSeq; a request that is sent anew has the next one.</summary>
    public required uint Sequence { get; set; }

    /// <summary>Value of Route; empty for none.</summary>
    public byte[] Route { get; set; } = [];

    /// <summary>The user of the Contact URI; null for a request without Contact.</summary>
    public byte[]? ContactUser { get; init; }

    /// <summary>A Contact that stands in the place of the one with this side's host, in brackets; null for none.</summary>
    public byte[]? Gruu { get; set; }

    /// <summary>True when the Contact asks for what comes in the dialog over the flow of the request (RFC 5626 4.3).</summary>
    public bool IsOutbound { get; set; }

    /// <summary>Parameters of the Contact URI, each with its semicolon; they are not put into a GRUU.</summary>
    public byte[] ContactUriParameters { get; set; } = [];

    /// <summary>Parameters of the Contact behind the URI: <c>;expires=0</c>.</summary>
    public byte[] ContactParameters { get; set; } = [];

    /// <summary>Further rows, each with its CRLF.</summary>
    public byte[] Headers { get; set; } = [];

    /// <summary>Rows of Authorization and Proxy-Authorization.</summary>
    public byte[] Credentials { get; set; } = [];

    /// <summary>Media type of the body.</summary>
    public byte[] ContentType { get; init; } = [];

    /// <summary>The body; empty for none.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>True when the Contact has to be a <c>sips</c> URI: the request is for one, or goes by one first. A REGISTER binds what it is for.</summary>
    /// <remarks>Source: RFC 3261 8.1.1.8, RFC 5630 5.1.1.1.</remarks>
    public bool IsContactSecure => WireText.IsSips(RequestUri) || (Method != SipMethod.Register && Route.AsSpan().StartsWith("<sips:"u8));

    /// <summary>Writes the request for the flow that suits its length.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="flow">The flow; TCP takes the place of UDP when the request is too long for a datagram.</param>
    /// <param name="branch">The branch.</param>
    /// <returns>The whole request, with one lease.</returns>
    public PooledBuffer Write(SipLane lane, ref SipFlow flow, ReadOnlySpan<byte> branch)
    {
        PooledBuffer request = WriteOn(lane, flow, branch);
        SipFlow suited = lane.FlowFor(flow, request.Length);
        if (suited == flow) return request;
        request.Release();
        flow = suited;
        return WriteOn(lane, flow, branch);
    }

    private PooledBuffer WriteOn(SipLane lane, in SipFlow flow, ReadOnlySpan<byte> branch)
    {
        int most = FixedBytes + (2 * SipLane.MaxViaBytes) + branch.Length + RequestUri.Length + From.Length + To.Length + CallId.Length + Route.Length
            + (ContactUser?.Length ?? 0) + (Gruu?.Length ?? 0) + ContactUriParameters.Length + ContactParameters.Length + Headers.Length + Credentials.Length + ContentType.Length + Body.Length;
        PooledBuffer request = lane.Loop.Buffers.Rent(most);
        var writer = new MessageWriter(request.Whole);
        writer.Write(Method.Name);
        writer.Write(" "u8);
        writer.Write(RequestUri);
        writer.Write(" SIP/2.0\r\nVia: "u8);
        writer.Advance(lane.WriteVia(writer.Remaining, flow, branch));
        writer.Write("\r\nMax-Forwards: 70\r\n"u8);
        if (Route.Length > 0) WriteRow(ref writer, "Route: "u8, Route);
        WriteRow(ref writer, "From: "u8, From);
        WriteRow(ref writer, "To: "u8, To);
        WriteRow(ref writer, "Call-ID: "u8, CallId);
        writer.Write("CSeq: "u8);
        writer.Write(Sequence);
        writer.Write(" "u8);
        writer.Write(Method.Name);
        writer.Write("\r\n"u8);
        if (ContactUser is not null)
        {
            writer.Write("Contact: "u8);
            if (Gruu is not null) writer.Write(Gruu);
            else writer.Advance(WriteContact(writer.Remaining, lane, flow, ContactUser, IsContactSecure, IsOutbound, ContactUriParameters));
            WriteRow(ref writer, ContactParameters, default);
        }

        writer.Write(Credentials);
        writer.Write(Headers);
        if (Body.Length > 0) WriteRow(ref writer, "Content-Type: "u8, ContentType);
        writer.Write("Content-Length: "u8);
        writer.Write((uint)Body.Length);
        writer.Write("\r\n\r\n"u8);
        writer.Write(Body);
        request.Length = writer.Written;
        return request;
    }

    /// <summary>Writes the address of this side as it is reached over a flow: <c>&lt;sip:alice@192.0.2.1:5060;transport=tcp&gt;</c>, or with <c>sips</c>, which says by itself that it is TLS (RFC 5630 5.1.1).</summary>
    /// <returns>Bytes written, at most <see cref="SipLane.MaxViaBytes"/>, the user's and the parameters'.</returns>
    public static int WriteContact(Span<byte> destination, SipLane lane, in SipFlow flow, ReadOnlySpan<byte> user, bool isSecure, bool isOutbound = false, ReadOnlySpan<byte> parameters = default)
    {
        var writer = new MessageWriter(destination);
        writer.Write(isSecure ? "<sips:"u8 : "<sip:"u8);
        if (!user.IsEmpty)
        {
            writer.Write(user);
            writer.Write("@"u8);
        }

        writer.Advance(lane.WriteHostAndPort(writer.Remaining, flow));
        if (flow.IsReliable && !isSecure)
        {
            writer.Write(";transport="u8);
            writer.Write(flow.Transport.ParameterName);
        }

        writer.Write(parameters);
        if (isOutbound) writer.Write(";ob"u8);
        writer.Write(">"u8);
        return writer.Written;
    }

    private static void WriteRow(ref MessageWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        writer.Write(name);
        writer.Write(value);
        writer.Write("\r\n"u8);
    }
}
