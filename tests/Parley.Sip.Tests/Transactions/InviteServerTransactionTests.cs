using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class InviteServerTransactionTests
{
    /// <summary>"Proceeding*" is Proceeding before the transaction user has answered anything.</summary>
    private const string Unreliable = """
        Proceeding* | 1xx       | send(1xx)       | Proceeding | 1
        Proceeding* | 2xx       | send(2xx)       | Accepted   | -
        Proceeding* | 3xx       | send(3xx)       | Completed  | 1
        Proceeding* | INVITE    | -               | Proceeding | -
        Proceeding* | ACK       | -               | Proceeding | -
        Proceeding* | early     | -               | Proceeding | -
        Proceeding* | repeat    | MakeTrying      | Proceeding | -
        Proceeding* | expire    | MakeTrying      | Proceeding | -
        Proceeding* | error     | TransportFailed | Proceeding | -
        Proceeding* | terminate | Ended           | Terminated | -
        Proceeding  | 1xx       | send(1xx)       | Proceeding | 1
        Proceeding  | 2xx       | send(2xx)       | Accepted   | -
        Proceeding  | 3xx       | send(3xx)       | Completed  | 1
        Proceeding  | INVITE    | send(180)       | Proceeding | 1
        Proceeding  | ACK       | -               | Proceeding | 1
        Proceeding  | early     | -               | Proceeding | 1
        Proceeding  | repeat    | -               | Proceeding | 1
        Proceeding  | expire    | -               | Proceeding | 1
        Proceeding  | error     | TransportFailed | Proceeding | 1
        Proceeding  | terminate | Ended           | Terminated | -
        Completed   | 1xx       | refused         | Completed  | 1
        Completed   | 2xx       | refused         | Completed  | 1
        Completed   | 3xx       | refused         | Completed  | 1
        Completed   | INVITE    | send(486)       | Completed  | 1
        Completed   | ACK       | -               | Confirmed  | -
        Completed   | early     | -               | Completed  | 1
        Completed   | repeat    | send(486)       | Completed  | 1
        Completed   | expire    | TimedOut Ended  | Terminated | -
        Completed   | error     | TransportFailed | Completed  | 1
        Completed   | terminate | Ended           | Terminated | -
        Confirmed   | 1xx       | refused         | Confirmed  | -
        Confirmed   | 2xx       | refused         | Confirmed  | -
        Confirmed   | 3xx       | refused         | Confirmed  | -
        Confirmed   | INVITE    | -               | Confirmed  | -
        Confirmed   | ACK       | -               | Confirmed  | -
        Confirmed   | early     | -               | Confirmed  | -
        Confirmed   | repeat    | -               | Confirmed  | -
        Confirmed   | expire    | Ended           | Terminated | -
        Confirmed   | error     | TransportFailed | Confirmed  | -
        Confirmed   | terminate | Ended           | Terminated | -
        Accepted    | 1xx       | refused         | Accepted   | -
        Accepted    | 2xx       | send(2xx)       | Accepted   | -
        Accepted    | 3xx       | refused         | Accepted   | -
        Accepted    | INVITE    | -               | Accepted   | -
        Accepted    | ACK       | Deliver         | Accepted   | -
        Accepted    | early     | -               | Accepted   | -
        Accepted    | repeat    | -               | Accepted   | -
        Accepted    | expire    | Ended           | Terminated | -
        Accepted    | error     | TransportFailed | Accepted   | -
        Accepted    | terminate | Ended           | Terminated | -
        Terminated  | 1xx       | refused         | Terminated | -
        Terminated  | 2xx       | refused         | Terminated | -
        Terminated  | 3xx       | refused         | Terminated | -
        Terminated  | INVITE    | -               | Terminated | -
        Terminated  | ACK       | -               | Terminated | -
        Terminated  | early     | -               | Terminated | -
        Terminated  | repeat    | -               | Terminated | -
        Terminated  | expire    | -               | Terminated | -
        Terminated  | error     | -               | Terminated | -
        Terminated  | terminate | -               | Terminated | -
        """;

    /// <summary>What differs over TCP: a refusal is sent once, and its ACK ends the transaction.</summary>
    private const string Reliable = """
        Proceeding* | repeat    | MakeTrying      | Proceeding | -
        Proceeding  | 3xx       | send(3xx)       | Completed  | 1
        Completed   | repeat    | -               | Completed  | 1
        Completed   | INVITE    | send(486)       | Completed  | 1
        Completed   | ACK       | Ended           | Terminated | -
        Completed   | expire    | TimedOut Ended  | Terminated | -
        Accepted    | INVITE    | -               | Accepted   | -
        """;

    private static readonly string[] Inputs = ["1xx", "2xx", "3xx", "INVITE", "ACK", "early", "repeat", "expire", "error", "terminate"];

    public static TheoryData<string, string, string, string, string> UnreliableCases => TransitionTable.Read(Unreliable);

    public static TheoryData<string, string, string, string, string> ReliableCases => TransitionTable.Read(Reliable);

    [Fact]
    public void The_table_has_every_state_with_every_input() =>
        TransitionTable.AssertIsComplete(Unreliable, [.. Enum.GetNames<InviteServerState>(), "Proceeding*"], Inputs);

    [Theory]
    [MemberData(nameof(UnreliableCases))]
    public void Over_udp(string state, string input, string outputs, string next, string holds) => Check(isReliable: false, state, input, outputs, next, holds);

    [Theory]
    [MemberData(nameof(ReliableCases))]
    public void Over_tcp(string state, string input, string outputs, string next, string holds) => Check(isReliable: true, state, input, outputs, next, holds);

    [Fact]
    public void Timer_G_doubles_up_to_T2_until_timer_H()
    {
        (MachineBench bench, InviteServerTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.Respond(b.Now, 486, b.Bytes("486")));
        Assert.Equal(
            "0.5:send(486) 1.5:send(486) 3.5:send(486) 7.5:send(486) 11.5:send(486) 15.5:send(486) 19.5:send(486) 23.5:send(486) 27.5:send(486) 31.5:send(486) 32:TimedOut Ended",
            bench.Run());
    }

    [Fact]
    public void Timer_I_is_T4()
    {
        (MachineBench bench, InviteServerTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.Respond(b.Now, 486, b.Bytes("486")));
        bench.Do(b => machine.OnAck(b.Now));
        Assert.Equal("5:Ended", bench.Run());
    }

    [Fact]
    public void Timer_L_is_not_prolonged_by_what_the_user_sends_again()
    {
        (MachineBench bench, InviteServerTransaction machine) = Started(isReliable: true);
        bench.Do(b => machine.Respond(b.Now, 200, b.Bytes("200")));
        bench.Advance(16);
        Assert.Equal("send(200)", bench.Do(b => machine.Respond(b.Now, 200, b.Bytes("200"))));
        Assert.Equal("16:Ended", bench.Run());
    }

    [Fact]
    public void A_100_is_asked_for_once_and_not_where_the_user_was_quick()
    {
        (MachineBench bench, _) = Started(isReliable: false);
        Assert.Equal("0.2:MakeTrying", bench.Run());
        (bench, InviteServerTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.Respond(b.Now, 180, b.Bytes("180")));
        Assert.Equal("", bench.Run());
    }

    [Fact]
    public void A_response_over_one_that_still_waits_to_be_taken_is_refused()
    {
        (MachineBench bench, InviteServerTransaction machine) = Started(isReliable: false);
        machine.Respond(bench.Now, 180, bench.Bytes("180"));
        PooledBuffer second = bench.Bytes("200");
        Assert.Throws<InvalidOperationException>(() => machine.Respond(bench.Now, 200, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.Respond(bench.Now, 700, second));
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.Respond(bench.Now, 99, second));
    }

    private static void Check(bool isReliable, string state, string input, string outputs, string next, string holds)
    {
        (MachineBench bench, InviteServerTransaction machine) = Started(isReliable);
        int statusCode = state switch { "Proceeding" => 180, "Completed" or "Confirmed" => 486, "Accepted" => 200, _ => 0 };
        if (statusCode != 0) bench.Do(b => machine.Respond(b.Now, statusCode, b.Bytes($"{statusCode}")));
        if (state == "Confirmed") bench.Do(b => machine.OnAck(b.Now));
        if (state == "Terminated") bench.Do(_ => machine.Terminate());
        Assert.Equal(state.TrimEnd('*'), machine.State.ToString());
        bool isRefused = false;
        string actual = bench.Do(b => isRefused = !Feed(b, machine, input));
        Assert.Equal(outputs, isRefused ? "refused" : actual);
        Assert.Equal(next, machine.State.ToString());
        Assert.Equal(holds, bench.Holds());
        bench.Do(b => b.Machine.Terminate());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static (MachineBench Bench, InviteServerTransaction Machine) Started(bool isReliable)
    {
        var bench = new MachineBench(t => new InviteServerTransaction(t));
        var machine = (InviteServerTransaction)bench.Machine;
        Assert.Equal("Deliver", bench.Do(b => machine.Start(b.Now, MachineBench.Key, isReliable)));
        return (bench, machine);
    }

    private static bool Feed(MachineBench bench, InviteServerTransaction machine, string input)
    {
        switch (input)
        {
            case "1xx": return machine.Respond(bench.Now, 183, bench.Bytes(input));
            case "2xx": return machine.Respond(bench.Now, 202, bench.Bytes(input));
            case "3xx": return machine.Respond(bench.Now, 302, bench.Bytes(input));
            case "INVITE": machine.OnRetransmission(bench.Now); break;
            case "ACK": machine.OnAck(bench.Now); break;
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
        }

        return true;
    }
}
