using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>The store's log: it stays short, and whenever the process ends, what was bound is there again.</summary>
public sealed class BindingLogTests
{
    private const int Users = 60;

    [Fact]
    public void Whenever_the_process_ends_the_log_has_what_was_bound()
    {
        // 0 to 59 registers a user, 60 to 89 removes one, 90 ends the process and starts it anew.
        Gen<int> step = Gen.Frequency((10, Gen.Choose(0, 59)), (4, Gen.Choose(60, 89)), (1, Gen.Constant(90)));
        Prop.ForAll(step.ListOf().Resize(300).ToArbitrary(), steps =>
        {
            using var folder = new TestFolder();
            var model = new SortedDictionary<int, uint>();
            uint cseq = 0;
            LocationService service = Start(folder, replacedChanges: 10);
            try
            {
                foreach (int next in steps)
                {
                    cseq++;
                    if (next < Users)
                    {
                        Submit(service, next, cseq, isRemoval: false);
                        model[next] = cseq;
                    }
                    else if (next < 90)
                    {
                        Submit(service, next - Users, cseq, isRemoval: true);
                        model.Remove(next - Users);
                    }
                    else
                    {
                        service.Dispose();
                        service = Start(folder, replacedChanges: 10);
                        Assert.Equal(model, BoundIn(service));
                    }

                    service.RunPending();
                }

                service.Dispose();
                using LocationService last = Start(folder, replacedChanges: 10);
                Assert.Equal(model, BoundIn(last));
            }
            finally
            {
                service.Dispose();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10));     // each opens a database many times
    }

    [Fact]
    public void The_log_stays_short_however_often_phones_refresh()
    {
        const int Replaced = 100;
        using var folder = new TestFolder();
        uint cseq = 0;
        for (int life = 0; life < 3; life++)
        {
            using LocationService service = Start(folder, Replaced);
            for (int round = 0; round < 100; round++)
            {
                for (int user = 0; user < Users; user++) Submit(service, user, ++cseq, isRemoval: false);
                service.RunPending();

                // Bindings, as many replaced changes and the allowance before a rewrite, the changes during it, and its own.
                Assert.InRange(RowsIn(folder), Users, (5 * Users) + Replaced);
            }

            Assert.Equal(Users, BoundIn(service).Count);
        }
    }

    [Fact]
    public void A_rewrite_whose_commit_fails_loses_nothing()
    {
        using var folder = new TestFolder();
        var store = new FailingStore(new SqliteBindingStore(folder.Path));
        uint cseq = 0;
        using (LocationService service = Start(store, replacedChanges: 0))
        {
            for (int round = 0; round < 40; round++)
            {
                // Few changes a commit, so that a rewrite takes several; every third commit fails.
                for (int user = 0; user < 3; user++) Submit(service, (round + user) % Users, ++cseq, isRemoval: false);
                service.RunPending();
                for (int user = 0; user < Users && round == 0; user++) Submit(service, user, ++cseq, isRemoval: false);
                service.RunPending();
            }

            store.BoundBefore = BoundIn(service);
        }

        Assert.True(store.Failures > 10);
        Assert.True(store.Forgotten > 1, "no rewrite came to an end");
        using LocationService next = Start(folder, replacedChanges: 0);
        Assert.Equal(store.BoundBefore, BoundIn(next));
    }

    [Fact]
    public void A_database_that_fails_fails_the_registrations_until_it_works_again()
    {
        using var folder = new TestFolder();
        using LocationService service = Start(folder, replacedChanges: 10);
        Submit(service, 1, 1, isRemoval: false);
        service.RunPending();

        Execute(folder, "ALTER TABLE binding_change RENAME TO away");
        TestUpdate failing = new TestUpdate(UserOf(1), cseq: 2).Contact("sip:b");
        Assert.True(service.TrySubmit(failing));
        service.RunPending();
        Assert.Equal(BindingOutcome.StorageFailed, failing.Outcome);
        Assert.Equal(1u, BoundIn(service)[1]);

        Execute(folder, "ALTER TABLE away RENAME TO binding_change");
        Submit(service, 1, 3, isRemoval: false);
        service.RunPending();
        Assert.Equal(3u, BoundIn(service)[1]);
        Assert.Equal(2, RowsIn(folder));
    }

    private static LocationService Start(TestFolder folder, int replacedChanges) => Start(new SqliteBindingStore(folder.Path), replacedChanges);

    private static LocationService Start(IBindingStore store, int replacedChanges)
    {
        var service = new LocationService(
            store, new LocationOptions { ReplacedChanges = replacedChanges }, new RegistrarOptions(), new SameBytes(), new TestTime(), new RecordingLogger());
        service.Load();
        return service;
    }

    private static void Submit(LocationService service, int user, uint cseq, bool isRemoval) =>
        Assert.True(service.TrySubmit(new TestUpdate(UserOf(user), cseq: cseq).Contact("sip:a", isRemoval ? 0u : 3600u)));

    private static string UserOf(int user) => $"user{user}@example.com";

    private static SortedDictionary<int, uint> BoundIn(LocationService service)
    {
        var bound = new SortedDictionary<int, uint>();
        for (int user = 0; user < Users; user++)
        {
            foreach (Binding binding in service.Find(TestUpdate.Utf8(UserOf(user)))) bound.Add(user, binding.CSeq);
        }

        Assert.Equal(bound.Count, service.Count);
        return bound;
    }

    private static long RowsIn(TestFolder folder) => (long)Execute(folder, "SELECT count(*) FROM binding_change")!;

    private static object? Execute(TestFolder folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("location.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private sealed class FailingStore(SqliteBindingStore inner) : IBindingStore
    {
        private int _commits;

        public SortedDictionary<int, uint> BoundBefore { get; set; } = [];

        public int Failures { get; private set; }

        public int Forgotten { get; private set; }

        public long ChangeCount => inner.ChangeCount;

        public void Load(Action<byte[]> receive) => inner.Load(receive);

        public void Commit(ReadOnlySpan<byte[]> changes)
        {
            if (++_commits % 3 == 0)
            {
                Failures++;
                throw new Parley.Server.Storage.StorageException(Parley.Server.Storage.StorageFailure.Full, "location.db", "the disk is full");
            }

            inner.Commit(changes);
        }

        public void BeginGeneration() => inner.BeginGeneration();

        public void ForgetEarlierGenerations()
        {
            Forgotten++;
            inner.ForgetEarlierGenerations();
        }

        public void Dispose() => inner.Dispose();
    }
}
