using Microsoft.Data.Sqlite;
using Parley.Server.Accounts;
using Parley.Server.Storage;

namespace Parley.Server.Tests.Storage;

public sealed class DatabaseTests
{
    [Fact]
    public void A_missing_folder_is_made()
    {
        using var folder = new TestFolder();
        using var store = new AccountStore(Path.Combine(folder.Path, "a", "b"));
        Assert.True(File.Exists(Path.Combine(folder.Path, "a", "b", "accounts.db")));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_clear_error()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("taken"), "");
        StorageException e = Assert.Throws<StorageException>(() => new AccountStore(folder.File("taken")));
        Assert.Equal((StorageFailure.NotWritable, folder.File("taken")), (e.Failure, e.Path));
        Assert.StartsWith($"the data folder {folder.File("taken")} cannot be made: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_one_clear_error()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder.File("accounts.db"));
        StorageException e = Assert.Throws<StorageException>(() => new AccountStore(folder.Path));
        Assert.Equal((StorageFailure.NotWritable, folder.File("accounts.db")), (e.Failure, e.Path));
        Assert.StartsWith($"the database {folder.File("accounts.db")} cannot be opened for writing", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("this is no database, and long enough to be looked at as one: ........................................")]
    [InlineData("SQLite format 3\0 but then something else than what such a file has ....................................")]
    public void A_file_that_is_no_database_is_one_clear_error(string content)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("accounts.db"), content);
        StorageException e = Assert.Throws<StorageException>(() => new AccountStore(folder.Path));
        Assert.Equal((StorageFailure.Corrupt, folder.File("accounts.db")), (e.Failure, e.Path));
        Assert.StartsWith($"the database {folder.File("accounts.db")} is damaged or no database", e.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(folder.File("accounts.db")));
    }

    [Fact]
    public void A_database_with_overwritten_pages_is_one_clear_error()
    {
        using var folder = new TestFolder();
        using (var store = new AccountStore(folder.Path))
        {
            AccountImport import = store.Import(new StringReader(string.Join('\n', Enumerable.Range(0, 500).Select(i => $"user{i},secret{i}"))), "example.com", "example.com");
            Assert.Equal(500, import.Count);
        }

        byte[] bytes = File.ReadAllBytes(folder.File("accounts.db"));
        for (int page = 2 * 4096; page < bytes.Length; page += 4096) bytes.AsSpan(page, 64).Fill(0xA5);
        File.WriteAllBytes(folder.File("accounts.db"), bytes);

        StorageException e = Assert.Throws<StorageException>(() => new AccountDirectory(folder.Path, new RecordingLogger()));
        Assert.Equal((StorageFailure.Corrupt, folder.File("accounts.db")), (e.Failure, e.Path));
    }

    [Fact]
    public void A_database_of_a_newer_version_is_one_clear_error()
    {
        using var folder = new TestFolder();
        new AccountStore(folder.Path).Dispose();
        using (var connection = new SqliteConnection($"Data Source={folder.File("accounts.db")};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 999";
            command.ExecuteNonQuery();
        }

        StorageException e = Assert.Throws<StorageException>(() => new AccountStore(folder.Path));
        Assert.Equal(StorageFailure.NewerSchema, e.Failure);
        Assert.Contains("has schema 999", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_that_start_at_once_make_one_schema()
    {
        using var folder = new TestFolder();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new AccountStore(folder.Path).Dispose())));
        using var store = new AccountStore(folder.Path);
        Assert.Empty(store.List());
    }
}
