using System.Buffers.Binary;

namespace Parley.Media.Files.Ogg;

/// <summary>Finds the pages of a file; what is no whole page with a right checksum is passed over.</summary>
/// <remarks>Gives up where there is more damage than an accident does, so that no file takes longer to read than its length is worth. Source: RFC 3533 6.</remarks>
internal sealed class OggPageReader
{
    private const int MaxSkippedBytes = 1 << 20;        // between two pages
    private const int MaxDamagedPages = 1000;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[OggPage.MaxLengthBytes * 2];
    private int _start, _end;
    private long _readBytes;
    private int _damagedPages;

    /// <summary>A reader of a file.</summary>
    /// <param name="begin">Bytes of it that were read already; few.</param>
    /// <param name="stream">Where the rest is.</param>
    public OggPageReader(ReadOnlySpan<byte> begin, Stream stream)
    {
        _stream = stream;
        begin.CopyTo(_buffer);
        _end = begin.Length;
    }

    /// <summary>Reads the next page.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public bool TryRead(out OggPage page)
    {
        page = default;
        int skipped = 0;
        while (skipped <= MaxSkippedBytes && _damagedPages <= MaxDamagedPages && TryFill(OggPage.HeaderLengthBytes))
        {
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
            int at = rest.IndexOf("OggS"u8);
            if (at != 0)
            {
                int passed = at < 0 ? rest.Length - 3 : at;     // three of its bytes may stand at the end
                (_start, skipped) = (_start + passed, skipped + passed);
                continue;
            }

            if (rest[4] == 0 && TryMeasure(rest[26], out int length) && IsWhole(_buffer.AsSpan(_start, length)))
            {
                page = new OggPage(_buffer.AsSpan(_start, length));
                _start += length;
                return true;
            }

            _damagedPages++;
            (_start, skipped) = (_start + 4, skipped + 4);
        }

        return false;
    }

    private bool TryMeasure(int segments, out int length)
    {
        length = OggPage.HeaderLengthBytes + segments;
        if (!TryFill(length)) return false;
        int body = 0;
        foreach (byte segment in _buffer.AsSpan(_start + OggPage.HeaderLengthBytes, segments)) body += segment;
        length += body;
        return TryFill(length);
    }

    private static bool IsWhole(ReadOnlySpan<byte> page)
    {
        uint checksum = OggChecksum.Add(0, page[..22]);
        checksum = OggChecksum.Add(checksum, [0, 0, 0, 0]);
        return OggChecksum.Add(checksum, page[26..]) == BinaryPrimitives.ReadUInt32LittleEndian(page[22..]);
    }

    /// <summary>Has so many bytes in the buffer, from its start.</summary>
    private bool TryFill(int length)
    {
        if (_end - _start >= length) return true;
        if (_start + length > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < length)
        {
            int got = _readBytes >= WavReader.MaxLengthBytes ? 0 : _stream.Read(_buffer, _end, _buffer.Length - _end);
            if (got == 0) return false;
            (_end, _readBytes) = (_end + got, _readBytes + got);
        }

        return true;
    }
}
