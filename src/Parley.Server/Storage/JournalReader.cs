using Microsoft.Win32.SafeHandles;

namespace Parley.Server.Storage;

/// <summary>Reads the records of a journal's file from its beginning, and goes on behind what is damaged.</summary>
internal sealed class JournalReader(SafeFileHandle file, long position, uint seed)
{
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;         // of what is not read yet, in the buffer
    private int _end;
    private long _position = position;      // of _start, in the file

    /// <summary>Where the last intact record ends.</summary>
    public long IntactEnd { get; private set; } = position;

    /// <summary>Damaged places that have an intact record behind them.</summary>
    public int DamagedPlaces { get; private set; }

    /// <summary>Reads the next intact record.</summary>
    /// <param name="record">The caller's until the next call.</param>
    /// <returns>False when there is none up to the end of the file.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool TryRead(out Span<byte> record)
    {
        bool isSkipping = false;
        while (TryFill(JournalFrame.HeaderBytes))
        {
            int length = JournalFrame.RecordLength(_buffer.AsSpan(_start));
            int frameBytes = JournalFrame.HeaderBytes + length;
            if (length >= 0 && TryFill(frameBytes) && JournalFrame.IsIntact(_buffer.AsSpan(_start, frameBytes), seed))
            {
                record = _buffer.AsSpan(_start + JournalFrame.HeaderBytes, length);
                Skip(frameBytes);
                IntactEnd = _position;
                if (isSkipping) DamagedPlaces++;
                return true;
            }

            isSkipping = true;
            SkipToMarker();
        }

        record = default;
        return false;
    }

    /// <summary>Moves to the next place behind this one at which a frame may begin.</summary>
    private void SkipToMarker()
    {
        int at = _buffer.AsSpan(_start + 1, _end - _start - 1).IndexOf(JournalFrame.Marker);
        // Without one, its beginning may be among the last bytes.
        Skip(at >= 0 ? at + 1 : Math.Max(1, _end - _start - JournalFrame.Marker.Length + 1));
    }

    private void Skip(int bytes)
    {
        _start += bytes;
        _position += bytes;
    }

    /// <summary>Reads until so many bytes are in the buffer.</summary>
    private bool TryFill(int bytes)
    {
        if (_end - _start >= bytes) return true;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (bytes > _buffer.Length) Array.Resize(ref _buffer, Math.Max(bytes, 2 * _buffer.Length));
        while (_end < bytes)
        {
            int read = RandomAccess.Read(file, _buffer.AsSpan(_end), _position + _end);
            if (read == 0) return false;
            _end += read;
        }

        return true;
    }
}
