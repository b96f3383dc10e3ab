using Microsoft.Data.Sqlite;
using Parley.Server.Storage;

namespace Parley.Server.CallRecords;

/// <summary>Reads call records, whether a server writes them meanwhile or not.</summary>
internal sealed class CallRecordRows : IDisposable
{
    private const string Columns = "call_id, from_tag, caller, callee, asserted, started, answered, ended, status, ended_by, targets, codec";

    private readonly SqliteConnection _connection;

    /// <summary>Opens the records of a data folder.</summary>
    /// <exception cref="StorageException">They cannot be used.</exception>
    public CallRecordRows(string dataFolder) => _connection = Database.Open(dataFolder, Database.Calls).Connect();

    /// <summary>The records that fit, the newest first, each with what the ends reported.</summary>
    /// <param name="user">Only those that this user made or was called in: an address of record or a URI; null for all.</param>
    /// <param name="since">Only those that began then or later; null for all.</param>
    /// <param name="callId">Only those with this Call-ID; null for all.</param>
    /// <param name="most">How many at most.</param>
    public IEnumerable<CallRecord> Find(string? user = null, DateTimeOffset? since = null, string? callId = null, int most = int.MaxValue)
    {
        string? uri = user is null ? null : user.Contains(':', StringComparison.Ordinal) ? user : "sip:" + user;
        using SqliteCommand command = Command(
            _connection,
            $"""
            SELECT {Columns} FROM call
            WHERE ($user IS NULL OR asserted = $user OR caller = $uri OR callee = $uri) AND ($since IS NULL OR started >= $since) AND ($call_id IS NULL OR call_id = $call_id)
            ORDER BY id DESC LIMIT $most
            """,
            ("$user", user), ("$uri", uri), ("$since", since?.ToUnixTimeMilliseconds()), ("$call_id", callId), ("$most", most));
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            var call = new CallRecord(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), Time(reader.GetInt64(5)))
            {
                Answered = reader.IsDBNull(6) ? null : Time(reader.GetInt64(6)),
                Ended = Time(reader.GetInt64(7)),
                Status = reader.GetInt32(8),
                EndedBy = EnderOf(reader.GetString(9)),
                Targets = reader.GetString(10).Split(' ', StringSplitOptions.RemoveEmptyEntries),
                Codec = reader.GetString(11),
            };
            yield return call with { Quality = [.. QualityOf(call)] };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    /// <summary>The word for who ended a call.</summary>
    public static string WordOf(CallEnder ender) => ender switch
    {
        CallEnder.Caller => "caller",
        CallEnder.Callee => "callee",
        CallEnder.Server => "server",
        _ => "",
    };

    internal static void Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Command(connection, sql, parameters);
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static CallEnder EnderOf(string word) => word switch
    {
        "caller" => CallEnder.Caller,
        "callee" => CallEnder.Callee,
        "server" => CallEnder.Server,
        _ => CallEnder.Unknown,
    };

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private IEnumerable<ReportedQuality> QualityOf(CallRecord call)
    {
        using SqliteCommand command = Command(
            _connection,
            "SELECT reporter, reported, codec, mos_cq, mos_lq, r, loss, discard, jitter, round_trip, delay FROM quality WHERE call_id = $call_id ORDER BY reporter <> $caller, reporter LIMIT 8",
            ("$call_id", call.CallId), ("$caller", call.Asserted));
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return new ReportedQuality(call.CallId, reader.GetString(0), Time(reader.GetInt64(1)))
            {
                Codec = reader.GetString(2),
                Score = Real(3),
                ListeningScore = Real(4),
                R = Real(5),
                LossPercent = Real(6),
                DiscardPercent = Real(7),
                JitterMilliseconds = Whole(8),
                RoundTripMilliseconds = Whole(9),
                DelayMilliseconds = Whole(10),
            };
        }

        double? Real(int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

        int? Whole(int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);
    }
}
