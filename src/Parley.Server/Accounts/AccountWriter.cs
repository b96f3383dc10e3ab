using Microsoft.Data.Sqlite;
using Parley.Sip.Authentication;

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
        _put ??= CreatePut();
        SqliteParameterCollection parameters = _put.Parameters;
        parameters[0].Value = name.Domain;
        parameters[1].Value = name.User;
        parameters[2].Value = realm;
        parameters[3].Value = DigestSecret.Compute(name.User, realm, password).Bytes.ToArray();
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
            INSERT INTO account (domain, user, realm, secret, revision) VALUES ($domain, $user, $realm, $secret, $revision)
            ON CONFLICT DO UPDATE SET realm = excluded.realm, secret = excluded.secret, revision = excluded.revision
            """);
        put.Parameters.Add("$domain", SqliteType.Text);
        put.Parameters.Add("$user", SqliteType.Text);
        put.Parameters.Add("$realm", SqliteType.Text);
        put.Parameters.Add("$secret", SqliteType.Blob);
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
