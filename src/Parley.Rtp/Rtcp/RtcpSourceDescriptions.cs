using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp;

/// <summary>What an SDES item says of a source.</summary>
/// <remarks>Source: RFC 3550 6.5.</remarks>
public enum RtcpSdesItem : byte
{
    /// <summary>The name that stays when the SSRC changes: user@host.</summary>
    CanonicalName = 1,

    /// <summary>A name for people.</summary>
    Name = 2,

    /// <summary>An e-mail address.</summary>
    Email = 3,

    /// <summary>A telephone number.</summary>
    Phone = 4,

    /// <summary>A place.</summary>
    Location = 5,

    /// <summary>The program.</summary>
    Tool = 6,

    /// <summary>What the source is doing.</summary>
    Note = 7,

    /// <summary>A private extension.</summary>
    Private = 8,
}

/// <summary>Goes through the items of an SDES; stops at the first that is cut off.</summary>
public ref struct RtcpSourceDescriptions
{
    private ReadOnlySpan<byte> _rest;
    private int _chunks;
    private int _chunkLength;       // of what is left of the current chunk; 0 between chunks
    private uint _ssrc;

    internal RtcpSourceDescriptions(ReadOnlySpan<byte> content, int chunks)
    {
        _rest = content;
        _chunks = chunks;
    }

    /// <summary>Gives the next item of any source.</summary>
    /// <param name="ssrc">Whose it is.</param>
    /// <param name="item">What it says.</param>
    /// <param name="text">UTF-8, 0 to 255 bytes.</param>
    /// <returns>False behind the last.</returns>
    public bool TryRead(out uint ssrc, out RtcpSdesItem item, out ReadOnlySpan<byte> text)
    {
        (ssrc, item) = (_ssrc, default);
        text = default;
        while (true)
        {
            if (_chunkLength == 0)
            {
                if (_chunks-- <= 0 || !BinaryPrimitives.TryReadUInt32BigEndian(_rest, out _ssrc)) return false;
                ssrc = _ssrc;
                _rest = _rest[4..];
                _chunkLength = 4;   // as read; grows with the items, so that the end of the chunk is on a word
            }

            if (_rest.IsEmpty) return false;
            if (_rest[0] == 0)
            {
                // A null item ends the chunk, which is filled up to the next word.
                int fill = 4 - (_chunkLength % 4);
                if (_rest.Length < fill) return false;
                _rest = _rest[fill..];
                _chunkLength = 0;
                continue;
            }

            if (_rest.Length < 2 || _rest.Length < 2 + _rest[1]) return false;
            item = (RtcpSdesItem)_rest[0];
            int length = _rest[1];
            text = _rest.Slice(2, length);
            _rest = _rest[(2 + length)..];
            _chunkLength += 2 + length;
            return true;
        }
    }
}
