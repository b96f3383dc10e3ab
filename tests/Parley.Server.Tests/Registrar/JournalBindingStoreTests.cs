using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Parley.Server.Storage;
using Parley.Server.Tests.Storage;

namespace Parley.Server.Tests.Registrar;

public sealed class JournalBindingStoreTests
{
    [Fact]
    public void A_folder_belongs_to_one_store_at_a_time()
    {
        using var folder = new TestFolder();
        using (new JournalBindingStore(folder.Path))
        {
            StorageException e = Assert.Throws<StorageException>(() => new JournalBindingStore(folder.Path));
            Assert.Equal(StorageFailure.Busy, e.Failure);
            Assert.Equal($"the data folder {folder.Path} is in use by another server; stop it, or give this one another folder (--data)", e.Message);
        }

        new JournalBindingStore(folder.Path).Dispose();
    }

    [Fact]
    public void An_earlier_generation_is_deleted_when_it_is_forgotten_and_not_before()
    {
        using var folder = new TestFolder();
        using (var store = new JournalBindingStore(folder.Path))
        {
            Assert.Equal(0, store.Load(static _ => { }));
            store.Commit(TestBatch.Of([1], [2]));
            store.BeginGeneration();
            store.Commit(TestBatch.Of([3]));
            store.Maintain();
            Assert.Equal((3, 2), (store.ChangeCount, Directory.GetFiles(folder.Path, "*.journal").Length));
            store.ForgetEarlierGenerations();
            Assert.Equal((1, 2), (store.ChangeCount, Directory.GetFiles(folder.Path, "*.journal").Length));
            store.Maintain();
            Assert.Equal([folder.File("location-000002.journal")], Directory.GetFiles(folder.Path, "*.journal"));
        }

        var changes = new List<byte[]>();
        using var next = new JournalBindingStore(folder.Path);
        next.Load(change => changes.Add(change.ToArray()));
        Assert.Equal([[3]], changes);
        next.Commit(TestBatch.Of([4]));
        Assert.Equal(2, next.ChangeCount);
    }

    [Fact]
    public void A_generation_whose_file_somebody_has_put_there_is_not_begun_and_the_last_one_goes_on()
    {
        using var folder = new TestFolder();
        using (var store = new JournalBindingStore(folder.Path))
        {
            store.Load(static _ => { });
            store.Commit(TestBatch.Of([1]));
            File.Copy(folder.File("location-000001.journal"), folder.File("location-000002.journal"));
            StorageException e = Assert.Throws<StorageException>(store.BeginGeneration);
            Assert.Equal((StorageFailure.Failed, folder.File("location-000002.journal")), (e.Failure, e.Path));
            store.Commit(TestBatch.Of([2]));
            File.Delete(folder.File("location-000002.journal"));
            store.BeginGeneration();
            store.Commit(TestBatch.Of([3]));
        }

        var changes = new List<byte[]>();
        using var next = new JournalBindingStore(folder.Path);
        next.Load(record => changes.Add(record.ToArray()));
        Assert.Equal([[1], [2], [3]], changes);
    }

    [Fact]
    public void Generations_are_read_in_their_order_and_other_files_are_left_alone()
    {
        using var folder = new TestFolder();
        using (var store = new JournalBindingStore(folder.Path))
        {
            store.Load(static _ => { });
            for (byte i = 0; i < 12; i++)
            {
                store.Commit(TestBatch.Of([i]));
                store.BeginGeneration();
            }
        }

        File.WriteAllText(folder.File("location-old.journal"), "a copy that somebody made");
        var changes = new List<byte[]>();
        using var next = new JournalBindingStore(folder.Path);
        next.Load(change => changes.Add(change.ToArray()));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (byte)i), changes.Select(change => change[0]));
    }

    [Fact]
    public void A_journal_that_cannot_be_opened_is_one_clear_error()
    {
        using var folder = new TestFolder();
        using var store = new JournalBindingStore(folder.Path);
        Directory.CreateDirectory(folder.File("location-000001.journal"));
        StorageException e = Assert.Throws<StorageException>(() => store.Load(static _ => { }));
        Assert.Equal((StorageFailure.NotWritable, folder.File("location-000001.journal")), (e.Failure, e.Path));
        Assert.DoesNotContain('\n', e.Message);
    }

    [SmallDiskFact]
    public void A_full_disk_fails_the_registrations_until_there_is_room_again()
    {
        using SmallDisk disk = SmallDisk.Mount(megabytes: 1);
        using var location = new TestLocation(new JournalBindingStore(disk.Path), new LocationOptions(), new SameBytes(), new TestTime(), new RecordingLogger());
        location.Service.Load();
        Assert.Equal(BindingOutcome.Accepted, Register(location, "alice@example.com", 1));
        string filler = Path.Combine(disk.Path, "filler");
        disk.Fill(filler);

        var outcomes = new List<BindingOutcome>();
        uint cseq = 2;
        for (; cseq < 60; cseq++) outcomes.Add(Register(location, "alice@example.com", cseq));
        Assert.Contains(BindingOutcome.StorageFailed, outcomes);
        uint lastAccepted = 1 + (uint)outcomes.Count(outcome => outcome == BindingOutcome.Accepted);
        Assert.Equal(lastAccepted, CSeqOf(location));

        File.Delete(filler);
        Assert.Equal(BindingOutcome.Accepted, Register(location, "alice@example.com", cseq));
        location.Dispose();
        using var next = new TestLocation(new JournalBindingStore(disk.Path), new LocationOptions(), new SameBytes(), new TestTime(), new RecordingLogger());
        next.Service.Load();
        Assert.Equal(cseq, CSeqOf(next));
    }

    [SealableFileFact]
    public void A_write_that_the_system_forbids_fails_the_registrations_and_nothing_of_them_is_there()
    {
        using var folder = new TestFolder();
        using var file = new SealableFile();
        File.CreateSymbolicLink(folder.File("location-000001.journal"), file.Path);
        using (var location = new TestLocation(new JournalBindingStore(folder.Path), new LocationOptions(), new SameBytes(), new TestTime(), new RecordingLogger()))
        {
            location.Service.Load();
            Assert.Equal(BindingOutcome.Accepted, Register(location, "alice@example.com", 1));
            file.Seal();
            for (uint cseq = 2; cseq < 5; cseq++)
            {
                Assert.Equal(BindingOutcome.StorageFailed, Register(location, "alice@example.com", cseq));
                Assert.Equal(BindingOutcome.StorageFailed, Register(location, "bob@example.com", cseq));
                Assert.Equal((1, 1u), (location.Count, CSeqOf(location)));
            }
        }

        using var next = new TestLocation(new JournalBindingStore(folder.Path), new LocationOptions(), new SameBytes(), new TestTime(), new RecordingLogger());
        next.Service.Load();
        Assert.Equal((1, 1u), (next.Count, CSeqOf(next)));
    }

    private static BindingOutcome Register(TestLocation location, string user, uint cseq)
    {
        TestUpdate update = new TestUpdate(user, cseq: cseq).Contact("sip:" + new string('a', 500));
        location.Submit(update);
        location.Run();
        return update.Outcome;
    }

    private static uint CSeqOf(TestLocation location)
    {
        foreach (Binding binding in location.Find("alice@example.com")) return binding.CSeq;
        return 0;
    }
}
