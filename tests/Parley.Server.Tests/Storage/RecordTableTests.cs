using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Server.Storage;

namespace Parley.Server.Tests.Storage;

public sealed class RecordTableTests
{
    private const int NoValue = int.MinValue;

    [Fact]
    public void Any_sequence_of_changes_leaves_what_a_dictionary_would_have()
    {
        // Few keys, so that they are replaced, removed and put in again; many changes, so that the table grows and is rebuilt.
        Gen<(int Key, int Value)> change = Gen.Choose(0, 40).Zip(Gen.Choose(-3, 9));
        Prop.ForAll(change.ListOf().Resize(400).ToArbitrary(), changes =>
        {
            var table = new RecordTable();
            var model = new Dictionary<int, int>();
            foreach ((int key, int value) in changes)
            {
                bool isNew = !model.TryGetValue(key, out int before);
                byte[]? replaced = value < 0 ? table.Remove(Key(key)) : table.Put(Record(key, value));
                Assert.Equal(isNew ? NoValue : before, ValueOf(replaced));
                if (value < 0) model.Remove(key);
                else model[key] = value;
                Assert.Equal(model.Count, table.Count);
            }

            for (int key = 0; key <= 40; key++)
            {
                Assert.Equal(model.TryGetValue(key, out int value) ? value : NoValue, ValueOf(table.Find(Key(key))));
            }

            Assert.Equal(model.Values.Order(), Enumerable.Range(0, table.Capacity).Select(table.At).OfType<byte[]>().Select(record => ValueOf(record)).Order());
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Readers_find_what_stays_while_the_writer_changes_everything_else()
    {
        const int Staying = 200, Coming = 2000;
        var table = new RecordTable();
        for (int key = 0; key < Staying; key++) table.Put(Record(key, 0));
        using var end = new CancellationTokenSource();

        Task<long>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            int[] seen = new int[Staying];
            long rounds = 0;
            for (; !end.IsCancellationRequested; rounds++)
            {
                for (int key = 0; key < Staying; key++)
                {
                    byte[]? record = table.Find(Key(key));
                    Assert.NotNull(record);
                    Assert.Equal(Key(key), RecordHeader.KeyOf(record).ToArray());
                    int value = ValueOf(record);
                    Assert.True(value >= seen[key], "a reader saw an older record after a newer one");
                    seen[key] = value;
                }
            }

            return rounds;
        }))];

        for (int round = 1; round <= 60; round++)
        {
            for (int key = Staying; key < Staying + Coming; key++) table.Put(Record(key, round));
            for (int key = 0; key < Staying; key++) table.Put(Record(key, round));
            for (int key = Staying; key < Staying + Coming; key++) table.Remove(Key(key));
        }

        await end.CancelAsync();
        foreach (long rounds in await Task.WhenAll(readers)) Assert.True(rounds >= 0);
        Assert.Equal(Staying, table.Count);
    }

    private static byte[] Key(int key) => Encoding.UTF8.GetBytes($"user{key}@example.com");

    private static byte[] Record(int key, int value)
    {
        byte[] name = Key(key);
        byte[] record = new byte[RecordHeader.KeyOffset + name.Length + 4];
        RecordHeader.Write(record, name);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(RecordHeader.ContentOffset(record)), value);
        return record;
    }

    private static int ValueOf(byte[]? record) => record is null ? NoValue : BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(RecordHeader.ContentOffset(record)));
}
