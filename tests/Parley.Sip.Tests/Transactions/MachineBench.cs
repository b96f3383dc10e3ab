using System.Text;
using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

/// <summary>Drives one machine by hand: feeds it, drains it after every input and writes down what it asked for.</summary>
internal sealed class MachineBench
{
    public static readonly TransactionKey Key = TransactionKey.ForClient(new SeededHash128(1, 2), "z9hG4bK1"u8, "INVITE"u8);

    private readonly List<string> _outputs = [];

    public MachineBench(Func<TransactionTimers, SipTransaction> make, TransactionTimers? timers = null) => Machine = make(timers ?? TransactionTimers.Default);

    public BufferPool Pool { get; } = new();

    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromHours(1);

    public SipTransaction Machine { get; }

    /// <summary>Whether a MakeAck is answered at once, as a lane does.</summary>
    public bool MakesAck { get; set; } = true;

    public PooledBuffer Bytes(string text) => Pool.Copy(Encoding.ASCII.GetBytes(text));

    public void Advance(TimeSpan time) => Now += time;

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>Feeds the machine and returns what came out, in order and separated by spaces; "-" for nothing.</summary>
    public string Do(Action<MachineBench> input)
    {
        _outputs.Clear();
        input(this);
        while (Machine.TryTake(out TransactionOutput output))
        {
            _outputs.Add(output.Kind == TransactionOutputKind.Send ? $"send({Encoding.ASCII.GetString(output.Message!.Span)})" : output.Kind.ToString());
            if (output.Kind == TransactionOutputKind.MakeAck && MakesAck) ((InviteClientTransaction)Machine).SetAck(Bytes("ACK"));
        }

        return _outputs.Count == 0 ? "-" : string.Join(' ', _outputs);
    }

    public string OnDeadlineAfter(double seconds)
    {
        Advance(seconds);
        return Do(b => b.Machine.OnDeadline(b.Now));
    }

    /// <summary>Runs to the machine's end by its own deadlines and returns what came out, each with the seconds since the call.</summary>
    public string Run(double limitSeconds = 3600)
    {
        Instant start = Now;
        var log = new List<string>();
        while (!Machine.NextDeadline.IsNever && Machine.NextDeadline - start <= TimeSpan.FromSeconds(limitSeconds))
        {
            Now = Instant.Max(Now, Machine.NextDeadline);
            string outputs = Do(b => b.Machine.OnDeadline(b.Now));
            log.Add(FormattableString.Invariant($"{(Now - start).TotalSeconds:0.###}:{outputs}"));
        }

        return string.Join(' ', log);
    }

    /// <summary>What the machine keeps once it is drained.</summary>
    public string Holds() => Pool.Outstanding switch
    {
        0 => "-",
        1 => "1",
        _ => $"{Pool.Outstanding} leases",
    };
}

/// <summary>Cases of a machine as lines "state | input | outputs | next state | buffers kept".</summary>
internal static class TransitionTable
{
    public static TheoryData<string, string, string, string, string> Read(string table)
    {
        var cases = new TheoryData<string, string, string, string, string>();
        foreach (string[] cells in Rows(table)) cases.Add(cells[0], cells[1], cells[2], cells[3], cells[4]);
        return cases;
    }

    /// <summary>Every state must be listed with every input, the ignored ones included.</summary>
    public static void AssertIsComplete(string table, IEnumerable<string> states, IReadOnlyCollection<string> inputs)
    {
        HashSet<string> listed = [.. Rows(table).Select(row => $"{row[0]} {row[1]}")];
        foreach (string state in states)
        {
            foreach (string input in inputs) Assert.Contains($"{state} {input}", listed);
        }
    }

    private static IEnumerable<string[]> Rows(string table) =>
        table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(row => row.Length == 5 ? row : throw new FormatException($"Not five cells: {string.Join('|', row)}"));
}
