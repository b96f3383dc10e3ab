using System.Globalization;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The log of bindings as journals in the data folder: one file per generation, <c>location-000001.journal</c> and on.</summary>
/// <remarks>A batch is one write to the newest file. Forgetting a generation is deleting its file, once what replaces it is on the disk.</remarks>
internal sealed class JournalBindingStore : IBindingStore
{
    private const string Prefix = "location-";
    private const string Suffix = ".journal";
    private const int HeldByAnother = 11;       // EWOULDBLOCK

    private readonly string _folder;
    private readonly FileStream _claim;
    private readonly Lock _gate = new();        // for the list of files, which both threads use
    private readonly List<Generation> _generations = [];    // the newest last, which alone is appended to
    private long _needed = 1;                   // older generations may go

    /// <summary>The store in a data folder, which is this process's own from now on.</summary>
    /// <exception cref="StorageException">It cannot be used, or another process uses it.</exception>
    public JournalBindingStore(string folder)
    {
        _folder = Path.GetFullPath(folder);
        _claim = Claim(_folder);
    }

    /// <inheritdoc/>
    public long ChangeCount
    {
        get
        {
            lock (_gate)
            {
                long count = 0;
                foreach (Generation generation in _generations) count += generation.Number >= _needed ? generation.File.Count : 0;
                return count;
            }
        }
    }

    private JournalFile Newest => _generations[^1].File;

    /// <inheritdoc/>
    public int Load(RecordReceiver receive)
    {
        int damaged = 0;
        foreach (long number in NumbersIn(_folder)) damaged += Open(number, receive).DamagedPlaces;
        if (_generations.Count == 0) Open(1, receive);
        _needed = _generations[0].Number;
        return damaged;
    }

    /// <inheritdoc/>
    public void Commit(RecordBatch changes) => Newest.Append(changes);

    /// <inheritdoc/>
    public void BeginGeneration()
    {
        Generation last = _generations[^1];
        string path = PathOf(last.Number + 1);
        Open(last.Number + 1, _ => throw new StorageException(StorageFailure.Failed, path, $"the journal {path} is not this server's own; move it away")).Succeed(last.File);
    }

    /// <inheritdoc/>
    public void ForgetEarlierGenerations()
    {
        lock (_gate) _needed = _generations[^1].Number;
    }

    /// <inheritdoc/>
    public void Maintain()
    {
        Generation[] generations;
        long needed;
        lock (_gate) (generations, needed) = ([.. _generations], _needed);
        foreach (Generation generation in generations.Where(generation => generation.Number >= needed)) generation.File.Flush();
        foreach (Generation generation in generations.Where(generation => generation.Number < needed)) Delete(generation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Generation generation in _generations) generation.File.Dispose();
        _claim.Dispose();
    }

    private JournalFile Open(long number, RecordReceiver receive)
    {
        JournalFile file = JournalFile.Open(PathOf(number), receive);
        lock (_gate) _generations.Add(new Generation(number, file));
        return file;
    }

    private string PathOf(long number) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:000000}{Suffix}"));

    private void Delete(Generation generation)
    {
        try
        {
            File.Delete(generation.File.Path);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new StorageException(StorageFailure.NotWritable, generation.File.Path, $"the journal {generation.File.Path} cannot be deleted ({e.Message})", e);
        }

        lock (_gate) _generations.Remove(generation);
        generation.File.Dispose();
    }

    private static long[] NumbersIn(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}")
                .Select(path => long.TryParse(Path.GetFileName(path).AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0)
                .Where(number => number > 0)
                .Order()];
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new StorageException(StorageFailure.Failed, folder, $"the data folder {folder} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Two servers over the same bindings would overwrite each other's: the system lets go of the claim when its process ends, however that is.</summary>
    private static FileStream Claim(string folder)
    {
        string path = Path.Combine(folder, "location.lock");
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == HeldByAnother)
        {
            throw new StorageException(StorageFailure.Busy, path, $"the data folder {folder} is in use by another server; stop it, or give this one another folder (--data)", e);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new StorageException(StorageFailure.NotWritable, folder, $"the data folder {folder} cannot be written: {e.Message}", e);
        }
    }

    private sealed record Generation(long Number, JournalFile File);
}
