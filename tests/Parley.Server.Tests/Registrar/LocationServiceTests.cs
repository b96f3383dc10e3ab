using System.Buffers;
using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Parley.Server.Storage;

namespace Parley.Server.Tests.Registrar;

public sealed class LocationServiceTests : IDisposable
{
    private readonly TestTime _time = new();
    private readonly RecordingLogger _log = new();
    private readonly MemoryBindingStore _store = new();

    [Fact]
    public void A_binding_is_completed_and_seen_only_after_its_commit()
    {
        using TestLocation service = Service();
        TestUpdate update = Register("sip:a");
        _store.OnCommit = () =>
        {
            Assert.Equal(0, update.Completions);
            Assert.True(Find(service).IsEmpty);
        };

        service.Submit(update);
        Assert.Equal(0, _store.Commits);
        service.Run();

        Assert.Equal((1, 1, BindingOutcome.Accepted), (_store.Commits, update.Completions, update.Outcome));
        Assert.Equal(Find(service).Record.ToArray(), update.Bindings.Record.ToArray());
        Assert.Equal(["sip:a"], Contacts(service));
        Assert.Equal(_time.Now, update.AppliedAt);
    }

    [Fact]
    public void Updates_that_wait_together_share_one_commit()
    {
        using TestLocation service = Service();
        TestUpdate[] updates = [.. Enumerable.Range(0, 200).Select(i => Register("sip:a", $"user{i}@example.com"))];
        foreach (TestUpdate update in updates) service.Submit(update);
        service.Run();
        Assert.Equal((1, 200), (_store.Commits, _store.Records.Count));
        Assert.All(updates, update => Assert.Equal(1, update.Completions));
        Assert.Equal(200, service.Count);
    }

    [Fact]
    public void A_great_many_updates_become_several_commits_of_bounded_size()
    {
        using TestLocation service = Service();
        for (int i = 0; i < (2 * LocationWriter.MaxBatch) + 1; i++) service.Submit(Register("sip:a", $"user{i}@example.com"));
        service.Run();
        Assert.Equal([LocationWriter.MaxBatch, LocationWriter.MaxBatch, 1], _store.BatchSizes);
    }

    [Fact]
    public void Updates_of_one_address_of_record_in_a_batch_build_on_each_other()
    {
        using TestLocation service = Service();
        TestUpdate first = Register("sip:a", cseq: 1), second = Register("sip:b", cseq: 2), late = Register("sip:b", cseq: 2), remove = new TestUpdate(cseq: 3).Contact("sip:a", 0);
        foreach (TestUpdate update in (TestUpdate[])[first, second, late, remove]) service.Submit(update);
        service.Run();
        Assert.Equal(
            [BindingOutcome.Accepted, BindingOutcome.Accepted, BindingOutcome.OutOfOrder, BindingOutcome.Accepted], new[] { first, second, late, remove }.Select(u => u.Outcome));
        Assert.Equal(2, second.Bindings.Count);
        Assert.Equal(["sip:b"], Contacts(service));
        Assert.Equal([1], _store.BatchSizes);
    }

    [Fact]
    public void What_is_added_and_removed_in_one_batch_is_nowhere()
    {
        using TestLocation service = Service();
        service.Submit(Register("sip:a"));
        service.Submit(new TestUpdate(cseq: 2, expires: 0).Wildcard());
        service.Run();
        Assert.True(Find(service).IsEmpty);
        Assert.Empty(_store.Records);
        Assert.Equal(0, service.Count);
    }

    [Fact]
    public void A_refused_update_leaves_the_others_of_its_batch_alone()
    {
        using TestLocation service = Service();
        TestUpdate good = Register("sip:a"), bad = new TestUpdate("bob@example.com").Contact("sip:b", 1);
        service.Submit(bad);
        service.Submit(good);
        service.Run();
        Assert.Equal((BindingOutcome.IntervalTooBrief, BindingOutcome.Accepted), (bad.Outcome, good.Outcome));
        Assert.True(bad.Bindings.IsEmpty);
    }

    [Fact]
    public void A_failed_commit_fails_the_batch_and_changes_nothing()
    {
        using TestLocation service = Service();
        Run(service, Register("sip:old", cseq: 1));
        _store.OnCommit = () => throw new StorageException(StorageFailure.Full, "/data/location-000001.journal", "the disk is full");
        TestUpdate change = Register("sip:new", cseq: 2), refused = Register("sip:old", cseq: 1);
        service.Submit(change);
        service.Submit(refused);
        service.Run();
        Assert.Equal((BindingOutcome.StorageFailed, BindingOutcome.OutOfOrder), (change.Outcome, refused.Outcome));
        Assert.Equal(["sip:old"], Contacts(service));
        Assert.Equal(Find(service).Record.ToArray(), change.Bindings.Record.ToArray());
        Assert.Equal("Error: 1 bindings were not saved and their registrations are answered 500", Assert.Single(_log.Lines));

        _store.OnCommit = null;
        Run(service, Register("sip:new", cseq: 2));
        Assert.Equal(["sip:new", "sip:old"], Contacts(service));
    }

    [Fact]
    public void Nothing_of_a_batch_that_broke_off_goes_with_a_later_commit()
    {
        using TestLocation service = Service();
        _store.OnCommit = () => throw new InvalidOperationException("a defect");
        service.Submit(Register("sip:a"));
        Assert.Throws<InvalidOperationException>(service.Run);

        _store.OnCommit = null;
        Run(service, Register("sip:b", "bob@example.com"));
        Assert.Equal(["bob@example.com"], _store.Records.Keys);
        Assert.True(Find(service).IsEmpty);
    }

    [Fact]
    public void More_addresses_of_record_than_allowed_are_refused()
    {
        using TestLocation service = Service(new LocationOptions { MaxAddressesOfRecord = 2 });
        Run(service, Register("sip:a", "a@example.com"));
        TestUpdate b = Register("sip:b", "b@example.com"), c = Register("sip:c", "c@example.com"), again = Register("sip:a2", "a@example.com", cseq: 2);
        foreach (TestUpdate update in (TestUpdate[])[b, c, again]) service.Submit(update);
        service.Run();
        Assert.Equal((BindingOutcome.Accepted, BindingOutcome.LocationFull, BindingOutcome.Accepted), (b.Outcome, c.Outcome, again.Outcome));
        Assert.Equal(2, service.Count);
    }

    [Fact]
    public void Refreshes_do_not_count_as_new_addresses_of_record()
    {
        using TestLocation service = Service(new LocationOptions { MaxAddressesOfRecord = 11 });
        for (uint cseq = 1; cseq <= 2; cseq++)
        {
            for (int i = 0; i < 10; i++) service.Submit(Register("sip:a", $"user{i}@example.com", cseq));
            TestUpdate last = Register("sip:a", "last@example.com", cseq);
            if (cseq == 2) service.Submit(last);
            service.Run();
            Assert.Equal(BindingOutcome.Accepted, last.Outcome);
        }

        Assert.Equal(11, service.Count);
    }

    [Fact]
    public void Limits_can_be_replaced_while_it_runs()
    {
        using TestLocation service = Service();
        service.Service.Limits = new RegistrarOptions { MinExpires = TimeSpan.FromSeconds(500) };
        TestUpdate update = new TestUpdate().Contact("sip:a", 100);
        Run(service, update);
        Assert.Equal(BindingOutcome.IntervalTooBrief, update.Outcome);
    }

    [Fact]
    public void What_has_ended_is_swept_from_memory_and_store_within_a_minute()
    {
        using TestLocation service = Service();
        for (int i = 0; i < 3000; i++) service.Submit(new TestUpdate($"user{i}@example.com").Contact("sip:a", 60).Contact("sip:b", i % 3 == 0 ? 60u : 3600));
        service.Run();
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(3000, service.Count);
        for (int second = 0; second <= 60; second++)
        {
            service.Run();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((2000, 2000), (service.Count, _store.Records.Count));
        Assert.True(Find(service, "user0@example.com").IsEmpty);
        Assert.Equal(["sip:b"], Contacts(service, "user1@example.com"));
        Assert.Equal(1, Find(service, "user1@example.com").Count);
        Assert.All(_store.BatchSizes, size => Assert.InRange(size, 1, LocationWriter.MaxBatch));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_stop_the_sweep()
    {
        using TestLocation service = Service();
        service.Run();
        _time.Advance(TimeSpan.FromDays(-400));
        Run(service, new TestUpdate().Contact("sip:a", 60));
        for (int second = 0; second <= 130; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            service.Run();
        }

        Assert.Equal(0, service.Count);
    }

    [Fact]
    public void A_restart_brings_back_what_was_committed()
    {
        using var folder = new TestFolder();
        using (TestLocation service = Durable(folder))
        {
            Run(service, Register("sip:a", cseq: 5));
            Run(service, new TestUpdate(cseq: 6).Contact("sip:b", 60, 500));
            Run(service, Register("sip:x", "gone@example.com", cseq: 1));
            Run(service, new TestUpdate("gone@example.com", cseq: 2, expires: 0).Wildcard());
        }

        using (TestLocation service = Durable(folder))
        {
            Assert.Equal(["sip:a", "sip:b"], Contacts(service));
            Assert.Equal(1, service.Count);
            TestUpdate late = Register("sip:a", cseq: 5);
            Run(service, late);
            Assert.Equal(BindingOutcome.OutOfOrder, late.Outcome);
            _time.Advance(TimeSpan.FromSeconds(61));
            Assert.Equal(["sip:a"], Contacts(service));
        }
    }

    [Fact]
    public void Bindings_that_ended_while_the_server_was_down_leave_the_store()
    {
        using var folder = new TestFolder();
        using (TestLocation service = Durable(folder)) Run(service, Register("sip:a"));
        _time.Advance(TimeSpan.FromDays(1));
        using (TestLocation service = Durable(folder))
        {
            Assert.Empty(Contacts(service));
            service.Run();
        }

        using (TestLocation service = Durable(folder)) Assert.Equal(0, service.Count);
    }

    [Fact]
    public void Damaged_records_are_left_out_and_said()
    {
        using (TestLocation first = Service()) Run(first, Register("sip:a"));
        _store.Records["bob@example.com"] = [1, 2, 3];
        using TestLocation second = Service();
        second.Service.Load();
        Assert.Equal(["sip:a"], Contacts(second));
        Assert.Equal(1, second.Count);
        Assert.Equal("Error: 1 stored bindings are damaged and left out; they come back when their phones register again", Assert.Single(_log.Lines));
    }

    [Fact]
    public void Without_a_store_bindings_are_in_memory_only()
    {
        using var service = new TestLocation(null, new LocationOptions { Durable = false }, new SameBytes(), _time, _log);
        service.Service.Load();
        Run(service, Register("sip:a"));
        Assert.Equal(["sip:a"], Contacts(service));
    }

    [Fact]
    public void After_the_end_updates_are_refused_and_what_was_completed_is_there()
    {
        using var folder = new TestFolder();
        TestLocation service = Durable(folder);
        service.Service.Start();
        Run(service, Register("sip:a"));
        service.Dispose();
        service.Dispose();
        TestUpdate late = Register("sip:b", cseq: 2);
        service.Submit(late);
        service.Service.Apply(service.Batch);
        Assert.Equal((1, BindingOutcome.Closed, true), (late.Completions, late.Outcome, late.Bindings.IsEmpty));
        using TestLocation next = Durable(folder);
        Assert.Equal(["sip:a"], Contacts(next));
    }

    [Fact]
    public void The_end_forces_what_was_completed_onto_the_disk_before_it_closes_the_store()
    {
        using TestLocation service = Service();
        service.Submit(Register("sip:a"));
        service.Service.Apply(service.Batch);
        Assert.False(_store.IsOnDisk);
        service.Dispose();
        Assert.Equal((true, true), (_store.IsOnDisk, _store.IsClosed));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_disk_that_fails_at_the_end_is_said_and_the_store_is_closed_all_the_same()
    {
        using TestLocation service = Service();
        _store.OnMaintain = () => throw new StorageException(StorageFailure.Failed, "/data/location-000001.journal", "the disk is gone");
        service.Dispose();
        Assert.True(_store.IsClosed);
        Assert.Equal("Warning: The journal of bindings could not be forced onto the disk or shortened; nothing is lost", Assert.Single(_log.Lines));
    }

    [Fact]
    public async Task Updates_of_several_threads_are_all_kept()
    {
        const int Threads = 4, Users = 50, Rounds = 100;
        using var folder = new TestFolder();
        using (TestLocation service = Durable(folder))
        {
            service.Service.Start();
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
            {
                var batch = new BindingBatch();
                for (uint round = 1; round <= Rounds; round++)
                {
                    // Every thread registers a phone of its own for every user.
                    TestUpdate[] updates = [.. Enumerable.Range(0, Users).Select(user => new TestUpdate($"user{user}@example.com", $"call-{thread}", round).Contact($"sip:phone{thread}"))];
                    foreach (TestUpdate update in updates) batch.Add(update);
                    service.Service.Apply(batch);
                    Assert.All(updates, update => Assert.Equal((1, BindingOutcome.Accepted), (update.Completions, update.Outcome)));
                }
            })));
            for (int user = 0; user < Users; user++) Assert.Equal(Threads, service.Find($"user{user}@example.com").Count);
        }

        using TestLocation next = Durable(folder);
        for (int user = 0; user < Users; user++)
        {
            BindingSet bindings = next.Find($"user{user}@example.com");
            Assert.Equal(Threads, bindings.Count);
            foreach (Binding binding in bindings) Assert.Equal((uint)Rounds, binding.CSeq);
        }
    }

    [Fact]
    public async Task Lookups_see_whole_updates_in_their_order_while_the_writer_works()
    {
        const int Users = 50, Rounds = 200;
        using var folder = new TestFolder();
        using TestLocation service = Durable(folder);
        using var end = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            uint[] seen = new uint[Users];
            var buffer = new ArrayBufferWriter<byte>();
            while (!end.IsCancellationRequested)
            {
                for (int user = 0; user < Users; user++)
                {
                    BindingSet set = service.Service.Find(TestUpdate.Utf8($"user{user}@example.com"), buffer);
                    if (set.IsEmpty) continue;
                    Assert.Equal($"user{user}@example.com", Encoding.UTF8.GetString(set.AddressOfRecord));
                    Assert.Equal(2, set.Count);
                    uint first = 0;
                    foreach (Binding binding in set)
                    {
                        // Both contacts were set by the same request, and nothing of an older one is left.
                        if (first == 0) first = binding.CSeq;
                        Assert.Equal(first, binding.CSeq);
                        Assert.Equal($"Phone/{binding.CSeq}", Encoding.UTF8.GetString(binding.UserAgent));
                    }

                    Assert.True(first >= seen[user], "a reader saw an older update after a newer one");
                    seen[user] = first;
                }
            }
        }))];

        for (uint round = 1; round <= Rounds; round++)
        {
            var updates = new TestUpdate[Users];
            for (int user = 0; user < Users; user++)
            {
                updates[user] = new TestUpdate($"user{user}@example.com", cseq: round).Contact("sip:a").Contact("sip:b");
                updates[user].SetUserAgent(TestUpdate.Utf8($"Phone/{round}"));
                service.Submit(updates[user]);
            }

            service.Run();
            Assert.All(updates, update => Assert.Equal(BindingOutcome.Accepted, update.Outcome));
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        using TestLocation service = Service();
        Run(service, new TestUpdate().Contact("sip:a").Contact("sip:b"));
        byte[] key = TestUpdate.Utf8(TestUpdate.Alice), unknown = TestUpdate.Utf8("nobody@example.com");
        var buffer = new ArrayBufferWriter<byte>();
        long bytes = 0, before = 0;
        for (int round = 0; round < 2; round++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                foreach (Binding binding in service.Service.Find(key, buffer).LiveAt(_time.Now)) bytes += binding.Contact.Length;
                bytes += service.Service.Find(unknown, buffer).Count;
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2 * 1000 * 10, bytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_refresh_allocates_nothing(bool isDurable)
    {
        const int Users = 500, Batch = 50;
        using var folder = new TestFolder();
        // No new generation in between: that one opens a file.
        var options = new LocationOptions { ReplacedChanges = 1_000_000 };
        using var location = new TestLocation(isDurable ? new JournalBindingStore(folder.Path) : null, options, new SameBytes(), _time, _log);
        location.Service.Load();
        byte[][] users = [.. Enumerable.Range(0, Users).Select(user => TestUpdate.Utf8($"user{user}@example.com"))];
        TestUpdate[] updates = [.. Enumerable.Range(0, Batch).Select(_ => new TestUpdate())];
        int refreshed = 0;
        RefreshAll();
        RefreshAll();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 20; round++) RefreshAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((22 * Users, Users), (refreshed, location.Count));

        void RefreshAll()
        {
            for (int user = 0; user < Users; user++)
            {
                TestUpdate update = updates[user % Batch];
                update.Begin(users[user], "call-1"u8, (uint)++refreshed, 3600);
                update.SetUserAgent("Phone/1"u8);
                update.AddContact("sip:phone@192.0.2.1"u8, BindingSet.NoQ, null);
                update.AddContact("sip:phone@192.0.2.2"u8, 500, null);
                location.Submit(update);
                if (user % Batch != Batch - 1) continue;
                location.Service.Apply(location.Batch);
                foreach (TestUpdate done in updates)
                {
                    if (done.Outcome != BindingOutcome.Accepted || done.Bindings.Count != 2) throw new InvalidOperationException($"{done.Outcome}");
                }
            }
        }
    }

    public void Dispose() => _store.Dispose();

    private static TestUpdate Register(string contact, string addressOfRecord = TestUpdate.Alice, uint cseq = 1) => new TestUpdate(addressOfRecord, cseq: cseq).Contact(contact);

    private static void Run(TestLocation service, TestUpdate update)
    {
        service.Submit(update);
        service.Run();
        Assert.Equal(1, update.Completions);
    }

    private static BindingSet Find(TestLocation service, string addressOfRecord = TestUpdate.Alice) => service.Find(addressOfRecord);

    private List<string> Contacts(TestLocation service, string addressOfRecord = TestUpdate.Alice)
    {
        var contacts = new List<string>();
        foreach (Binding binding in Find(service, addressOfRecord).LiveAt(_time.Now)) contacts.Add(Encoding.UTF8.GetString(binding.Contact));
        return contacts;
    }

    private TestLocation Service(LocationOptions? options = null) =>
        new(_store, options ?? new LocationOptions(), new SameBytes(), _time, _log);

    private TestLocation Durable(TestFolder folder)
    {
        var service = new TestLocation(new JournalBindingStore(folder.Path), new LocationOptions(), new SameBytes(), _time, _log);
        service.Service.Load();
        return service;
    }
}
