using System.Buffers;
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
        // Few keys, so that they are replaced, removed and put in again; many changes, so that the table grows and is rebuilt;
        // records of many lengths, so that they are rewritten in place, outgrow their blocks and take those of others.
        Gen<(int Key, int Value)> change = Gen.Choose(0, 40).Zip(Gen.Choose(-30, 90));
        Prop.ForAll(change.ListOf().Resize(400).ToArbitrary(), changes =>
        {
            var table = new RecordTable();
            var model = new Dictionary<int, int>();
            foreach ((int key, int value) in changes)
            {
                bool isNew = !model.TryGetValue(key, out int before);
                Assert.Equal(isNew ? NoValue : before, ValueOf(table.Get(Key(key))));
                if (value < 0) Assert.Equal(!isNew, table.Remove(Key(key)));
                else Assert.Equal(isNew, table.Put(Record(key, value)));
                if (value < 0) model.Remove(key);
                else model[key] = value;
                Assert.Equal(model.Count, table.Count);
            }

            var buffer = new ArrayBufferWriter<byte>();
            for (int key = 0; key <= 40; key++)
            {
                int expected = model.TryGetValue(key, out int value) ? value : NoValue;
                Assert.Equal(expected, ValueOf(table.Find(Key(key), buffer)));
                Assert.Equal(expected, ValueOf(table.Get(Key(key))));
            }

            Assert.Equal(model.Values.Order(), Enumerable.Range(0, table.Capacity).Select(slot => ValueOf(table.At(slot))).Where(value => value != NoValue).Order());
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_record_grows_and_shrinks_whether_it_fits_in_its_block_or_not()
    {
        var table = new RecordTable();
        var buffer = new ArrayBufferWriter<byte>();
        byte[] before = Record(1, 7), behind = Record(3, 8);
        table.Put(before);
        table.Put(Record(2, 0));
        table.Put(behind);
        foreach (int value in (int[])[.. Enumerable.Range(0, 600), .. Enumerable.Range(0, 600).Reverse(), 100_000, 1_500_000, 3])
        {
            Assert.False(table.Put(Record(2, value)));
            Assert.Equal(Record(2, value), table.Find(Key(2), buffer));
            Assert.Equal(before, table.Find(Key(1), buffer));
            Assert.Equal(behind, table.Find(Key(3), buffer));
        }

        Assert.Equal(3, table.Count);
    }

    [Fact]
    public void Rewriting_records_allocates_nothing_even_when_they_change_their_blocks()
    {
        var table = new RecordTable();
        byte[][] records = [.. Enumerable.Range(0, 1000).Select(i => Record(i % 10, i * 7 % 400))];
        long before = 0;
        for (int round = 0; round < 2; round++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            foreach (byte[] record in records) table.Put(record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_table_that_lost_most_of_its_records_begins_anew_with_the_others()
    {
        const int Many = 5000, Kept = 100;
        var table = new RecordTable();
        for (int key = 0; key < Many; key++) table.Put(Record(key, 600));
        for (int key = Kept; key < Many; key++) table.Remove(Key(key));
        int layout = table.Layout;
        table.Put(Record(0, 600));
        Assert.Equal(layout + 1, table.Layout);
        table.Put(Record(0, 600));
        Assert.Equal(layout + 1, table.Layout);

        var buffer = new ArrayBufferWriter<byte>();
        Assert.Equal(Kept, table.Count);
        for (int key = 0; key < Many; key++) Assert.Equal(key < Kept ? 600 : NoValue, ValueOf(table.Find(Key(key), buffer)));
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
            var buffer = new ArrayBufferWriter<byte>();
            long rounds = 0;
            for (; !end.IsCancellationRequested; rounds++)
            {
                for (int key = 0; key < Staying; key++)
                {
                    ReadOnlySpan<byte> record = table.Find(Key(key), buffer);
                    Assert.False(record.IsEmpty);
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
            // The last rounds leave so much memory free that the table begins anew.
            for (int key = Staying; key < Staying + Coming; key++) table.Put(Record(key, round * 12));
            for (int key = 0; key < Staying; key++) table.Put(Record(key, round));
            for (int key = Staying; key < Staying + Coming; key++) table.Remove(Key(key));
        }

        await end.CancelAsync();
        foreach (long rounds in await Task.WhenAll(readers)) Assert.True(rounds >= 0);
        Assert.Equal(Staying, table.Count);
    }

    [Fact]
    public async Task Every_copy_is_of_one_version_however_fast_the_writer_is()
    {
        const int Staying = 4, Coming = 4, Keys = Staying + Coming;
        var table = new RecordTable();
        int[] removedUpTo = new int[Keys];      // readers that begin now no longer see this version
        for (int key = 0; key < Staying; key++) table.Put(Record(key, 1));
        using var end = new CancellationTokenSource();

        // A busy machine may give a reader its turn late: the writer goes on until each has found enough.
        const long Enough = 1000;
        long[] founds = new long[2];
        Task[] readers = [.. Enumerable.Range(0, founds.Length).Select(reader => Task.Run(() =>
        {
            byte[][] keys = [.. Enumerable.Range(0, Keys).Select(Key)];
            int[] seen = new int[Keys];
            var buffer = new ArrayBufferWriter<byte>();
            for (int key = 0; !end.IsCancellationRequested; key = (key + 1) % Keys)
            {
                int removed = Volatile.Read(ref removedUpTo[key]);
                ReadOnlySpan<byte> record = table.Find(keys[key], buffer);
                if (record.IsEmpty)
                {
                    Assert.True(key >= Staying, "a key that stays in the table was not found");
                    continue;
                }

                Volatile.Write(ref founds[reader], founds[reader] + 1);
                Assert.True(RecordHeader.KeyOf(record).SequenceEqual(keys[key]));
                int value = ValueOf(record);
                Assert.True(value > removed, "a record was found after its removal");
                Assert.True(value >= seen[key], "a reader saw an older record after a newer one");
                seen[key] = value;
            }
        }))];

        var random = new Random(1);
        long began = TimeProvider.System.GetTimestamp();
        int version = 1;
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(1) || (founds.Any(found => found < Enough) && !readers.Any(reader => reader.IsCompleted)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "a reader has found nothing");
            int key = random.Next(Keys);
            if (key >= Staying && random.Next(4) == 0)
            {
                table.Remove(Key(key));
                Volatile.Write(ref removedUpTo[key], version);
            }
            else table.Put(Record(key, ++version));
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
        Assert.All(founds, found => Assert.True(found >= Enough));
    }

    private static byte[] Key(int key) => Encoding.UTF8.GetBytes($"user{key}@example.com");

    /// <summary>A record with a value and as many bytes behind it as <see cref="FillingOf"/> says, all made of it.</summary>
    private static byte[] Record(int key, int value)
    {
        byte[] name = Key(key);
        int content = RecordHeader.KeyOffset + name.Length;
        byte[] record = new byte[content + 4 + FillingOf(value)];
        RecordHeader.Write(record, name);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(content), value);
        record.AsSpan(content + 4).Fill((byte)value);
        return record;
    }

    private static int ValueOf(ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty) return NoValue;
        ReadOnlySpan<byte> content = record[RecordHeader.ContentOffset(record)..];
        int value = BinaryPrimitives.ReadInt32LittleEndian(content);
        Assert.Equal(FillingOf(value), content.Length - 4);
        Assert.False(content[4..].ContainsAnyExcept((byte)value));
        return value;
    }

    /// <summary>Short for most values; the longest ones have a chunk of memory of their own.</summary>
    private static int FillingOf(int value) => value is 100_000 or 1_500_000 ? value : value % 1000;
}
