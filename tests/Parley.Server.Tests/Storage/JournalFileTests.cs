using FsCheck;
using FsCheck.Fluent;
using Parley.Server.Storage;

namespace Parley.Server.Tests.Storage;

public sealed class JournalFileTests
{
    private const int HeaderBytes = 16;

    [Fact]
    public void What_was_appended_is_read_again()
    {
        using var folder = new TestFolder();
        byte[][] records = [[], [1], [1, 2, 3, 4, 5, 6, 7, 8, 9], new byte[300_000]];
        using (JournalFile journal = Open(folder, out List<byte[]> before))
        {
            Assert.Empty(before);
            journal.Append(TestBatch.Of(records.AsSpan(0, 2)));
            journal.Append(TestBatch.Of(records.AsSpan(2)));
            journal.Flush();
            Assert.Equal(4, journal.Count);
        }

        using JournalFile again = Open(folder, out List<byte[]> read);
        Assert.Equal(records, read);
        Assert.Equal((4, 0), (again.Count, again.DamagedPlaces));
    }

    [Fact]
    public void Whatever_is_torn_off_the_end_the_rest_is_read_and_appending_goes_on()
    {
        using var folder = new TestFolder();
        using (JournalFile journal = Open(folder, out _)) journal.Append(TestBatch.Of([1, 1, 1], [2, 2], [3]));
        byte[] whole = File.ReadAllBytes(folder.File("j"));
        int[] ends = [HeaderBytes + 15, HeaderBytes + 15 + 14, HeaderBytes + 15 + 14 + 13];
        Assert.Equal(ends[^1], whole.Length);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(folder.File("j"), whole[..length]);
            int kept = ends.Count(end => end <= length);
            using (JournalFile journal = Open(folder, out List<byte[]> read))
            {
                Assert.Equal(kept, read.Count);
                Assert.Equal(0, journal.DamagedPlaces);
                journal.Append(TestBatch.Of([9]));
            }

            using JournalFile again = Open(folder, out List<byte[]> both);
            Assert.Equal([.. Enumerable.Range(1, kept).Select(i => (byte)i), 9], both.Select(record => record[0]));
            Assert.Equal(0, again.DamagedPlaces);
        }
    }

    [Fact]
    public void Whatever_byte_is_damaged_only_its_record_is_lost()
    {
        using var folder = new TestFolder();
        using (JournalFile journal = Open(folder, out _)) journal.Append(TestBatch.Of([1, 1, 1], [2, 2], [3]));
        byte[] whole = File.ReadAllBytes(folder.File("j"));
        for (int at = HeaderBytes; at < whole.Length - 13; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x40;
            File.WriteAllBytes(folder.File("j"), damaged);
            using JournalFile journal = Open(folder, out List<byte[]> read);
            Assert.Equal(at < HeaderBytes + 15 ? [2, 3] : [1, 3], read.Select(record => (int)record[0]));
            Assert.Equal(1, journal.DamagedPlaces);
        }
    }

    [Fact]
    public void A_frame_within_a_record_is_no_frame()
    {
        using var folder = new TestFolder();
        byte[] forged = new byte[JournalFrame.HeaderBytes + 3];
        JournalFrame.Write(forged, [6, 6, 6], seed: 0);     // who sends a REGISTER does not know the file's seed
        using (JournalFile journal = Open(folder, out _)) journal.Append(TestBatch.Of(forged, [1]));
        byte[] bytes = File.ReadAllBytes(folder.File("j"));
        bytes[HeaderBytes + 5] ^= 1;
        File.WriteAllBytes(folder.File("j"), bytes);
        using JournalFile damaged = Open(folder, out List<byte[]> read);
        Assert.Equal([[1]], read);
        Assert.Equal(1, damaged.DamagedPlaces);
    }

    [Fact]
    public void Random_damage_never_brings_back_what_was_not_written()
    {
        using var folder = new TestFolder();
        Gen<int[]> lengths = Gen.Choose(0, 400).ArrayOf();
        var gen = from sizes in lengths
                  from seed in Gen.Choose(0, int.MaxValue)
                  select (Sizes: sizes, Seed: seed);
        Prop.ForAll(gen.ToArbitrary(), x =>
        {
            var random = new Random(x.Seed);
            File.Delete(folder.File("j"));
            byte[][] records = [.. x.Sizes.Select((size, i) => RecordOf(i, size, random))];
            using (JournalFile journal = Open(folder, out _)) journal.Append(TestBatch.Of(records));
            byte[] bytes = File.ReadAllBytes(folder.File("j"));
            for (int hits = random.Next(5); hits > 0 && bytes.Length > HeaderBytes; hits--) bytes[random.Next(HeaderBytes, bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder.File("j"), bytes[..random.Next(Math.Max(HeaderBytes, bytes.Length - 600), bytes.Length + 1)]);
            using JournalFile again = Open(folder, out List<byte[]> read);
            int last = -1;
            foreach (byte[] record in read)
            {
                int number = BitConverter.ToInt32(record);
                Assert.True(number > last);
                Assert.Equal(records[number], record);
                last = number;
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_and_left_alone()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("j"), "something that somebody else wrote");
        StorageException e = Assert.Throws<StorageException>(() => Open(folder, out _));
        Assert.Equal((StorageFailure.Corrupt, folder.File("j")), (e.Failure, e.Path));
        Assert.Equal("something that somebody else wrote", File.ReadAllText(folder.File("j")));
    }

    [Fact]
    public void A_newer_layout_is_refused()
    {
        using var folder = new TestFolder();
        using (JournalFile journal = Open(folder, out _)) journal.Append(TestBatch.Of([1]));
        byte[] bytes = File.ReadAllBytes(folder.File("j"));
        bytes[8] = 2;
        File.WriteAllBytes(folder.File("j"), bytes);
        Assert.Equal(StorageFailure.NewerSchema, Assert.Throws<StorageException>(() => Open(folder, out _)).Failure);
    }

    [SealableFileFact]
    public void A_write_that_the_system_forbids_is_a_failure_of_the_journal_and_leaves_it_as_it_was()
    {
        using var file = new SealableFile();
        using (JournalFile journal = JournalFile.Open(file.Path, static _ => { }))
        {
            journal.Append(TestBatch.Of([1]));
            file.Seal();
            for (int attempt = 0; attempt < 2; attempt++)
            {
                StorageException e = Assert.Throws<StorageException>(() => journal.Append(TestBatch.Of([2], [3])));
                Assert.Equal((StorageFailure.NotWritable, file.Path), (e.Failure, e.Path));
                Assert.IsType<UnauthorizedAccessException>(e.InnerException);
                Assert.Equal(1, journal.Count);
            }

            journal.Flush();
        }

        var read = new List<byte[]>();
        JournalFile.Open(file.Path, record => read.Add(record.ToArray())).Dispose();
        Assert.Equal([[1]], read);
    }

    [Fact]
    public void A_journal_that_is_closed_fails_as_every_other_one_does()
    {
        using var folder = new TestFolder();
        JournalFile journal = Open(folder, out _);
        journal.Append(TestBatch.Of([1]));
        journal.Dispose();
        Assert.Equal(StorageFailure.Failed, Assert.Throws<StorageException>(() => journal.Append(TestBatch.Of([2]))).Failure);
        Assert.Equal(StorageFailure.Failed, Assert.Throws<StorageException>(journal.Flush).Failure);
    }

    private static byte[] RecordOf(int number, int size, Random random)
    {
        byte[] record = new byte[4 + size];
        random.NextBytes(record);
        BitConverter.TryWriteBytes(record, number);
        if (size > 20) JournalFrame.Marker.CopyTo(record.AsSpan(10));
        return record;
    }

    private static JournalFile Open(TestFolder folder, out List<byte[]> records)
    {
        var read = new List<byte[]>();
        JournalFile journal = JournalFile.Open(folder.File("j"), record => read.Add(record.ToArray()));
        records = read;
        return journal;
    }
}
