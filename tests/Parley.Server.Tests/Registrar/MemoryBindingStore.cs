using System.Text;
using Parley.Server.Registrar;
using Parley.Server.Storage;

namespace Parley.Server.Tests.Registrar;

/// <summary>A store that shows what was committed to it, and can be made to fail.</summary>
internal sealed class MemoryBindingStore : IBindingStore
{
    public Dictionary<string, byte[]> Records { get; } = [];

    public List<int> BatchSizes { get; } = [];

    public int Commits => BatchSizes.Count;

    public Action? OnCommit { get; set; }

    public Action? OnMaintain { get; set; }

    /// <summary>True when nothing was committed since it was last maintained.</summary>
    public bool IsOnDisk { get; private set; } = true;

    public bool IsClosed { get; private set; }

    public long ChangeCount => Records.Count;

    public int Load(RecordReceiver receive)
    {
        IsClosed = false;
        foreach (byte[] record in Records.Values) receive([.. record]);
        return 0;
    }

    public void Commit(RecordBatch changes)
    {
        OnCommit?.Invoke();
        BatchSizes.Add(changes.Count);
        IsOnDisk = false;
        for (int i = 0; i < changes.Count; i++)
        {
            ReadOnlySpan<byte> change = changes[i];
            string key = Encoding.UTF8.GetString(RecordHeader.KeyOf(change));
            if (RecordHeader.IsAlone(change)) Records.Remove(key);
            else Records[key] = [.. change];
        }
    }

    public void BeginGeneration()
    {
        // It holds one change per address of record, so there is never one to forget.
    }

    public void ForgetEarlierGenerations()
    {
        // As above.
    }

    public void Maintain()
    {
        Assert.False(IsClosed);
        OnMaintain?.Invoke();
        IsOnDisk = true;
    }

    /// <summary>What was committed stays, as on a disk.</summary>
    public void Dispose() => IsClosed = true;
}
