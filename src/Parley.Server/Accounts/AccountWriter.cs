using Microsoft.Data.Sqlite;

namespace Parley.Server.Accounts;

/// <summary>One transaction that changes accounts, under one new revision.</summary>
internal sealed class AccountWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;
    private readonly long _revision;
    private SqliteCommand? _put;

    public AccountWriter(SqliteConnection connection)
    {
        _connection = connection;
        _transaction = connection.BeginTransaction(deferred: false);
        using SqliteCommand command = Command("UPDATE account_state SET revision = revision + 1 RETURNING revision");
        _revision = (long)command.ExecuteScalar()!;
    }

    public bool Exists(AccountName name)
    {
        using SqliteCommand command = Command("SELECT 1 FROM account WHERE domain = $domain AND user = $user", name);
        return command.ExecuteScalar() is not null;
    }

    /// <summary>Adds an account or replaces what is known of it.</summary>
    public void Put(AccountName name, string realm, string password)
    {
        Span<byte> hashes = stackalloc byte[AccountSecret.Bytes];
        AccountSecret.Derive(name.User, realm, password, hashes);
        var secret = new AccountSecret(hashes);
        _put ??= CreatePut();
        SqliteParameterCollection parameters = _put.Parameters;
        parameters[0].Value = name.Domain;
        parameters[1].Value = name.User;
        parameters[2].Value = realm;
        parameters[3].Value = secret.Md5.ToArray();
        parameters[4].Value = secret.Sha256.ToArray();
        parameters[5].Value = secret.Sha512_256.ToArray();
        _put.ExecuteNonQuery();
    }

    /// <summary>Removes an account, and leaves word of it for running servers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="keptRemovals">How many removals stay known.</param>
    /// <returns>False when there is no such account.</returns>
    public bool Remove(AccountName name, int keptRemovals)
    {
        using SqliteCommand remove = Command("DELETE FROM account WHERE domain = $domain AND user = $user", name);
        if (remove.ExecuteNonQuery() == 0) return false;
        using SqliteCommand record = Command("INSERT INTO account_removal (revision, domain, user) VALUES ($revision, $domain, $user)", name);
        record.Parameters.AddWithValue("$revision", _revision);
        record.ExecuteNonQuery();
        TrimRemovals(keptRemovals);
        return true;
    }

    public void Commit() => _transaction.Commit();

    public void Dispose()
    {
        _put?.Dispose();
        _transaction.Dispose();     // rolls back what was not committed
    }

    private void TrimRemovals(int kept)
    {
        using SqliteCommand trim = Command(
            """
            UPDATE account_state SET trimmed_to = max(trimmed_to, ifnull(
                (SELECT revision FROM account_removal ORDER BY revision DESC LIMIT 1 OFFSET $kept), 0));
            DELETE FROM account_removal WHERE revision <= (SELECT trimmed_to FROM account_state);
            """);
        trim.Parameters.AddWithValue("$kept", kept);
        trim.ExecuteNonQuery();
    }

    private SqliteCommand CreatePut()
    {
        SqliteCommand put = Command(
            """
            INSERT INTO account (domain, user, realm, ha1_md5, ha1_sha256, ha1_sha512_256, revision)
            VALUES ($domain, $user, $realm, $md5, $sha256, $sha512_256, $revision)
            ON CONFLICT DO UPDATE SET realm = excluded.realm, ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,
                ha1_sha512_256 = excluded.ha1_sha512_256, revision = excluded.revision
            """);
        put.Parameters.Add("$domain", SqliteType.Text);
        put.Parameters.Add("$user", SqliteType.Text);
        put.Parameters.Add("$realm", SqliteType.Text);
        put.Parameters.Add("$md5", SqliteType.Blob);
        put.Parameters.Add("$sha256", SqliteType.Blob);
        put.Parameters.Add("$sha512_256", SqliteType.Blob);
        put.Parameters.AddWithValue("$revision", _revision);
        return put;
    }

    private SqliteCommand Command(string sql, AccountName? name = null)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.Transaction = _transaction;
        command.CommandText = sql;
        if (name is { } account)
        {
            command.Parameters.AddWithValue("$domain", account.Domain);
            command.Parameters.AddWithValue("$user", account.User);
        }

        return command;
    }
}
