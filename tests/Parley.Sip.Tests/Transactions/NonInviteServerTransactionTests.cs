using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class NonInviteServerTransactionTests
{
    private const string Unreliable = """
        Trying     | 100       | refused             | Trying     | -
        Trying     | late 100  | MakeTrying send(100) | Proceeding | 1
        Trying     | 180       | refused             | Trying     | -
        Trying     | 2xx       | send(2xx)           | Completed  | 1
        Trying     | 4xx       | send(4xx)           | Completed  | 1
        Trying     | 408       | refused             | Completed  | -
        Trying     | request   | -                   | Trying     | -
        Trying     | early     | -                   | Trying     | -
        Trying     | expire    | TimedOut Ended      | Terminated | -
        Trying     | error     | TransportFailed     | Trying     | -
        Trying     | terminate | Ended               | Terminated | -
        Proceeding | 100       | send(100)           | Proceeding | 1
        Proceeding | late 100  | send(100)           | Proceeding | 1
        Proceeding | 180       | refused             | Proceeding | 1
        Proceeding | 2xx       | send(2xx)           | Completed  | 1
        Proceeding | 4xx       | send(4xx)           | Completed  | 1
        Proceeding | 408       | refused             | Completed  | -
        Proceeding | request   | send(first)         | Proceeding | 1
        Proceeding | early     | -                   | Proceeding | 1
        Proceeding | expire    | TimedOut Ended      | Terminated | -
        Proceeding | error     | TransportFailed     | Proceeding | 1
        Proceeding | terminate | Ended               | Terminated | -
        Completed  | 100       | refused             | Completed  | 1
        Completed  | late 100  | refused             | Completed  | 1
        Completed  | 180       | refused             | Completed  | 1
        Completed  | 2xx       | refused             | Completed  | 1
        Completed  | 4xx       | refused             | Completed  | 1
        Completed  | 408       | refused             | Completed  | 1
        Completed  | request   | send(first)         | Completed  | 1
        Completed  | early     | -                   | Completed  | 1
        Completed  | expire    | Ended               | Terminated | -
        Completed  | error     | TransportFailed     | Completed  | 1
        Completed  | terminate | Ended               | Terminated | -
        Terminated | 100       | refused             | Terminated | -
        Terminated | late 100  | refused             | Terminated | -
        Terminated | 180       | refused             | Terminated | -
        Terminated | 2xx       | refused             | Terminated | -
        Terminated | 4xx       | refused             | Terminated | -
        Terminated | 408       | refused             | Terminated | -
        Terminated | request   | -                   | Terminated | -
        Terminated | early     | -                   | Terminated | -
        Terminated | expire    | -                   | Terminated | -
        Terminated | error     | -                   | Terminated | -
        Terminated | terminate | -                   | Terminated | -
        """;

    /// <summary>What differs over TCP: 100 is allowed at any time, nothing is kept, the final response ends the transaction.</summary>
    private const string Reliable = """
        Trying     | 100       | send(100)           | Proceeding | -
        Trying     | 180       | refused             | Trying     | -
        Trying     | 2xx       | send(2xx) Ended     | Terminated | -
        Trying     | late 100  | MakeTrying send(100) | Proceeding | -
        Proceeding | 4xx       | send(4xx) Ended     | Terminated | -
        Proceeding | request   | -                   | Proceeding | -
        """;

    private static readonly string[] Inputs = ["100", "late 100", "180", "2xx", "4xx", "408", "request", "early", "expire", "error", "terminate"];

    public static TheoryData<string, string, string, string, string> UnreliableCases => TransitionTable.Read(Unreliable);

    public static TheoryData<string, string, string, string, string> ReliableCases => TransitionTable.Read(Reliable);

    [Fact]
    public void The_table_has_every_state_with_every_input() => TransitionTable.AssertIsComplete(Unreliable, Enum.GetNames<NonInviteServerState>(), Inputs);

    [Theory]
    [MemberData(nameof(UnreliableCases))]
    public void Over_udp(string state, string input, string outputs, string next, string holds) => Check(isReliable: false, state, input, outputs, next, holds);

    [Theory]
    [MemberData(nameof(ReliableCases))]
    public void Over_tcp(string state, string input, string outputs, string next, string holds) => Check(isReliable: true, state, input, outputs, next, holds);

    [Fact]
    public void A_100_is_due_when_timer_E_of_a_client_has_come_to_T2()
    {
        (MachineBench bench, _) = Started(isReliable: false);
        Assert.Equal("3.5:MakeTrying 32:TimedOut Ended", bench.Run());
    }

    [Fact]
    public void A_408_is_not_sent_but_its_request_is_absorbed_for_timer_J()
    {
        (MachineBench bench, NonInviteServerTransaction machine) = Started(isReliable: false);
        bench.Advance(20);
        Assert.Equal("-", bench.Do(b => machine.Respond(b.Now, 408, b.Bytes("408"))));
        Assert.Equal("-", bench.Do(b => machine.OnRetransmission(b.Now)));
        Assert.Equal("32:Ended", bench.Run());
    }

    [Fact]
    public void A_408_over_tcp_ends_without_being_sent()
    {
        (MachineBench bench, NonInviteServerTransaction machine) = Started(isReliable: true);
        Assert.Equal("Ended", bench.Do(b => machine.Respond(b.Now, 408, b.Bytes("408"))));
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static void Check(bool isReliable, string state, string input, string outputs, string next, string holds)
    {
        (MachineBench bench, NonInviteServerTransaction machine) = Started(isReliable);
        switch (state)
        {
            case "Proceeding":
                bench.OnDeadlineAfter(3.5);
                bench.Do(b => machine.Respond(b.Now, 100, b.Bytes("first")));
                break;
            case "Completed":
                bench.Do(b => machine.Respond(b.Now, 200, b.Bytes("first")));
                break;
            case "Terminated":
                bench.Do(_ => machine.Terminate());
                break;
        }

        Assert.Equal(state, machine.State.ToString());
        bool isRefused = false;
        string before = input == "late 100" && state == "Trying" ? bench.OnDeadlineAfter(3.5) + " " : "";
        string actual = before + bench.Do(b => isRefused = !Feed(b, machine, input));
        Assert.Equal(outputs, isRefused ? "refused" : actual);
        Assert.Equal(next, machine.State.ToString());
        Assert.Equal(holds, bench.Holds());
        bench.Do(b => b.Machine.Terminate());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static (MachineBench Bench, NonInviteServerTransaction Machine) Started(bool isReliable)
    {
        var bench = new MachineBench(t => new NonInviteServerTransaction(t));
        var machine = (NonInviteServerTransaction)bench.Machine;
        Assert.Equal("Deliver", bench.Do(b => machine.Start(b.Now, MachineBench.Key, isReliable)));
        return (bench, machine);
    }

    private static bool Feed(MachineBench bench, NonInviteServerTransaction machine, string input)
    {
        switch (input)
        {
            case "100": return machine.Respond(bench.Now, 100, bench.Bytes("100"));
            case "late 100": return machine.Respond(bench.Now, 100, bench.Bytes("100"));
            case "180": return machine.Respond(bench.Now, 180, bench.Bytes(input));
            case "2xx": return machine.Respond(bench.Now, 202, bench.Bytes(input));
            case "4xx": return machine.Respond(bench.Now, 404, bench.Bytes(input));
            case "408": return machine.Respond(bench.Now, 408, bench.Bytes(input));
            case "request": machine.OnRetransmission(bench.Now); break;
            case "error": machine.OnTransportError(bench.Now); break;
            case "terminate": machine.Terminate(); break;
            case "early": machine.OnDeadline(bench.Now); break;
            case "expire":
                bench.Advance(32);
                machine.OnDeadline(bench.Now);
                break;
        }

        return true;
    }
}
