using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.CallRecords;

/// <summary>The call records, in the data folder's <c>calls.db</c>.</summary>
/// <remarks>
/// Lanes give what is over and go on; a thread of its own writes what waits in one transaction. Bounded: what comes while <see cref="MaxWaiting"/> wait is lost, and counted; of stored
/// rows the oldest are removed when they are older or more than configured. Without <see cref="Start"/> the owner calls <see cref="WriteWaiting"/>.
/// </remarks>
internal sealed class CallRecordStore : IDisposable
{
    /// <summary>Rows that may wait to be written.</summary>
    public const int MaxWaiting = 16_384;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(100);

    private readonly Database _database;
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<CallRecordOptions> _options;
    private readonly ConcurrentQueue<object> _waiting = new();      // CallRecord or ReportedQuality
    private readonly AutoResetEvent _arrived = new(false);
    private int _count;
    private long _lost;
    private Thread? _thread;
    private volatile bool _isClosed;

    /// <summary>Opens the records of a data folder; makes both when they are missing.</summary>
    /// <param name="dataFolder">The folder.</param>
    /// <param name="options">How long and how many are kept, asked for at each sweep.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public CallRecordStore(string dataFolder, Func<CallRecordOptions> options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _database = Database.Open(dataFolder, Database.Calls);
        _connection = _database.Connect();
        Try(Sweep);
    }

    /// <summary>Rows that were lost, as too many waited or the disk failed.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        _thread = new Thread(RunUntilClosed) { IsBackground = true, Name = "calls" };
        _thread.Start();
    }

    /// <summary>Takes a call that is over. Any thread.</summary>
    public void Add(CallRecord call) => AddRow(call);

    /// <summary>Takes what an end of a call has reported; it replaces what the same one reported before. Any thread.</summary>
    /// <returns>False when it is lost.</returns>
    public bool Add(ReportedQuality quality) => AddRow(quality);

    /// <summary>Writes what waits.</summary>
    public void WriteWaiting()
    {
        if (_waiting.IsEmpty) return;
        int written = 0;
        bool isWritten = Try(() =>
        {
            using SqliteTransaction transaction = _connection.BeginTransaction();
            while (written < MaxWaiting && _waiting.TryDequeue(out object? row))
            {
                written++;
                if (row is CallRecord call) Write(call);
                else Write((ReportedQuality)row);
            }

            transaction.Commit();
        });
        Interlocked.Add(ref _count, -written);
        if (!isWritten) Interlocked.Add(ref _lost, written);
    }

    /// <summary>Removes what is older or more than configured.</summary>
    public void Sweep()
    {
        CallRecordOptions options = _options();
        long oldest = (_time.GetUtcNow() - options.Retention).ToUnixTimeMilliseconds();
        CallRecordRows.Execute(_connection, "DELETE FROM call WHERE started < $oldest", ("$oldest", oldest));
        CallRecordRows.Execute(_connection, "DELETE FROM quality WHERE reported < $oldest", ("$oldest", oldest));
        CallRecordRows.Execute(_connection, "DELETE FROM call WHERE id <= (SELECT id FROM call ORDER BY id DESC LIMIT 1 OFFSET $most)", ("$most", options.MaxRows));
        CallRecordRows.Execute(
            _connection, "DELETE FROM quality WHERE rowid <= (SELECT rowid FROM quality ORDER BY rowid DESC LIMIT 1 OFFSET $most)", ("$most", options.MaxRows));
    }

    /// <summary>Writes what waits, and closes the records.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _arrived.Set();
        _thread?.Join();
        WriteWaiting();
        _connection.Dispose();
        _arrived.Dispose();
    }

    private bool AddRow(object row)
    {
        if (_isClosed || Interlocked.Increment(ref _count) > MaxWaiting)
        {
            if (!_isClosed) Interlocked.Decrement(ref _count);
            if (Interlocked.Increment(ref _lost) == 1) Log.CallRecordsLost(_logger);
            return false;
        }

        _waiting.Enqueue(row);
        if (_thread is not null && !_isClosed) _arrived.Set();
        return true;
    }

    private void RunUntilClosed()
    {
        long swept = _time.GetTimestamp();
        while (!_isClosed)
        {
            if (_arrived.WaitOne(SweepInterval) && !_isClosed) _arrived.WaitOne(BatchTime);       // what comes at once is written at once
            WriteWaiting();
            if (_time.GetElapsedTime(swept) < SweepInterval) continue;
            swept = _time.GetTimestamp();
            Try(Sweep);
        }
    }

    private bool Try(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (SqliteException e)
        {
            Log.CallRecordsFailed(_logger, _database.Translate(e));
            return false;
        }
    }

    private void Write(CallRecord call) => CallRecordRows.Execute(
        _connection,
        """
        INSERT INTO call (call_id, from_tag, caller, callee, asserted, started, answered, ended, status, ended_by, targets, codec)
        VALUES ($call_id, $from_tag, $caller, $callee, $asserted, $started, $answered, $ended, $status, $ended_by, $targets, $codec)
        ON CONFLICT (call_id, from_tag) DO UPDATE SET answered = $answered, ended = $ended, status = $status, ended_by = $ended_by, targets = $targets, codec = $codec
        WHERE answered IS NULL
        """,
        ("$call_id", call.CallId), ("$from_tag", call.FromTag), ("$caller", call.Caller), ("$callee", call.Callee), ("$asserted", call.Asserted),
        ("$started", call.Started.ToUnixTimeMilliseconds()), ("$answered", call.Answered?.ToUnixTimeMilliseconds()), ("$ended", call.Ended.ToUnixTimeMilliseconds()),
        ("$status", call.Status), ("$ended_by", CallRecordRows.WordOf(call.EndedBy)), ("$targets", string.Join(' ', call.Targets)), ("$codec", call.Codec));

    private void Write(ReportedQuality quality) => CallRecordRows.Execute(
        _connection,
        """
        INSERT INTO quality (call_id, reporter, reported, codec, mos_cq, mos_lq, r, loss, discard, jitter, round_trip, delay)
        VALUES ($call_id, $reporter, $reported, $codec, $mos_cq, $mos_lq, $r, $loss, $discard, $jitter, $round_trip, $delay)
        ON CONFLICT (call_id, reporter) DO UPDATE SET reported = $reported, codec = $codec, mos_cq = $mos_cq, mos_lq = $mos_lq, r = $r, loss = $loss, discard = $discard,
            jitter = $jitter, round_trip = $round_trip, delay = $delay
        """,
        ("$call_id", quality.CallId), ("$reporter", quality.Reporter), ("$reported", quality.Reported.ToUnixTimeMilliseconds()), ("$codec", quality.Codec),
        ("$mos_cq", quality.Score), ("$mos_lq", quality.ListeningScore), ("$r", quality.R), ("$loss", quality.LossPercent), ("$discard", quality.DiscardPercent),
        ("$jitter", quality.JitterMilliseconds), ("$round_trip", quality.RoundTripMilliseconds), ("$delay", quality.DelayMilliseconds));
}
