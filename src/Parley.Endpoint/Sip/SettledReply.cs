using System.Runtime.InteropServices;

namespace Parley.Endpoint.Sip;

/// <summary>A reply as bytes, to be made once more from the same request.</summary>
/// <remarks>
/// A third of the message that it makes, as Via, From, To, Call-ID and CSeq are the request's, which then is at hand again.
/// <code>
/// +--------+------------------+---------------+--------+---------+--------------+------+
/// | status | Record-Route too | four lengths  | reason | To tag  | headers      | ...  |
/// +--------+------------------+---------------+--------+---------+--------------+------+
/// </code>
/// </remarks>
internal static class SettledReply
{
    private static readonly int FixedBytes = Marshal.SizeOf<Fixed>();

    /// <summary>Bytes that a reply takes.</summary>
    public static int LengthOf(in SipReply reply) =>
        FixedBytes + reply.ReasonPhrase.Length + reply.ToTag.Length + reply.Headers.Length + reply.ContentType.Length + reply.Body.Length;

    /// <summary>Writes a reply.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="destination"><see cref="LengthOf"/> bytes.</param>
    public static void Write(in SipReply reply, Span<byte> destination)
    {
        MemoryMarshal.Write(destination, new Fixed
        {
            StatusCode = (ushort)reply.StatusCode,
            CopyRecordRoute = reply.CopyRecordRoute ? (byte)1 : (byte)0,
            ReasonBytes = reply.ReasonPhrase.Length,
            ToTagBytes = reply.ToTag.Length,
            HeadersBytes = reply.Headers.Length,
            ContentTypeBytes = reply.ContentType.Length,
        });
        Span<byte> rest = destination[FixedBytes..];
        Append(ref rest, reply.ReasonPhrase);
        Append(ref rest, reply.ToTag);
        Append(ref rest, reply.Headers);
        Append(ref rest, reply.ContentType);
        Append(ref rest, reply.Body);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the reply is a view over it.</summary>
    public static SipReply Read(ReadOnlySpan<byte> source)
    {
        Fixed head = MemoryMarshal.Read<Fixed>(source);
        ReadOnlySpan<byte> rest = source[FixedBytes..];
        return new SipReply(head.StatusCode)
        {
            CopyRecordRoute = head.CopyRecordRoute != 0,
            ReasonPhrase = Take(ref rest, head.ReasonBytes),
            ToTag = Take(ref rest, head.ToTagBytes),
            Headers = Take(ref rest, head.HeadersBytes),
            ContentType = Take(ref rest, head.ContentTypeBytes),
            Body = rest,
        };
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> part)
    {
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> rest, int length)
    {
        ReadOnlySpan<byte> part = rest[..length];
        rest = rest[length..];
        return part;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Fixed
    {
        public ushort StatusCode;
        public byte CopyRecordRoute;
        public int ReasonBytes;
        public int ToTagBytes;
        public int HeadersBytes;
        public int ContentTypeBytes;
    }
}
