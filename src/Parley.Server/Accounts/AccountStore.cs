using Microsoft.Data.Sqlite;
using Parley.Server.Storage;

namespace Parley.Server.Accounts;

/// <summary>The accounts in the database, for whoever administers them; a running server notices each change by itself.</summary>
/// <remarks>Any number of processes may use it at a time; one instance belongs to one thread. Passwords are never stored.</remarks>
public sealed class AccountStore : IDisposable
{
    private readonly Database _database;
    private readonly SqliteConnection _connection;

    /// <summary>Opens the accounts of a data folder; makes both when they are missing.</summary>
    /// <exception cref="StorageException">They cannot be used.</exception>
    public AccountStore(string dataFolder)
    {
        _database = Database.Open(dataFolder, Database.Accounts);
        _connection = _database.Connect();
    }

    /// <summary>How many removals are kept for running servers to notice; one that has missed more reads all accounts again.</summary>
    internal int KeptRemovals { get; init; } = 10_000;

    /// <summary>Adds an account.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="realm">The realm that the server challenges it in (<c>realm</c> of the configuration, else the domain).</param>
    /// <param name="password">Its password, not empty.</param>
    /// <returns><see cref="AccountResult.Done"/> or <see cref="AccountResult.AlreadyExists"/>.</returns>
    /// <exception cref="StorageException">The database failed; nothing was changed.</exception>
    /// <exception cref="ArgumentException">The password is empty.</exception>
    public AccountResult Add(AccountName name, string realm, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        return Change(writer =>
        {
            if (writer.Exists(name)) return AccountResult.AlreadyExists;
            writer.Put(name, realm, password);
            return AccountResult.Done;
        });
    }

    /// <summary>Gives an account a new password.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="realm">The realm that the server challenges it in.</param>
    /// <param name="password">Its password, not empty.</param>
    /// <returns><see cref="AccountResult.Done"/> or <see cref="AccountResult.NotFound"/>.</returns>
    /// <exception cref="StorageException">The database failed; nothing was changed.</exception>
    /// <exception cref="ArgumentException">The password is empty.</exception>
    public AccountResult SetPassword(AccountName name, string realm, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        return Change(writer =>
        {
            if (!writer.Exists(name)) return AccountResult.NotFound;
            writer.Put(name, realm, password);
            return AccountResult.Done;
        });
    }

    /// <summary>Removes an account.</summary>
    /// <returns><see cref="AccountResult.Done"/> or <see cref="AccountResult.NotFound"/>.</returns>
    /// <exception cref="StorageException">The database failed; nothing was changed.</exception>
    public AccountResult Remove(AccountName name) => Change(writer => writer.Remove(name, KeptRemovals) ? AccountResult.Done : AccountResult.NotFound);

    /// <summary>All accounts with their realms, by domain and name.</summary>
    /// <param name="domain">Only of this domain; null for all.</param>
    /// <exception cref="StorageException">The database failed.</exception>
    public IReadOnlyList<AccountListing> List(string? domain = null)
    {
        try
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = "SELECT user, domain, realm FROM account WHERE $domain IS NULL OR domain = $domain ORDER BY domain, user";
            command.Parameters.AddWithValue("$domain", (object?)domain?.ToLowerInvariant() ?? DBNull.Value);
            using SqliteDataReader reader = command.ExecuteReader();
            var accounts = new List<AccountListing>();
            while (reader.Read()) accounts.Add(new AccountListing(AccountName.FromStored(reader.GetString(0), reader.GetString(1)), reader.GetString(2)));
            return accounts;
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }

    /// <summary>Adds the accounts of a list, or gives those that exist their new password: all of them, or none when a line is wrong.</summary>
    /// <param name="lines">A <c>name,password</c> a line. The name ends at the first comma, so a password may have commas; empty lines and lines that begin with # are left out.</param>
    /// <param name="domain">The domain of all of them.</param>
    /// <param name="realm">Their realm.</param>
    /// <exception cref="StorageException">The database failed; nothing was changed.</exception>
    /// <exception cref="IOException">The list cannot be read; nothing was changed.</exception>
    public AccountImport Import(TextReader lines, string domain, string realm)
    {
        AccountImport import = AccountImport.Read(lines, domain);
        if (import.ErrorCount > 0 || import.Entries.Count == 0) return import;
        Change(writer =>
        {
            foreach ((AccountName name, string password) in import.Entries) writer.Put(name, realm, password);
            return AccountResult.Done;
        });
        return import;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private AccountResult Change(Func<AccountWriter, AccountResult> change)
    {
        try
        {
            using var writer = new AccountWriter(_connection);
            AccountResult result = change(writer);
            if (result == AccountResult.Done) writer.Commit();
            return result;
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }
}
