using Parley.Server.Storage;

namespace Parley.Server.Tests.Storage;

/// <summary>A batch of records, written in few words.</summary>
internal static class TestBatch
{
    public static RecordBatch Of(params ReadOnlySpan<byte[]> records)
    {
        var batch = new RecordBatch();
        foreach (byte[] record in records) record.CopyTo(batch.Add(record.Length));
        return batch;
    }
}
