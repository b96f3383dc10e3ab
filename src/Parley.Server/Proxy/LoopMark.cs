using System.Buffers.Binary;
using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The second part of this server's branches: by it the server sees that a request has been here before, and whether it comes round again unchanged.</summary>
/// <remarks>
/// <code>
/// z9hG4bK 4f1k...  . 0123456789abcdef 01234567
///         unique     Passage          Routing
/// </code>
/// Passage is a keyed hash of Call-ID, From tag and CSeq number: the same each time one request comes, whoever forwarded
/// it. Routing is a keyed hash of what decides where the request goes: Request-URI, Route and Proxy-Require as they came.
/// Neither depends on the method. Both are keyed, so nobody else can write a mark. Source: RFC 3261 16.3 step 4 and
/// 16.6 step 8, RFC 5393 4.2.
/// </remarks>
internal readonly struct LoopMark
{
    /// <summary>Bytes of the mark behind the unique part.</summary>
    public const int LengthBytes = 1 + (2 * MarkBytes);

    private const int MarkBytes = sizeof(ulong) + sizeof(uint);

    private readonly ulong _passage;
    private readonly uint _routing;

    private LoopMark(ulong passage, uint routing) => (_passage, _routing) = (passage, routing);

    /// <summary>The mark of a request as it was received.</summary>
    public static LoopMark Of(scoped in SipMessageView request, in SeededHash128 key)
    {
        var passage = new KeyedFields(key);
        if (request.TryGetCallId(out ReadOnlySpan<byte> callId) == HeaderStatus.Ok) passage.Add(callId);
        if (request.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok) passage.Add(from.Tag);
        if (request.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok) passage.Add((UInt128)cseq.Number);
        var routing = new KeyedFields(key);
        routing.Add(request.RequestUri);
        AddRows(ref routing, request, HeaderId.Route);
        AddRows(ref routing, request, HeaderId.ProxyRequire);
        return new LoopMark((ulong)passage.Result, (uint)routing.Result);
    }

    /// <summary>Writes the mark: <see cref="LengthBytes"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> mark = stackalloc byte[MarkBytes];
        BinaryPrimitives.WriteUInt64BigEndian(mark, _passage);
        BinaryPrimitives.WriteUInt32BigEndian(mark[sizeof(ulong)..], _routing);
        destination[0] = (byte)'.';
        Convert.TryToHexStringLower(mark, destination[1..], out _);
    }

    /// <summary>Looks for marks of this server in the Via headers of a request.</summary>
    /// <returns>Whether the request was here before, and whether it looked the same.</returns>
    public Passage FindIn(scoped in SipMessageView request)
    {
        Span<byte> mine = stackalloc byte[LengthBytes];
        Write(mine);
        var found = Passage.First;
        foreach (HeaderValue value in request.Values(HeaderId.Via))
        {
            if (!ViaView.TryParse(value, out ViaView via) || via.Branch.Length <= LengthBytes) continue;
            ReadOnlySpan<byte> theirs = via.Branch[^LengthBytes..];
            const int passageEnd = 1 + (2 * sizeof(ulong));
            if (theirs[0] != '.' || !Ascii.EqualsIgnoreCase(theirs[..passageEnd], mine[..passageEnd])) continue;
            if (Ascii.EqualsIgnoreCase(theirs[passageEnd..], mine[passageEnd..])) return Passage.Loop;
            found = Passage.Spiral;
        }

        return found;
    }

    private static void AddRows(ref KeyedFields fields, scoped in SipMessageView request, HeaderId id)
    {
        for (int row = request.Index.FirstRow(id); row >= 0; row = request.Index.NextRow(row)) fields.Add(request.RowValue(row));
    }
}

/// <summary>Whether a request has been at this server before.</summary>
internal enum Passage
{
    /// <summary>No.</summary>
    First,

    /// <summary>Yes, and it was to go elsewhere then.</summary>
    Spiral,

    /// <summary>Yes, and nothing that decides where it goes has changed.</summary>
    Loop,
}
