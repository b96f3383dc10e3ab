using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class NonInviteClientTransactionTests
{
    private const string Unreliable = """
        Trying     | 99        | -                     | Trying     | 1
        Trying     | 1xx       | Deliver               | Proceeding | 1
        Trying     | 2xx       | Deliver               | Completed  | -
        Trying     | 6xx       | Deliver               | Completed  | -
        Trying     | 700       | -                     | Trying     | 1
        Trying     | early     | -                     | Trying     | 1
        Trying     | repeat    | send(BYE)             | Trying     | 1
        Trying     | expire    | TimedOut Ended        | Terminated | -
        Trying     | error     | TransportFailed Ended | Terminated | -
        Trying     | terminate | Ended                 | Terminated | -
        Proceeding | 99        | -                     | Proceeding | 1
        Proceeding | 1xx       | Deliver               | Proceeding | 1
        Proceeding | 2xx       | Deliver               | Completed  | -
        Proceeding | 6xx       | Deliver               | Completed  | -
        Proceeding | 700       | -                     | Proceeding | 1
        Proceeding | early     | -                     | Proceeding | 1
        Proceeding | repeat    | send(BYE)             | Proceeding | 1
        Proceeding | expire    | TimedOut Ended        | Terminated | -
        Proceeding | error     | TransportFailed Ended | Terminated | -
        Proceeding | terminate | Ended                 | Terminated | -
        Completed  | 99        | -                     | Completed  | -
        Completed  | 1xx       | -                     | Completed  | -
        Completed  | 2xx       | -                     | Completed  | -
        Completed  | 6xx       | -                     | Completed  | -
        Completed  | 700       | -                     | Completed  | -
        Completed  | early     | -                     | Completed  | -
        Completed  | repeat    | -                     | Completed  | -
        Completed  | expire    | Ended                 | Terminated | -
        Completed  | error     | -                     | Completed  | -
        Completed  | terminate | Ended                 | Terminated | -
        Terminated | 99        | -                     | Terminated | -
        Terminated | 1xx       | -                     | Terminated | -
        Terminated | 2xx       | -                     | Terminated | -
        Terminated | 6xx       | -                     | Terminated | -
        Terminated | 700       | -                     | Terminated | -
        Terminated | early     | -                     | Terminated | -
        Terminated | repeat    | -                     | Terminated | -
        Terminated | expire    | -                     | Terminated | -
        Terminated | error     | -                     | Terminated | -
        Terminated | terminate | -                     | Terminated | -
        """;

    /// <summary>What differs over TCP: the bytes are not kept, and the final response ends the transaction.</summary>
    private const string Reliable = """
        Trying     | 1xx       | Deliver               | Proceeding | -
        Trying     | repeat    | -                     | Trying     | -
        Trying     | 2xx       | Deliver Ended         | Terminated | -
        Proceeding | 6xx       | Deliver Ended         | Terminated | -
        Proceeding | expire    | TimedOut Ended        | Terminated | -
        """;

    private static readonly string[] Inputs = ["99", "1xx", "2xx", "6xx", "700", "early", "repeat", "expire", "error", "terminate"];

    public static TheoryData<string, string, string, string, string> UnreliableCases => TransitionTable.Read(Unreliable);

    public static TheoryData<string, string, string, string, string> ReliableCases => TransitionTable.Read(Reliable);

    [Fact]
    public void The_table_has_every_state_with_every_input() => TransitionTable.AssertIsComplete(Unreliable, Enum.GetNames<NonInviteClientState>(), Inputs);

    [Theory]
    [MemberData(nameof(UnreliableCases))]
    public void Over_udp(string state, string input, string outputs, string next, string holds) => Check(isReliable: false, state, input, outputs, next, holds);

    [Theory]
    [MemberData(nameof(ReliableCases))]
    public void Over_tcp(string state, string input, string outputs, string next, string holds) => Check(isReliable: true, state, input, outputs, next, holds);

    [Fact]
    public void Timer_E_doubles_up_to_T2_until_timer_F()
    {
        (MachineBench bench, _) = Started(isReliable: false);
        Assert.Equal(
            "0.5:send(BYE) 1.5:send(BYE) 3.5:send(BYE) 7.5:send(BYE) 11.5:send(BYE) 15.5:send(BYE) 19.5:send(BYE) 23.5:send(BYE) 27.5:send(BYE) 31.5:send(BYE) 32:TimedOut Ended",
            bench.Run());
    }

    [Fact]
    public void In_proceeding_timer_E_is_T2()
    {
        (MachineBench bench, NonInviteClientTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.OnResponse(b.Now, 100));
        Assert.Equal("0.5:send(BYE) 4.5:send(BYE) 8.5:send(BYE) 12.5:send(BYE) 16.5:send(BYE) 20.5:send(BYE) 24.5:send(BYE) 28.5:send(BYE) 32:TimedOut Ended", bench.Run());
    }

    [Fact]
    public void Timer_K_is_T4()
    {
        (MachineBench bench, NonInviteClientTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.OnResponse(b.Now, 200));
        Assert.Equal("5:Ended", bench.Run());
    }

    private static void Check(bool isReliable, string state, string input, string outputs, string next, string holds)
    {
        (MachineBench bench, NonInviteClientTransaction machine) = Started(isReliable);
        int statusCode = state switch { "Proceeding" => 100, "Completed" => 200, _ => 0 };
        if (statusCode != 0) bench.Do(b => machine.OnResponse(b.Now, statusCode));
        if (state == "Terminated") bench.Do(_ => machine.Terminate());
        Assert.Equal(state, machine.State.ToString());
        Assert.Equal(outputs, bench.Do(b => Feed(b, machine, input)));
        Assert.Equal(next, machine.State.ToString());
        Assert.Equal(holds, bench.Holds());
        bench.Do(b => b.Machine.Terminate());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static (MachineBench Bench, NonInviteClientTransaction Machine) Started(bool isReliable)
    {
        var bench = new MachineBench(t => new NonInviteClientTransaction(t));
        var machine = (NonInviteClientTransaction)bench.Machine;
        Assert.Equal("send(BYE)", bench.Do(b => machine.Start(b.Now, MachineBench.Key, isReliable, b.Bytes("BYE"))));
        return (bench, machine);
    }

    private static void Feed(MachineBench bench, NonInviteClientTransaction machine, string input)
    {
        switch (input)
        {
            case "1xx": machine.OnResponse(bench.Now, 100); break;
            case "2xx": machine.OnResponse(bench.Now, 200); break;
            case "6xx": machine.OnResponse(bench.Now, 603); break;
            case "error": machine.OnTransportError(bench.Now); break;
            case "terminate": machine.Terminate(); break;
            case "early": machine.OnDeadline(bench.Now); break;
            case "repeat":
                bench.Advance(0.5);
                machine.OnDeadline(bench.Now);
                break;
            case "expire":
                bench.Advance(32);
                machine.OnDeadline(bench.Now);
                break;
            default: machine.OnResponse(bench.Now, int.Parse(input, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }
}
