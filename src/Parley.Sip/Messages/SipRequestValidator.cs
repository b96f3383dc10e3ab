using System.Text;

namespace Parley.Sip.Messages;

/// <summary>Why a request is refused before any role looks at it.</summary>
public readonly struct SipRefusal
{
    private readonly byte[] _reason;

    internal SipRefusal(int status, byte[] reason, HeaderId header, bool canAnswer)
    {
        Status = status;
        _reason = reason;
        Header = header;
        CanAnswer = canAnswer;
    }

    /// <summary>The status to answer: 400, 416 or 505.</summary>
    public int Status { get; }

    /// <summary>The reason phrase to answer: it names the header.</summary>
    public ReadOnlySpan<byte> Reason => _reason;

    /// <summary>The header at fault; <see cref="HeaderId.Unknown"/> when it is the start line.</summary>
    public HeaderId Header { get; }

    /// <summary>False when no answer can be sent: nobody knows where to (no Via), or it is an ACK.</summary>
    public bool CanAnswer { get; }
}

/// <summary>Checks what every server needs of a request before it does anything with it.</summary>
/// <remarks>
/// The version, the mandatory headers, that nothing is there twice that may be there once, that CSeq names the method, and the
/// Request-URI. Other headers are left to who needs them (RFC 3261 8.2.2, 16.3): <see cref="TryCheckHeader"/>.
/// A missing Max-Forwards is let through (RFC 3261 16.3 step 3). Allocates nothing.
/// Source: RFC 3261 8.1.1, 8.2.2, 16.3, 21.4.1, 21.4.14, 21.5.6.
/// </remarks>
public static class SipRequestValidator
{
    private static readonly ulong[] Singles = SingleHeaders();
    private static readonly byte[][] MissingReasons = Reasons("Missing ");
    private static readonly byte[][] MalformedReasons = Reasons("Malformed ");
    private static readonly byte[][] RepeatedReasons = Reasons("Repeated ");
    private static readonly byte[] MalformedUri = Encoding.ASCII.GetBytes("Malformed Request-URI");
    private static readonly byte[] OtherMethod = Encoding.ASCII.GetBytes("CSeq of another method");
    private static readonly byte[] OtherScheme = Encoding.ASCII.GetBytes("Unsupported URI Scheme");
    private static readonly byte[] OtherVersion = Encoding.ASCII.GetBytes("Version Not Supported");

    /// <summary>Checks a request.</summary>
    /// <returns>False when it is to be refused.</returns>
    public static bool TryCheck(scoped in SipMessageView request, out SipRefusal refusal)
    {
        HeaderStatus via = request.TryGetVia(out _);
        bool canAnswer = via == HeaderStatus.Ok && request.Method != SipMethod.Ack;
        if (via != HeaderStatus.Ok) return Refuse(HeaderId.Via, via, canAnswer, out refusal);
        if (!request.IsVersion2)
        {
            refusal = new SipRefusal(505, OtherVersion, HeaderId.Unknown, canAnswer);
            return false;
        }

        HeaderId repeated = request.Index.FirstRepeated(Singles);
        if (repeated != HeaderId.Unknown)
        {
            refusal = new SipRefusal(400, RepeatedReasons[(int)repeated], repeated, canAnswer);
            return false;
        }

        refusal = default;
        HeaderStatus status = request.TryGetCallId(out _);
        if (status != HeaderStatus.Ok) return Refuse(HeaderId.CallId, status, canAnswer, out refusal);
        status = request.TryGetFrom(out _);
        if (status != HeaderStatus.Ok) return Refuse(HeaderId.From, status, canAnswer, out refusal);
        status = request.TryGetTo(out _);
        if (status != HeaderStatus.Ok) return Refuse(HeaderId.To, status, canAnswer, out refusal);
        status = request.TryGetCSeq(out CSeqView cseq);
        if (status != HeaderStatus.Ok) return Refuse(HeaderId.CSeq, status, canAnswer, out refusal);
        status = request.TryGetMaxForwards(out _);
        if (status == HeaderStatus.Malformed) return Refuse(HeaderId.MaxForwards, status, canAnswer, out refusal);
        if (!cseq.MethodBytes.SequenceEqual(request.MethodBytes))
        {
            refusal = new SipRefusal(400, OtherMethod, HeaderId.CSeq, canAnswer);
            return false;
        }

        if (request.TryGetRequestUri(out SipUriView uri) != HeaderStatus.Ok)
        {
            refusal = new SipRefusal(400, MalformedUri, HeaderId.Unknown, canAnswer);
            return false;
        }

        if (uri.Scheme == SipUriScheme.Other)
        {
            refusal = new SipRefusal(416, OtherScheme, HeaderId.Unknown, canAnswer);
            return false;
        }

        return true;
    }

    /// <summary>Checks that every value of a header follows its grammar.</summary>
    /// <param name="request">The request, checked by <see cref="TryCheck"/>.</param>
    /// <param name="id">The header.</param>
    /// <param name="isMandatory">True when it must be there.</param>
    /// <param name="refusal">The answer when it does not.</param>
    public static bool TryCheckHeader(scoped in SipMessageView request, HeaderId id, bool isMandatory, out SipRefusal refusal)
    {
        refusal = default;
        bool canAnswer = request.Method != SipMethod.Ack;
        if (!request.Has(id)) return !isMandatory || Refuse(id, HeaderStatus.Missing, canAnswer, out refusal);
        foreach (HeaderValue value in request.Values(id))
        {
            if (!value.IsClosed || !HeaderGrammar.IsWellFormed(id, value.Bytes)) return Refuse(id, HeaderStatus.Malformed, canAnswer, out refusal);
        }

        return true;
    }

    private static ulong[] SingleHeaders()
    {
        var headers = new ulong[(HeaderTable.Count + 63) / 64];
        foreach (HeaderDefinition definition in HeaderTable.All)
        {
            if (definition.Rows == HeaderRows.Single) headers[(int)definition.Id >> 6] |= 1UL << ((int)definition.Id & 63);
        }

        return headers;
    }

    private static bool Refuse(HeaderId id, HeaderStatus status, bool canAnswer, out SipRefusal refusal)
    {
        refusal = new SipRefusal(400, status == HeaderStatus.Missing ? MissingReasons[(int)id] : MalformedReasons[(int)id], id, canAnswer);
        return false;
    }

    private static byte[][] Reasons(string prefix)
    {
        var reasons = new byte[HeaderTable.Count][];
        for (int i = 0; i < reasons.Length; i++) reasons[i] = Encoding.ASCII.GetBytes(prefix + HeaderTable.Get((HeaderId)i).Name);
        return reasons;
    }
}
