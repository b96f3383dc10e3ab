using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class InviteClientTransactionTests
{
    private const string Unreliable = """
        Calling    | 99        | -                                | Calling    | 1
        Calling    | 1xx       | Deliver                          | Proceeding | 1
        Calling    | 2xx       | Deliver                          | Accepted   | -
        Calling    | 3xx       | MakeAck send(ACK) Deliver        | Completed  | 1
        Calling    | 6xx       | MakeAck send(ACK) Deliver        | Completed  | 1
        Calling    | 700       | -                                | Calling    | 1
        Calling    | ack       | -                                | Calling    | 1
        Calling    | cancel    | -                                | Calling    | 1
        Calling    | early     | -                                | Calling    | 1
        Calling    | repeat    | send(INVITE)                     | Calling    | 1
        Calling    | expire    | TimedOut Ended                   | Terminated | -
        Calling    | error     | TransportFailed Ended            | Terminated | -
        Calling    | terminate | Ended                            | Terminated | -
        Proceeding | 99        | -                                | Proceeding | 1
        Proceeding | 1xx       | Deliver                          | Proceeding | 1
        Proceeding | 2xx       | Deliver                          | Accepted   | -
        Proceeding | 3xx       | MakeAck send(ACK) Deliver        | Completed  | 1
        Proceeding | 6xx       | MakeAck send(ACK) Deliver        | Completed  | 1
        Proceeding | 700       | -                                | Proceeding | 1
        Proceeding | ack       | -                                | Proceeding | 1
        Proceeding | cancel    | -                                | Proceeding | 1
        Proceeding | early     | -                                | Proceeding | 1
        Proceeding | repeat    | -                                | Proceeding | 1
        Proceeding | expire    | -                                | Proceeding | 1
        Proceeding | error     | -                                | Proceeding | 1
        Proceeding | terminate | Ended                            | Terminated | -
        Completed  | 99        | -                                | Completed  | 1
        Completed  | 1xx       | -                                | Completed  | 1
        Completed  | 2xx       | -                                | Completed  | 1
        Completed  | 3xx       | send(ACK)                        | Completed  | 1
        Completed  | 6xx       | send(ACK)                        | Completed  | 1
        Completed  | 700       | -                                | Completed  | 1
        Completed  | ack       | -                                | Completed  | 1
        Completed  | cancel    | -                                | Completed  | 1
        Completed  | early     | -                                | Completed  | 1
        Completed  | repeat    | -                                | Completed  | 1
        Completed  | expire    | Ended                            | Terminated | -
        Completed  | error     | TransportFailed Ended            | Terminated | -
        Completed  | terminate | Ended                            | Terminated | -
        Accepted   | 99        | -                                | Accepted   | -
        Accepted   | 1xx       | -                                | Accepted   | -
        Accepted   | 2xx       | Deliver                          | Accepted   | -
        Accepted   | 3xx       | -                                | Accepted   | -
        Accepted   | 6xx       | -                                | Accepted   | -
        Accepted   | 700       | -                                | Accepted   | -
        Accepted   | ack       | -                                | Accepted   | -
        Accepted   | cancel    | -                                | Accepted   | -
        Accepted   | early     | -                                | Accepted   | -
        Accepted   | repeat    | -                                | Accepted   | -
        Accepted   | expire    | Ended                            | Terminated | -
        Accepted   | error     | -                                | Accepted   | -
        Accepted   | terminate | Ended                            | Terminated | -
        Terminated | 99        | -                                | Terminated | -
        Terminated | 1xx       | -                                | Terminated | -
        Terminated | 2xx       | -                                | Terminated | -
        Terminated | 3xx       | -                                | Terminated | -
        Terminated | 6xx       | -                                | Terminated | -
        Terminated | 700       | -                                | Terminated | -
        Terminated | ack       | -                                | Terminated | -
        Terminated | cancel    | -                                | Terminated | -
        Terminated | early     | -                                | Terminated | -
        Terminated | repeat    | -                                | Terminated | -
        Terminated | expire    | -                                | Terminated | -
        Terminated | error     | -                                | Terminated | -
        Terminated | terminate | -                                | Terminated | -
        """;

    /// <summary>What differs over TCP: nothing is sent twice, and a refusal ends the transaction with its ACK.</summary>
    private const string Reliable = """
        Calling    | repeat    | -                                | Calling    | 1
        Calling    | expire    | TimedOut Ended                   | Terminated | -
        Calling    | 2xx       | Deliver                          | Accepted   | -
        Calling    | 3xx       | MakeAck send(ACK) Deliver Ended  | Terminated | -
        Proceeding | 6xx       | MakeAck send(ACK) Deliver Ended  | Terminated | -
        Accepted   | 2xx       | Deliver                          | Accepted   | -
        """;

    private static readonly string[] Inputs = ["99", "1xx", "2xx", "3xx", "6xx", "700", "ack", "cancel", "early", "repeat", "expire", "error", "terminate"];

    public static TheoryData<string, string, string, string, string> UnreliableCases => TransitionTable.Read(Unreliable);

    public static TheoryData<string, string, string, string, string> ReliableCases => TransitionTable.Read(Reliable);

    [Fact]
    public void The_table_has_every_state_with_every_input() => TransitionTable.AssertIsComplete(Unreliable, Enum.GetNames<InviteClientState>(), Inputs);

    [Theory]
    [MemberData(nameof(UnreliableCases))]
    public void Over_udp(string state, string input, string outputs, string next, string holds) => Check(isReliable: false, state, input, outputs, next, holds);

    [Theory]
    [MemberData(nameof(ReliableCases))]
    public void Over_tcp(string state, string input, string outputs, string next, string holds) => Check(isReliable: true, state, input, outputs, next, holds);

    [Fact]
    public void Timer_A_doubles_until_timer_B()
    {
        (MachineBench bench, _) = Started(isReliable: false);
        Assert.Equal(
            "0.5:send(INVITE) 1.5:send(INVITE) 3.5:send(INVITE) 7.5:send(INVITE) 15.5:send(INVITE) 31.5:send(INVITE) 32:TimedOut Ended",
            bench.Run());
    }

    [Fact]
    public void Over_tcp_only_timer_B_runs()
    {
        (MachineBench bench, _) = Started(isReliable: true);
        Assert.Equal("32:TimedOut Ended", bench.Run());
    }

    [Fact]
    public void Timer_D_is_32_seconds_even_where_T1_is_short()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: false, new TransactionTimers { T1 = TimeSpan.FromMilliseconds(50) });
        bench.Do(b => machine.OnResponse(b.Now, 486));
        Assert.Equal("32:Ended", bench.Run());
    }

    [Fact]
    public void Timer_M_is_64_times_T1_over_every_transport()
    {
        foreach (bool isReliable in new[] { false, true })
        {
            (MachineBench bench, InviteClientTransaction machine) = Started(isReliable);
            bench.Do(b => machine.OnResponse(b.Now, 200));
            bench.Advance(31);
            Assert.Equal("Deliver", bench.Do(b => machine.OnResponse(b.Now, 200)));
            Assert.Equal("1:Ended", bench.Run());
        }
    }

    [Fact]
    public void A_cancelled_invite_without_a_final_response_ends_after_64_times_T1()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: false);
        bench.Do(b => machine.OnResponse(b.Now, 180));
        bench.Do(b => machine.OnCancelSent(b.Now));
        bench.Advance(10);
        bench.Do(b => machine.OnResponse(b.Now, 183));      // does not stop the wait
        bench.Do(b => machine.OnCancelSent(b.Now));         // nor does this begin it anew
        Assert.Equal("22:TimedOut Ended", bench.Run());
    }

    [Fact]
    public void The_request_can_be_read_until_it_is_not_needed_for_an_ack_or_cancel()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: false);
        Assert.Equal("INVITE"u8, machine.Request!.Span);
        bench.Do(b => machine.OnResponse(b.Now, 180));
        Assert.Equal("INVITE"u8, machine.Request!.Span);
        bench.MakesAck = false;
        bench.Do(b => machine.OnResponse(b.Now, 486));
        Assert.Equal("INVITE"u8, machine.Request!.Span);
        Assert.Equal("send(ACK)", bench.Do(b => machine.SetAck(b.Bytes("ACK"))));
        Assert.Null(machine.Request);
        Assert.Equal(1, bench.Pool.Outstanding);
    }

    [Fact]
    public void An_ack_that_was_not_made_is_asked_for_again_with_the_next_copy_of_the_response()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: false);
        bench.MakesAck = false;
        Assert.Equal("MakeAck Deliver", bench.Do(b => machine.OnResponse(b.Now, 486)));
        Assert.Equal("MakeAck", bench.Do(b => machine.OnResponse(b.Now, 486)));
        Assert.Equal("32:Ended", bench.Run());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    [Fact]
    public void Over_tcp_a_refusal_whose_ack_is_not_made_ends_with_the_next_deadline()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: true);
        bench.MakesAck = false;
        Assert.Equal("MakeAck Deliver", bench.Do(b => machine.OnResponse(b.Now, 486)));
        Assert.Equal("0:Ended", bench.Run());
    }

    [Fact]
    public void Starting_a_running_machine_is_refused()
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable: false);
        PooledBuffer again = bench.Bytes("INVITE");
        Assert.Throws<InvalidOperationException>(() => machine.Start(bench.Now, MachineBench.Key, isReliable: false, again));
    }

    private static void Check(bool isReliable, string state, string input, string outputs, string next, string holds)
    {
        (MachineBench bench, InviteClientTransaction machine) = In(state, isReliable);
        Assert.Equal(state, machine.State.ToString());
        Assert.Equal(outputs, bench.Do(b => Feed(b, machine, input)));
        Assert.Equal(next, machine.State.ToString());
        Assert.Equal(holds, bench.Holds());
        bench.Do(b => b.Machine.Terminate());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static (MachineBench Bench, InviteClientTransaction Machine) Started(bool isReliable, TransactionTimers? timers = null)
    {
        var bench = new MachineBench(t => new InviteClientTransaction(t), timers);
        var machine = (InviteClientTransaction)bench.Machine;
        Assert.Equal("send(INVITE)", bench.Do(b => machine.Start(b.Now, MachineBench.Key, isReliable, b.Bytes("INVITE"))));
        return (bench, machine);
    }

    private static (MachineBench Bench, InviteClientTransaction Machine) In(string state, bool isReliable)
    {
        (MachineBench bench, InviteClientTransaction machine) = Started(isReliable);
        int statusCode = state switch { "Proceeding" => 180, "Completed" => 486, "Accepted" => 200, _ => 0 };
        if (statusCode != 0) bench.Do(b => machine.OnResponse(b.Now, statusCode));
        if (state == "Terminated") bench.Do(_ => machine.Terminate());
        return (bench, machine);
    }

    private static void Feed(MachineBench bench, InviteClientTransaction machine, string input)
    {
        switch (input)
        {
            case "1xx": machine.OnResponse(bench.Now, 180); break;
            case "2xx": machine.OnResponse(bench.Now, 200); break;
            case "3xx": machine.OnResponse(bench.Now, 302); break;
            case "6xx": machine.OnResponse(bench.Now, 603); break;
            case "ack": machine.SetAck(bench.Bytes("ACK")); break;
            case "cancel": machine.OnCancelSent(bench.Now); break;
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
