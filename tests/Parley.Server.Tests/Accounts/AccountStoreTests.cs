using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Parley.Server.Accounts;
using Parley.Sip.Authentication;

namespace Parley.Server.Tests.Accounts;

public sealed class AccountStoreTests
{
    private const string Domain = "example.com";

    private static readonly AccountName Alice = Name("alice");

    [Fact]
    public void Accounts_are_added_changed_listed_and_removed()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        Assert.Equal(AccountResult.NotFound, store.SetPassword(Alice, Domain, "secret"));
        Assert.Equal(AccountResult.NotFound, store.Remove(Alice));
        Assert.Equal(AccountResult.Done, store.Add(Alice, Domain, "secret"));
        Assert.Equal(AccountResult.AlreadyExists, store.Add(Alice, Domain, "other"));
        Assert.Equal(AccountResult.Done, store.Add(Name("Alice"), Domain, "another person"));
        Assert.Equal(AccountResult.Done, store.Add(Name("bob", "b.example"), "realm", "secret"));
        Assert.Equal(AccountResult.Done, store.SetPassword(Alice, Domain, "new"));

        Assert.Equal(["bob@b.example realm", "Alice@example.com example.com", "alice@example.com example.com"], store.List().Select(a => $"{a.Name} {a.Realm}"));
        Assert.Equal(["bob@b.example"], store.List("B.example").Select(a => a.Name.ToString()));
        Assert.Empty(store.List("c.example"));

        Assert.Equal(AccountResult.Done, store.Remove(Alice));
        Assert.Equal(["bob@b.example", "Alice@example.com"], store.List().Select(a => a.Name.ToString()));
    }

    [Fact]
    public void The_password_is_nowhere_in_the_files()
    {
        using var folder = new TestFolder();
        using (var store = new AccountStore(folder.Path))
        {
            store.Add(Alice, Domain, "correct-horse-battery");
            store.SetPassword(Alice, Domain, "staple-horse-battery");
        }

        foreach (string file in Directory.EnumerateFiles(folder.Path))
            Assert.DoesNotContain("horse-battery", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_is_imported_and_imported_again()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        using var directory = new AccountDirectory(folder.Path, new RecordingLogger());
        const string List = "# people\nalice,secret\n\nbob,pass,with,commas\ncarol, leading blank\n";
        Assert.Equal(3, store.Import(new StringReader(List), "Example.com", Domain).Count);
        Assert.Equal(3, store.Import(new StringReader(List.Replace("secret", "changed", StringComparison.Ordinal)), Domain, Domain).Count);
        directory.RunPending();
        Assert.Equal(3, directory.Count);
        Assert.Equal(Md5("alice:example.com:changed"), Find(directory, "alice@example.com").Ha1(DigestAlgorithm.Md5).ToArray());
        Assert.Equal(Md5("bob:example.com:pass,with,commas"), Find(directory, "bob@example.com").Ha1(DigestAlgorithm.Md5).ToArray());
        Assert.Equal(Md5("carol:example.com: leading blank"), Find(directory, "carol@example.com").Ha1(DigestAlgorithm.Md5).ToArray());
    }

    [Fact]
    public void A_list_with_mistakes_is_refused_as_a_whole()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        var lines = new List<string> { "alice,secret", "bob", "c d,secret", "carol,", ",secret", "alice,again" };
        for (int i = 0; i < 20; i++) lines.Add("no comma");
        AccountImport import = store.Import(new StringReader(string.Join("\r\n", lines)), Domain, Domain);

        Assert.Equal((0, 25), (import.Count, import.ErrorCount));
        Assert.Empty(store.List());
        Assert.Equal(AccountImport.MaxErrors, import.Errors.Count);
        Assert.Equal(new AccountImportError(2, "has no comma: write name,password"), import.Errors[0]);
        Assert.StartsWith("the name \"c d\" has a character", import.Errors[1].Reason, StringComparison.Ordinal);
        Assert.Equal(new AccountImportError(4, "has no password after the comma"), import.Errors[2]);
        Assert.Equal(new AccountImportError(5, "a name is missing before the @"), import.Errors[3]);
        Assert.Equal(new AccountImportError(6, "names \"alice\" again, as line 1 did"), import.Errors[4]);
        Assert.All(import.Errors, error => Assert.DoesNotContain("secret", error.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_told_with_their_line()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        byte[] latin1 = System.Text.Encoding.Latin1.GetBytes("alice,secret\nbob,p\u00E4ssword\n");
        AccountImport import = store.Import(new StreamReader(new MemoryStream(latin1)), Domain, Domain);

        Assert.Equal([new AccountImportError(2, "is not UTF-8")], import.Errors);
        Assert.Empty(store.List());
    }

    [Fact]
    public void A_running_server_sees_what_another_process_changes()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        store.Add(Alice, Domain, "secret");
        using var directory = new AccountDirectory(folder.Path, new RecordingLogger());
        Account before = Find(directory, "alice@example.com");
        Assert.Equal("alice@example.com", Encoding.UTF8.GetString(before.AddressOfRecord));
        Assert.Equal(Domain, Encoding.UTF8.GetString(before.Realm));
        Assert.Equal(Md5("alice:example.com:secret"), before.Ha1(DigestAlgorithm.Md5).ToArray());
        var secret = DigestSecret.Compute("alice", Domain, "secret");
        foreach (DigestAlgorithm algorithm in Enum.GetValues<DigestAlgorithm>()) Assert.Equal(secret.Ha1(algorithm), before.Ha1(algorithm));

        store.SetPassword(Alice, "other", "new");
        store.Add(Name("bob"), Domain, "secret");
        Assert.False(Knows(directory, "bob@example.com"u8));
        directory.RunPending();
        Assert.Equal(Md5("alice:other:new"), Find(directory, "alice@example.com").Ha1(DigestAlgorithm.Md5).ToArray());
        Assert.Equal(Md5("alice:example.com:secret"), before.Ha1(DigestAlgorithm.Md5).ToArray());
        Assert.True(Knows(directory, "bob@example.com"u8));

        store.Remove(Alice);
        store.Remove(Name("bob"));
        store.Add(Name("bob"), Domain, "again");
        directory.RunPending();
        Assert.False(Knows(directory, "alice@example.com"u8));
        Assert.Equal(Md5("bob:example.com:again"), Find(directory, "bob@example.com").Ha1(DigestAlgorithm.Md5).ToArray());
        Assert.Equal(1, directory.Count);
    }

    [Fact]
    public void A_server_that_missed_many_removals_reads_all_accounts_again()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path) { KeptRemovals = 5 };
        string[] names = [.. Enumerable.Range(0, 30).Select(i => $"user{i}")];
        store.Import(new StringReader(string.Join('\n', names.Select(name => $"{name},secret"))), Domain, Domain);
        using var directory = new AccountDirectory(folder.Path, new RecordingLogger());

        foreach (string name in names.Take(20)) store.Remove(Name(name));
        directory.RunPending();

        Assert.Equal(10, directory.Count);
        foreach (string name in names) Assert.Equal(Array.IndexOf(names, name) >= 20, Knows(directory, Encoding.UTF8.GetBytes($"{name}@{Domain}")));
    }

    [Fact]
    public async Task A_refresh_sees_all_that_was_committed_before_it_was_asked_for()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        using var directory = new AccountDirectory(folder.Path, new RecordingLogger());
        directory.Start();
        for (int i = 0; i < 50; i++)
        {
            store.Add(Name($"user{i}"), Domain, "secret");
            var refresh = new Refresh();
            Assert.True(directory.TryRefresh(refresh));
            await refresh.Refreshed.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(Knows(directory, Encoding.UTF8.GetBytes($"user{i}@{Domain}")));
        }
    }

    [Fact]
    public async Task Changes_are_noticed_without_being_asked_for()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        using var directory = new AccountDirectory(folder.Path, new RecordingLogger());
        directory.Start();
        store.Add(Alice, Domain, "secret");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Knows(directory, "alice@example.com"u8)) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
    }

    [Fact]
    public void Who_waits_when_the_directory_ends_is_answered_and_later_refused()
    {
        using var folder = new TestFolder();
        var directory = new AccountDirectory(folder.Path, new RecordingLogger());
        var waiting = new Refresh();
        Assert.True(directory.TryRefresh(waiting));
        directory.Dispose();
        Assert.True(waiting.Refreshed.IsCompleted);
        Assert.False(directory.TryRefresh(new Refresh()));
    }

    [Fact]
    public void A_database_that_fails_leaves_the_known_accounts_in_use()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(folder.Path);
        store.Add(Alice, Domain, "secret");
        var log = new RecordingLogger();
        using var directory = new AccountDirectory(folder.Path, log);
        Execute(folder, "DROP TABLE account_state");
        for (int i = 0; i < 3; i++) directory.RunPending();
        Assert.True(Knows(directory, "alice@example.com"u8));
        Assert.Equal("Error: Accounts cannot be read from the database; those that are known stay in use", Assert.Single(log.Lines));
    }

    private static AccountName Name(string user, string domain = Domain)
    {
        Assert.True(AccountName.TryCreate(user, domain, out AccountName name, out string reason), reason);
        return name;
    }

    private static bool Knows(AccountDirectory directory, ReadOnlySpan<byte> addressOfRecord) =>
        directory.TryFind(addressOfRecord, new ArrayBufferWriter<byte>(), out _);

    private static Account Find(AccountDirectory directory, string addressOfRecord)
    {
        Assert.True(directory.TryFind(Encoding.UTF8.GetBytes(addressOfRecord), new ArrayBufferWriter<byte>(), out Account account));
        return account;
    }

    private static void Execute(TestFolder folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("accounts.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static byte[] Md5(string text) => MD5.HashData(Encoding.UTF8.GetBytes(text));

    private sealed class Refresh : AccountRefresh
    {
        private readonly TaskCompletionSource _refreshed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Refreshed => _refreshed.Task;

        protected internal override void OnRefreshed() => _refreshed.SetResult();
    }
}
