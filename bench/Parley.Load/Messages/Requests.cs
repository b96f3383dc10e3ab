using System.Text;

namespace Parley.Load.Messages;

/// <summary>Writes the requests of the callers.</summary>
/// <remarks>
/// They are as short as phones' requests are long: Via, Max-Forwards, From, To, Call-ID, CSeq, Contact where it belongs, and of an INVITE a session
/// description. Users are user0, user1 and so on, with the passwords pass0, pass1 and so on.
/// </remarks>
internal sealed class Requests(string domain)
{
    /// <summary>What both sides of a call send and want.</summary>
    public static ReadOnlySpan<byte> SessionDescription =>
        "v=0\r\no=load 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"u8;

    private readonly byte[] _domain = Encoding.ASCII.GetBytes(domain);
    private readonly byte[] _domainUri = Encoding.ASCII.GetBytes("sip:" + domain);

    /// <summary>REGISTER, with the answer to a challenge or without.</summary>
    public int Register(Span<byte> destination, in RequestParts parts, in DigestChallenge challenge)
    {
        var writer = new MessageWriter(destination);
        Begin(ref writer, "REGISTER"u8, _domainUri, parts);
        DialogHeaders(ref writer, "REGISTER"u8, parts);
        writer.Text("Contact: <sip:user"u8);
        writer.Number(parts.User);
        writer.Text("@"u8);
        writer.Text(parts.Local);
        writer.Text(">\r\nExpires: 3600\r\n"u8);
        if (!challenge.Nonce.IsEmpty)
        {
            Span<byte> user = stackalloc byte[16];
            Span<byte> password = stackalloc byte[16];
            challenge.WriteAnswer(ref writer, Numbered(user, "user"u8, parts.User), Numbered(password, "pass"u8, parts.User), "REGISTER"u8, _domainUri, parts.Id.Sequence);
        }

        End(ref writer, []);
        return writer.Length;
    }

    /// <summary>OPTIONS to the server itself.</summary>
    public int OptionsToServer(Span<byte> destination, in RequestParts parts)
    {
        var writer = new MessageWriter(destination);
        Begin(ref writer, "OPTIONS"u8, _domainUri, parts);
        DialogHeaders(ref writer, "OPTIONS"u8, parts);
        End(ref writer, []);
        return writer.Length;
    }

    /// <summary>OPTIONS to a user.</summary>
    public int OptionsToUser(Span<byte> destination, in RequestParts parts)
    {
        var writer = new MessageWriter(destination);
        Span<byte> uri = stackalloc byte[320];
        Begin(ref writer, "OPTIONS"u8, UserUri(uri, parts.User), parts);
        DialogHeaders(ref writer, "OPTIONS"u8, parts);
        End(ref writer, []);
        return writer.Length;
    }

    /// <summary>INVITE of a user.</summary>
    public int Invite(Span<byte> destination, in RequestParts parts)
    {
        var writer = new MessageWriter(destination);
        Span<byte> uri = stackalloc byte[320];
        Begin(ref writer, "INVITE"u8, UserUri(uri, parts.User), parts);
        DialogHeaders(ref writer, "INVITE"u8, parts);
        writer.Text("Contact: <sip:caller@"u8);
        writer.Text(parts.Local);
        writer.Text(">\r\n"u8);
        End(ref writer, SessionDescription);
        return writer.Length;
    }

    /// <summary>ACK of a call that was answered.</summary>
    public int Ack(Span<byte> destination, in RequestParts parts) => InDialog(destination, "ACK"u8, parts);

    /// <summary>BYE of a call that was answered.</summary>
    public int Bye(Span<byte> destination, in RequestParts parts) => InDialog(destination, "BYE"u8, parts);

    /// <summary>ACK of an INVITE that was refused: of the same transaction, so with the branch of the INVITE (RFC 3261 17.1.1.3).</summary>
    public int AckOfRefusal(Span<byte> destination, in RequestParts parts)
    {
        var writer = new MessageWriter(destination);
        Span<byte> uri = stackalloc byte[320];
        Begin(ref writer, "ACK"u8, UserUri(uri, parts.User), parts);
        DialogHeaders(ref writer, "ACK"u8, parts);
        End(ref writer, []);
        return writer.Length;
    }

    private int InDialog(Span<byte> destination, ReadOnlySpan<byte> method, in RequestParts parts)
    {
        var writer = new MessageWriter(destination);
        Begin(ref writer, method, parts.Target, parts);
        writer.Text(parts.Routes);
        DialogHeaders(ref writer, method, parts);
        End(ref writer, []);
        return writer.Length;
    }

    private static void Begin(ref MessageWriter writer, ReadOnlySpan<byte> method, scoped ReadOnlySpan<byte> uri, in RequestParts parts)
    {
        writer.Text(method);
        writer.Text(" "u8);
        writer.Text(uri);
        writer.Text(" SIP/2.0\r\nVia: SIP/2.0/UDP "u8);
        writer.Text(parts.Local);
        writer.Text(";branch=z9hG4bK"u8);
        parts.Id.WriteTo(ref writer);
        writer.Text("."u8);
        writer.Number(parts.Transaction);
        writer.Text("\r\nMax-Forwards: 70\r\n"u8);
    }

    private void DialogHeaders(ref MessageWriter writer, ReadOnlySpan<byte> method, in RequestParts parts)
    {
        writer.Text("From: <sip:user"u8);
        writer.Number(parts.User);
        writer.Text("@"u8);
        writer.Text(_domain);
        writer.Text(">;tag="u8);
        writer.Hex(parts.Id.Sequence);
        writer.Text("\r\nTo: "u8);
        if (parts.To.IsEmpty)
        {
            writer.Text("<sip:user"u8);
            writer.Number(parts.User);
            writer.Text("@"u8);
            writer.Text(_domain);
            writer.Text(">"u8);
        }
        else
        {
            writer.Text(parts.To);
        }

        writer.Text("\r\nCall-ID: "u8);
        parts.Id.WriteTo(ref writer);
        writer.Text("@load\r\nCSeq: "u8);
        writer.Number(parts.Number);
        writer.Text(" "u8);
        writer.Text(method);
        writer.Text("\r\nUser-Agent: parley-load\r\n"u8);
    }

    private static void End(ref MessageWriter writer, ReadOnlySpan<byte> body)
    {
        if (!body.IsEmpty) writer.Text("Content-Type: application/sdp\r\n"u8);
        writer.Text("Content-Length: "u8);
        writer.Number(body.Length);
        writer.Text("\r\n\r\n"u8);
        writer.Text(body);
    }

    private ReadOnlySpan<byte> UserUri(Span<byte> destination, int user)
    {
        var writer = new MessageWriter(destination);
        writer.Text("sip:user"u8);
        writer.Number(user);
        writer.Text("@"u8);
        writer.Text(_domain);
        return destination[..writer.Length];
    }

    private static ReadOnlySpan<byte> Numbered(Span<byte> destination, ReadOnlySpan<byte> text, int number)
    {
        var writer = new MessageWriter(destination);
        writer.Text(text);
        writer.Number(number);
        return destination[..writer.Length];
    }
}

/// <summary>What differs from request to request.</summary>
internal readonly ref struct RequestParts
{
    /// <summary>Whose it is.</summary>
    public ExchangeId Id { get; init; }

    /// <summary>Which transaction of the exchange, for the branch.</summary>
    public int Transaction { get; init; }

    /// <summary>The number in CSeq.</summary>
    public int Number { get; init; }

    /// <summary>The number of the user that registers, or is called.</summary>
    public int User { get; init; }

    /// <summary>Address and port of this side, as they stand in Via and Contact.</summary>
    public ReadOnlySpan<byte> Local { get; init; }

    /// <summary>The value of To with its tag; empty before there is one.</summary>
    public ReadOnlySpan<byte> To { get; init; }

    /// <summary>The other side's contact, for requests of a call that was answered.</summary>
    public ReadOnlySpan<byte> Target { get; init; }

    /// <summary>Route header lines, for the same.</summary>
    public ReadOnlySpan<byte> Routes { get; init; }
}
