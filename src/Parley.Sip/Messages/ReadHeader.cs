namespace Parley.Sip.Messages;

/// <summary>What reading a header has found, kept in the index for who asks next: Via, From and To are asked for by everybody who handles a message.</summary>
/// <typeparam name="T">Where its parts are in the value.</typeparam>
internal struct ReadHeader<T>
    where T : struct
{
    private T _parts;
    private int _offset;
    private int _lengthBytes;
    private HeaderStatus _status;
    private bool _isRead;

    /// <summary>True once it was read.</summary>
    public readonly bool IsRead => Volatile.Read(in _isRead);

    /// <summary>What came of it.</summary>
    public readonly HeaderStatus Status => _status;

    /// <summary>Where the value starts in the message.</summary>
    public readonly int Offset => _offset;

    /// <summary>Bytes of the value.</summary>
    public readonly int LengthBytes => _lengthBytes;

    /// <summary>Keeps what was found.</summary>
    public void SetFound(int offset, int lengthBytes, in T parts)
    {
        (_offset, _lengthBytes, _parts) = (offset, lengthBytes, parts);
        SetStatus(HeaderStatus.Ok);
    }

    /// <summary>Keeps that nothing was found.</summary>
    public void SetStatus(HeaderStatus status)
    {
        _status = status;
        Volatile.Write(ref _isRead, true);      // behind all else: should others read at the same time, they find and keep the same
    }

    /// <summary>The bytes are others now.</summary>
    public void Clear() => _isRead = false;

    /// <summary>Where the parts are in the value.</summary>
    public static ref readonly T PartsOf(ref readonly ReadHeader<T> header) => ref header._parts;
}
