using System.Text;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>A store that shows what was committed to it, and can be made to fail.</summary>
internal sealed class MemoryBindingStore : IBindingStore
{
    public Dictionary<string, byte[]> Records { get; } = [];

    public List<int> BatchSizes { get; } = [];

    public int Commits => BatchSizes.Count;

    public Action? OnCommit { get; set; }

    public void Load(Action<byte[]> receive)
    {
        foreach (byte[] record in Records.Values) receive([.. record]);
    }

    public void Commit(ReadOnlySpan<BindingChange> batch)
    {
        OnCommit?.Invoke();
        BatchSizes.Add(batch.Length);
        foreach (BindingChange change in batch)
        {
            string key = Encoding.UTF8.GetString(change.AddressOfRecord);
            if (change.Record is null) Records.Remove(key);
            else Records[key] = [.. change.Record];
        }
    }

    public void Dispose()
    {
        // What was committed stays, as on a disk.
    }
}
