using FsCheck;
using FsCheck.Fluent;
using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Parley.Server.Storage;

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
            TestLocation service = Start(folder, replacedChanges: 10);
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

                    service.Run();
                }

                service.Dispose();
                using TestLocation last = Start(folder, replacedChanges: 10);
                Assert.Equal(model, BoundIn(last));
            }
            finally
            {
                service.Dispose();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10));     // each opens journals many times
    }

    [Fact]
    public void The_log_stays_short_however_often_phones_refresh()
    {
        const int Replaced = 100;
        using var folder = new TestFolder();
        uint cseq = 0;
        for (int life = 0; life < 3; life++)
        {
            using TestLocation service = Start(folder, Replaced);
            for (int round = 0; round < 100; round++)
            {
                for (int user = 0; user < Users; user++) Submit(service, user, ++cseq, isRemoval: false);
                service.Run();

                // Bindings, as many replaced changes and the allowance before a rewrite, the changes during it, and its own.
                Assert.InRange(RecordsIn(folder), Users, (5 * Users) + Replaced);
            }

            Assert.Equal(Users, BoundIn(service).Count);
        }
    }

    [Fact]
    public void A_rewrite_whose_commit_fails_loses_nothing()
    {
        using var folder = new TestFolder();
        var store = new FailingStore(new JournalBindingStore(folder.Path));
        uint cseq = 0;
        using (TestLocation service = Start(store, replacedChanges: 0))
        {
            for (int round = 0; round < 200; round++)
            {
                // Few changes a commit, so that a rewrite takes several; every third commit fails.
                for (int user = 0; user < 3; user++) Submit(service, (round + user) % Users, ++cseq, isRemoval: false);
                service.Run();
                for (int user = 0; user < Users && round == 0; user++) Submit(service, user, ++cseq, isRemoval: false);
                service.Run();
            }

            store.BoundBefore = BoundIn(service);
        }

        Assert.True(store.Failures > 10);
        Assert.True(store.Forgotten > 1, "no rewrite came to an end");
        using TestLocation next = Start(folder, replacedChanges: 0);
        Assert.Equal(store.BoundBefore, BoundIn(next));
    }

    private static TestLocation Start(TestFolder folder, int replacedChanges) => Start(new JournalBindingStore(folder.Path), replacedChanges);

    private static TestLocation Start(IBindingStore store, int replacedChanges)
    {
        var service = new TestLocation(store, new LocationOptions { ReplacedChanges = replacedChanges }, new SameBytes(), new TestTime(), new RecordingLogger());
        service.Service.Load();
        return service;
    }

    private static void Submit(TestLocation service, int user, uint cseq, bool isRemoval) =>
        service.Submit(new TestUpdate(UserOf(user), cseq: cseq).Contact("sip:a", isRemoval ? 0u : 3600u));

    private static string UserOf(int user) => $"user{user}@example.com";

    private static SortedDictionary<int, uint> BoundIn(TestLocation service)
    {
        var bound = new SortedDictionary<int, uint>();
        for (int user = 0; user < Users; user++)
        {
            foreach (Binding binding in service.Find(UserOf(user))) bound.Add(user, binding.CSeq);
        }

        Assert.Equal(bound.Count, service.Count);
        return bound;
    }

    private static long RecordsIn(TestFolder folder)
    {
        long count = 0;
        foreach (string path in Directory.GetFiles(folder.Path, "*.journal"))
        {
            // Read as another process reads a copy: the journal itself is in use.
            string copy = Path.Combine(folder.Path, "copy");
            File.Copy(path, copy, overwrite: true);
            using JournalFile journal = JournalFile.Open(copy, static _ => { });
            count += journal.Count;
        }

        return count;
    }

    private sealed class FailingStore(JournalBindingStore inner) : IBindingStore
    {
        private int _commits;

        public SortedDictionary<int, uint> BoundBefore { get; set; } = [];

        public int Failures { get; private set; }

        public int Forgotten { get; private set; }

        public long ChangeCount => inner.ChangeCount;

        public int Load(RecordReceiver receive) => inner.Load(receive);

        public void Commit(RecordBatch changes)
        {
            if (++_commits % 3 == 0)
            {
                Failures++;
                throw new StorageException(StorageFailure.Full, "location-000001.journal", "the disk is full");
            }

            inner.Commit(changes);
        }

        public void BeginGeneration() => inner.BeginGeneration();

        public void ForgetEarlierGenerations()
        {
            Forgotten++;
            inner.ForgetEarlierGenerations();
        }

        public void Maintain() => inner.Maintain();

        public void Dispose() => inner.Dispose();
    }
}
