using System.Buffers.Binary;

namespace Parley.Media.Files.Ogg;

/// <summary>Collects packets of one stream and writes them as pages.</summary>
/// <param name="stream">Where pages go.</param>
/// <param name="serial">The stream's number, different from those of other streams that the file may be joined with.</param>
internal sealed class OggPageWriter(Stream stream, uint serial)
{
    private readonly byte[] _page = new byte[OggPage.MaxLengthBytes];
    private readonly byte[] _segments = new byte[OggPage.MaxSegments];
    private readonly byte[] _body = new byte[OggPage.MaxSegments * 255];
    private int _segmentCount;
    private int _bodyLength;
    private uint _sequence;

    /// <summary>True when there is no packet for a page.</summary>
    public bool IsEmpty => _segmentCount == 0;

    /// <summary>Adds a whole packet to the next page.</summary>
    /// <param name="packet">Shorter than 255 * 255 bytes.</param>
    /// <returns>False when the page has no room for it: write that first.</returns>
    public bool TryAdd(ReadOnlySpan<byte> packet)
    {
        int segments = (packet.Length / 255) + 1;
        if (_segmentCount + segments > OggPage.MaxSegments) return false;
        _segments.AsSpan(_segmentCount, segments - 1).Fill(255);
        _segments[_segmentCount + segments - 1] = (byte)(packet.Length % 255);
        packet.CopyTo(_body.AsSpan(_bodyLength));
        (_segmentCount, _bodyLength) = (_segmentCount + segments, _bodyLength + packet.Length);
        return true;
    }

    /// <summary>Writes the page.</summary>
    /// <param name="granulePosition">How far the stream is at its end.</param>
    /// <param name="flags"><see cref="OggPage.Begins"/>, <see cref="OggPage.Ends"/> or 0.</param>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Write(long granulePosition, byte flags)
    {
        int head = OggPage.HeaderLengthBytes + _segmentCount;
        Span<byte> page = _page.AsSpan(0, head + _bodyLength);
        "OggS"u8.CopyTo(page);
        (page[4], page[5]) = (0, flags);
        BinaryPrimitives.WriteInt64LittleEndian(page[6..], granulePosition);
        BinaryPrimitives.WriteUInt32LittleEndian(page[14..], serial);
        BinaryPrimitives.WriteUInt32LittleEndian(page[18..], _sequence++);
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], 0);
        page[26] = (byte)_segmentCount;
        _segments.AsSpan(0, _segmentCount).CopyTo(page[OggPage.HeaderLengthBytes..]);
        _body.AsSpan(0, _bodyLength).CopyTo(page[head..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], OggChecksum.Add(0, page));
        (_segmentCount, _bodyLength) = (0, 0);
        stream.Write(page);
    }
}
