using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Parley.Server.Storage;

/// <summary>A file to which records are appended: what was appended survives the death of the process, what was flushed survives a power cut.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0     8  "parley-j"
///      8     4  version of this layout, 1
///     12     4  seed of the checksums
///     16        frames (<see cref="JournalFrame"/>)
/// </code>
/// A process that dies within an append leaves a torn frame at the end, which the next one cuts off: nobody was told that it was there.
/// One thread at a time appends; another one may flush.
/// </remarks>
internal sealed class JournalFile : IDisposable
{
    private const int HeaderBytes = 16;
    private const uint LayoutVersion = 1;
    private const int DiskFull = 28;        // ENOSPC
    private const int OverQuota = 122;      // EDQUOT

    private readonly SafeFileHandle _file;
    private byte[] _pending = [];
    private int _pendingBytes;
    private uint _seed;
    private long _length;           // of what is intact
    private bool _isTorn;           // something may stand behind it
    private long _flushed;

    private JournalFile(string path, SafeFileHandle file) => (Path, _file) = (path, file);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>How many records it has.</summary>
    public long Count { get; private set; }

    /// <summary>In how many places it was damaged when it was opened.</summary>
    public int DamagedPlaces { get; private set; }

    /// <summary>Opens a file or makes one, and reads its records.</summary>
    /// <param name="path">The file.</param>
    /// <param name="receive">Gets each record.</param>
    /// <exception cref="StorageException">It cannot be opened, or is no journal.</exception>
    public static JournalFile Open(string path, RecordReceiver receive)
    {
        try
        {
            SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            var file = new JournalFile(path, handle);
            try
            {
                file.Read(receive);
                return file;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new StorageException(StorageFailure.NotWritable, path, $"the journal {path} cannot be opened for writing; check the rights of the file and its folder ({e.Message})", e);
        }
    }

    /// <summary>Appends records with one write.</summary>
    /// <exception cref="StorageException">None of them is kept.</exception>
    public void Append(RecordBatch records)
    {
        try
        {
            if (_isTorn) CutOff();
            _pendingBytes = 0;
            for (int i = 0; i < records.Count; i++) Add(records[i]);
            _isTorn = true;
            RandomAccess.Write(_file, _pending.AsSpan(0, _pendingBytes), _length);
            _isTorn = false;
            Volatile.Write(ref _length, _length + _pendingBytes);
            Count += records.Count;
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw Failed(e);
        }
    }

    /// <summary>Takes over the memory of a file to which nothing is appended any more.</summary>
    public void Succeed(JournalFile earlier) => (_pending, earlier._pending) = (earlier._pending, []);

    /// <summary>Forces what was appended onto the disk. May be called beside <see cref="Append"/>.</summary>
    /// <exception cref="StorageException">It did not get there.</exception>
    public void Flush()
    {
        long length = Volatile.Read(ref _length);
        if (length == _flushed) return;
        try
        {
            RandomAccess.FlushToDisk(_file);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw Failed(e);
        }

        _flushed = length;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Read(RecordReceiver receive)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        int read = RandomAccess.Read(_file, header, 0);
        if (read < HeaderBytes)
        {
            WriteHeader(header);    // new, or its process died before it had one
            return;
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (!header.StartsWith("parley-j"u8)) throw new StorageException(StorageFailure.Corrupt, Path, $"{Path} is no journal; restore it from a copy, or move it away to start empty");
        if (version != LayoutVersion) throw new StorageException(StorageFailure.NewerSchema, Path, $"the journal {Path} has layout {version}, this version of parley knows {LayoutVersion}: use the newer version");
        _seed = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        var reader = new JournalReader(_file, HeaderBytes, _seed);
        while (reader.TryRead(out Span<byte> record))
        {
            Count++;
            receive(record);
        }

        (_length, DamagedPlaces) = (reader.IntactEnd, reader.DamagedPlaces);
        CutOff();
    }

    private void WriteHeader(Span<byte> header)
    {
        "parley-j"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], LayoutVersion);
        RandomNumberGenerator.Fill(header[12..]);
        _seed = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        RandomAccess.Write(_file, header, 0);
        _length = HeaderBytes;
        CutOff();
    }

    private void CutOff()
    {
        RandomAccess.SetLength(_file, _length);
        _isTorn = false;
    }

    private void Add(ReadOnlySpan<byte> record)
    {
        int bytes = JournalFrame.HeaderBytes + record.Length;
        if (_pending.Length - _pendingBytes < bytes) Array.Resize(ref _pending, Math.Max(2 * _pending.Length, _pendingBytes + bytes));
        JournalFrame.Write(_pending.AsSpan(_pendingBytes, bytes), record, _seed);
        _pendingBytes += bytes;
    }

    private StorageException Failed(Exception e) => e switch
    {
        IOException { HResult: DiskFull or OverQuota } => new StorageException(StorageFailure.Full, Path, $"the journal {Path} cannot grow: the disk is full ({e.Message})", e),
        ArgumentOutOfRangeException => new StorageException(StorageFailure.Full, Path, $"the journal {Path} cannot grow: it is as long as a file may be ({e.Message})", e),
        UnauthorizedAccessException => new StorageException(StorageFailure.NotWritable, Path, $"the journal {Path} cannot be written any more ({e.Message})", e),
        _ => new StorageException(StorageFailure.Failed, Path, $"the journal {Path} failed ({e.Message})", e),
    };
}
