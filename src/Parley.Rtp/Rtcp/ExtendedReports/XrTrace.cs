using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>A view of a block that says something of each packet in a range: whether it came, came twice, or when it came.</summary>
/// <remarks>
/// <code>
/// |                        SSRC of source                         |
/// |          begin_seq            |             end_seq           |
/// :     chunks of 16 bits, or receipt times of 32 bits            :
///
/// chunk:  0 0 0000000000000000     the end
///         0 R length (14 bits)     a run of R
///         1 vector (15 bits)       one bit for each packet
/// </code>
/// Only packets whose number is a multiple of 2^T are in it. Source: RFC 3611 4.1 to 4.3.
/// </remarks>
public ref struct XrTrace
{
    internal const int HeadLengthBytes = 8;
    internal const int BitsPerVector = 15;
    internal const int LongestRun = 0x3FFF;

    private readonly ReadOnlySpan<byte> _items;
    private readonly int _step;
    private int _left;              // numbers up to the end of the range
    private ushort _next;           // the next number that is told of
    private int _at;                // in the items
    private int _run;               // what is left of a run, or of a vector
    private uint _bits;             // the run's value in all bits, or the vector at the top

    internal XrTrace(XrBlockType type, int thinning, ReadOnlySpan<byte> content)
    {
        (Type, Thinning) = (type, thinning);
        Ssrc = BinaryPrimitives.ReadUInt32BigEndian(content);
        Begin = BinaryPrimitives.ReadUInt16BigEndian(content[4..]);
        End = BinaryPrimitives.ReadUInt16BigEndian(content[6..]);
        _items = content[HeadLengthBytes..];
        _step = 1 << thinning;
        int skipped = (_step - (Begin & (_step - 1))) & (_step - 1);
        _next = (ushort)(Begin + skipped);
        _left = (ushort)(End - Begin) - skipped;
    }

    /// <summary>What is told of the packets.</summary>
    public XrBlockType Type { get; }

    /// <summary>T: one packet of 2^T is told of.</summary>
    /// <value>0 to 15.</value>
    public int Thinning { get; }

    /// <summary>Whose packets they are.</summary>
    public uint Ssrc { get; }

    /// <summary>The first number of the range.</summary>
    public ushort Begin { get; }

    /// <summary>The number behind the last of the range.</summary>
    public ushort End { get; }

    /// <summary>Gives what a block of runs says of the next packet.</summary>
    /// <param name="sequenceNumber">The packet.</param>
    /// <param name="value">Loss: true when it came. Duplicates: true when it did not come twice.</param>
    /// <returns>False behind the last, and for a block of times.</returns>
    public bool TryRead(out ushort sequenceNumber, out bool value)
    {
        (sequenceNumber, value) = (_next, false);
        if (_left <= 0 || Type == XrBlockType.ReceiptTimes) return false;
        while (_run == 0)
        {
            if (_at + 2 > _items.Length) return false;
            ushort chunk = BinaryPrimitives.ReadUInt16BigEndian(_items[_at..]);
            _at += 2;
            if (chunk == 0) return false;
            if ((chunk & 0x8000) != 0) (_run, _bits) = (BitsPerVector, (uint)chunk << 17);
            else (_run, _bits) = (chunk & LongestRun, (chunk & 0x4000) != 0 ? uint.MaxValue : 0);
        }

        value = _bits >> 31 != 0;
        _bits = uint.RotateLeft(_bits, 1);
        _run--;
        Advance();
        return true;
    }

    /// <summary>Gives what a block of times says of the next packet.</summary>
    /// <param name="sequenceNumber">The packet.</param>
    /// <param name="time">When it came, in units of RTP timestamps.</param>
    /// <returns>False behind the last, and for a block of runs.</returns>
    public bool TryRead(out ushort sequenceNumber, out uint time)
    {
        (sequenceNumber, time) = (_next, 0);
        if (_left <= 0 || Type != XrBlockType.ReceiptTimes || !BinaryPrimitives.TryReadUInt32BigEndian(_items[_at..], out time)) return false;
        _at += 4;
        Advance();
        return true;
    }

    private void Advance()
    {
        _next = (ushort)(_next + _step);
        _left -= _step;
    }
}
