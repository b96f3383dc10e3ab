using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace Parley.Server.Storage;

/// <summary>A SQLite database in the data folder: opened, checked and brought to the present schema.</summary>
/// <remarks>
/// Write-ahead log with <c>synchronous=NORMAL</c>: what was committed survives the death of the process (kill -9), because the
/// log is then in the system's hands; a power cut may take the commits since the last checkpoint, but never leaves the
/// database inconsistent. Several processes may use a database at a time; a writer waits for another one.
/// The schema is a folder of numbered scripts in this assembly; <c>PRAGMA user_version</c> says how many have run.
/// </remarks>
internal sealed class Database
{
    /// <summary>Accounts: what people entered.</summary>
    public const string Accounts = "accounts";

    /// <summary>Texts that wait for users who are not there.</summary>
    public const string Messages = "messages";

    /// <summary>Bans: who failed to authenticate too often.</summary>
    public const string Bans = "bans";

    /// <summary>Call records.</summary>
    public const string Calls = "calls";

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(10);

    private readonly string _connectionString;

    private Database(string path)
    {
        Path = path;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = (int)BusyTimeout.TotalSeconds,
        }.ToString();
    }

    /// <summary>The database's file.</summary>
    public string Path { get; }

    /// <summary>Opens or makes a database and brings it to the present schema.</summary>
    /// <param name="folder">The data folder; made when it is missing.</param>
    /// <param name="name">Which database: the file's name and that of its folder of scripts.</param>
    /// <exception cref="StorageException">The folder or file cannot be used.</exception>
    public static Database Open(string folder, string name)
    {
        string path = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, name + ".db"));
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (FileFault.Is(e))
        {
            throw new StorageException(StorageFailure.NotWritable, folder, $"the data folder {System.IO.Path.GetFullPath(folder)} cannot be made: {e.Message}", e);
        }

        var database = new Database(path);
        database.Migrate(name);
        return database;
    }

    /// <summary>Opens a connection, for one thread.</summary>
    /// <exception cref="StorageException">The file cannot be used.</exception>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;");
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e);
        }
    }

    /// <summary>What a failure of SQLite means for this database.</summary>
    public StorageException Translate(SqliteException e)
    {
        // https://www.sqlite.org/rescode.html
        (StorageFailure failure, string reason) = e.SqliteErrorCode switch
        {
            3 or 8 or 14 => (StorageFailure.NotWritable, "cannot be opened for writing; check the rights of the file and its folder"),
            5 or 6 => (StorageFailure.Busy, "is locked by another process"),
            11 or 26 => (StorageFailure.Corrupt, "is damaged or no database; restore it from a copy, or move it away to start empty"),
            13 => (StorageFailure.Full, "cannot grow: the disk is full"),
            _ => (StorageFailure.Failed, "failed"),
        };
        return new StorageException(failure, Path, $"the database {Path} {reason} ({e.Message})", e);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long SchemaVersion(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>The scripts of a database in the order of their numbers: <c>accounts/001_accounts.sql</c> is number 1.</summary>
    private static string[] ScriptsOf(string name)
    {
        string[] scripts = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(resource => resource.StartsWith(name + '/', StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        return scripts;
    }

    private static string ReadScript(string resource)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private void Migrate(string name)
    {
        string[] scripts = ScriptsOf(name);
        using SqliteConnection connection = Connect();
        try
        {
            if (SchemaVersion(connection) == scripts.Length) return;
            // The lock comes first, so that of two processes that start at once only one runs the scripts.
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            long version = SchemaVersion(connection);
            if (version > scripts.Length)
            {
                throw new StorageException(
                    StorageFailure.NewerSchema, Path,
                    string.Create(CultureInfo.InvariantCulture, $"the database {Path} has schema {version}, this version of parley knows up to {scripts.Length}: use the newer version"));
            }

            for (; version < scripts.Length; version++) Execute(connection, ReadScript(scripts[version]));
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version}"));
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw Translate(e);
        }
    }
}
