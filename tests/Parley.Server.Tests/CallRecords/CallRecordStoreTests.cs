using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.CallRecords;
using Parley.Server.Configuration;

namespace Parley.Server.Tests.CallRecords;

/// <summary>Records on the disk: what is written is read, old ones go, and too many are lost and counted.</summary>
public sealed class CallRecordStoreTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly TestTime _time = new();
    private CallRecordOptions _options = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_written_is_read_the_newest_first_with_what_was_reported()
    {
        CallRecord first = Call("one", 0) with { Answered = Start.AddSeconds(2), Ended = Start.AddSeconds(62), Status = 200, EndedBy = CallEnder.Callee, Targets = ["sip:bob@192.0.2.2", "sip:bob@192.0.2.3"], Codec = "opus" };
        CallRecord second = Call("two", 10) with { Ended = Start.AddSeconds(12), Status = 486, EndedBy = CallEnder.Callee };
        var byBob = new ReportedQuality("one", "bob@example.com", Start.AddSeconds(63)) { Codec = "opus", Score = 4.1, R = 85, LossPercent = 1.5, JitterMilliseconds = 3 };
        ReportedQuality byAlice = byBob with { Reporter = "alice@example.com", Score = 3.9, LossPercent = null };
        using (CallRecordStore store = Open())
        {
            store.Add(first);
            store.Add(second);
            Assert.True(store.Add(byBob with { Score = 1 }));
            Assert.True(store.Add(byBob));
            Assert.True(store.Add(byAlice));
        }

        using CallRecordRows rows = new(_folder.Path);
        CallRecord[] read = [.. rows.Find()];
        Assert.Equal(["two", "one"], read.Select(call => call.CallId));
        Assert.Equal(first with { Targets = [], Quality = [] }, read[1] with { Targets = [], Quality = [] });
        Assert.Equal(first.Targets, read[1].Targets);
        Assert.Equal([byAlice, byBob], read[1].Quality);
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.Zero), (read[1].Duration, read[0].Duration));
        Assert.Equal(["two"], rows.Find(since: Start.AddSeconds(5)).Select(call => call.CallId));
        Assert.Equal(["one"], rows.Find(callId: "one").Select(call => call.CallId));
        Assert.Equal(["two"], rows.Find(most: 1).Select(call => call.CallId));
        Assert.Equal(2, rows.Find("alice@example.com").Count());
        Assert.Equal(2, rows.Find("bob@example.com").Count());
        Assert.Empty(rows.Find("' OR 1 = 1 --"));
    }

    [Fact]
    public void A_call_has_one_row_however_often_it_is_told_and_an_answered_one_stays()
    {
        using (CallRecordStore store = Open())
        {
            store.Add(Call("one", 0) with { Status = 480 });
            store.Add(Call("one", 0) with { Status = 200, Answered = Start });
            store.Add(Call("one", 0) with { Status = 487 });
        }

        using CallRecordRows rows = new(_folder.Path);
        Assert.Equal(200, Assert.Single(rows.Find()).Status);
    }

    [Fact]
    public void What_is_too_old_or_too_much_goes()
    {
        _options = new CallRecordOptions { Retention = TimeSpan.FromDays(1), MaxRows = 3 };
        using CallRecordStore store = Open();
        for (int i = 0; i < 6; i++)
        {
            store.Add(Call($"call {i}", i));
            store.Add(new ReportedQuality($"call {i}", "bob@example.com", Start.AddSeconds(i)));
        }

        store.WriteWaiting();
        store.Sweep();
        using CallRecordRows rows = new(_folder.Path);
        Assert.Equal(["call 5", "call 4", "call 3"], rows.Find().Select(call => call.CallId));
        Assert.All(rows.Find(), call => Assert.Single(call.Quality));
        _time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(4.5));
        store.Sweep();
        Assert.Equal(["call 5"], rows.Find().Select(call => call.CallId));
    }

    [Fact]
    public void What_comes_while_too_much_waits_is_lost_and_counted()
    {
        using CallRecordStore store = Open();
        for (int i = 0; i < CallRecordStore.MaxWaiting + 7; i++) store.Add(Call($"call {i}", 0));
        Assert.Equal(7, store.Lost);
        store.WriteWaiting();
        store.Add(Call("again", 0));
        store.WriteWaiting();
        Assert.Equal(7, store.Lost);
        using CallRecordRows rows = new(_folder.Path);
        Assert.Equal(CallRecordStore.MaxWaiting + 1, rows.Find().Count());
    }

    [Fact]
    public void A_database_that_cannot_be_written_loses_rows_and_nothing_else()
    {
        using CallRecordStore store = Open();
        using (var other = new SqliteConnection($"Data Source={Path.Combine(_folder.Path, "calls.db")}"))
        {
            other.Open();
            using SqliteCommand command = other.CreateCommand();
            command.CommandText = "DROP TABLE call";
            command.ExecuteNonQuery();
        }

        store.Add(Call("one", 0));
        store.WriteWaiting();
        Assert.Equal(1, store.Lost);
    }

    private CallRecordStore Open() => new(_folder.Path, () => _options, _time, NullLogger.Instance);

    private static CallRecord Call(string id, int second) =>
        new(id, "a", "sip:alice@example.com", "sip:bob@example.com", "alice@example.com", Start.AddSeconds(second)) { Ended = Start.AddSeconds(second) };
}
