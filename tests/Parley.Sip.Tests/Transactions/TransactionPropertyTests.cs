using FsCheck;
using FsCheck.Fluent;
using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

/// <summary>What holds for every machine whatever happens to it in whatever order.</summary>
public class TransactionPropertyTests
{
    private static readonly int[] StatusCodes = [0, 99, 100, 180, 183, 199, 200, 202, 299, 302, 408, 486, 500, 603, 699, 700];

    [Fact]
    public void An_invite_client_never_hangs_nor_leaks() => Check(t => new InviteClientTransaction(t));

    [Fact]
    public void A_non_invite_client_never_hangs_nor_leaks() => Check(t => new NonInviteClientTransaction(t));

    [Fact]
    public void An_invite_server_never_hangs_nor_leaks() => Check(t => new InviteServerTransaction(t));

    [Fact]
    public void A_non_invite_server_never_hangs_nor_leaks() => Check(t => new NonInviteServerTransaction(t));

    private static void Check(Func<TransactionTimers, SipTransaction> make)
    {
        Gen<(int Event, int Argument, int Milliseconds)> step =
            from kind in Gen.Choose(0, 7)
            from argument in Gen.Choose(0, StatusCodes.Length - 1)
            from milliseconds in Gen.Elements(0, 1, 100, 499, 500, 1000, 4000, 5000, 31_999, 32_000)
            select (kind, argument, milliseconds);
        Gen<(bool IsReliable, (int Event, int Argument, int Milliseconds)[] Steps)> life =
            from isReliable in Gen.Elements(true, false)
            from steps in step.ArrayOf()
            select (isReliable, steps);
        Prop.ForAll(life.ToArbitrary(), one => Live(make, one.IsReliable, one.Steps)).QuickCheckThrowOnFailure();
    }

    private static void Live(Func<TransactionTimers, SipTransaction> make, bool isReliable, (int Event, int Argument, int Milliseconds)[] steps)
    {
        var bench = new MachineBench(make);
        bench.Do(b => Start(b, isReliable));
        foreach ((int kind, int argument, int milliseconds) in steps)
        {
            bench.Advance(TimeSpan.FromMilliseconds(milliseconds));
            bool wasEnded = bench.Machine.IsEnded;
            string outputs = bench.Do(b => Feed(b, kind, argument));
            if (wasEnded) Assert.Equal("-", outputs);
            AssertSound(bench);
        }

        // Left alone, it comes to its end in few steps, or waits for its user alone.
        for (int i = 0; i < 100 && !bench.Machine.NextDeadline.IsNever; i++)
        {
            Instant due = bench.Machine.NextDeadline;
            if (due > bench.Now) bench.Advance(due - bench.Now);
            bench.Do(b => b.Machine.OnDeadline(b.Now));
            Assert.True(bench.Machine.NextDeadline > due, "A deadline did not move on.");
            Assert.Equal("-", bench.Do(b => b.Machine.OnDeadline(b.Now)));      // twice does nothing
            AssertSound(bench);
        }

        Assert.True(bench.Machine.NextDeadline.IsNever);
        bool waitsForItsUser = bench.Machine is InviteServerTransaction { State: InviteServerState.Proceeding } or InviteClientTransaction { State: InviteClientState.Proceeding };
        Assert.True(bench.Machine.IsEnded || waitsForItsUser);
        bench.Do(b => b.Machine.Terminate());
        Assert.Equal(0, bench.Pool.Outstanding);
    }

    private static void AssertSound(MachineBench bench)
    {
        Assert.True(bench.Pool.Outstanding <= 1, "More than one message is kept.");
        if (!bench.Machine.IsEnded) return;
        Assert.Equal(0, bench.Pool.Outstanding);
        Assert.True(bench.Machine.NextDeadline.IsNever);
    }

    private static void Start(MachineBench bench, bool isReliable)
    {
        switch (bench.Machine)
        {
            case InviteClientTransaction client: client.Start(bench.Now, MachineBench.Key, isReliable, bench.Bytes("INVITE")); break;
            case NonInviteClientTransaction client: client.Start(bench.Now, MachineBench.Key, isReliable, bench.Bytes("BYE")); break;
            case ServerTransaction server: server.Start(bench.Now, MachineBench.Key, isReliable); break;
        }
    }

    private static void Feed(MachineBench bench, int kind, int argument)
    {
        int statusCode = StatusCodes[argument];
        switch (kind, bench.Machine)
        {
            case (0, var machine): machine.OnDeadline(bench.Now); break;
            case (1, var machine): machine.OnTransportError(bench.Now); break;
            case (2, InviteClientTransaction client): client.OnCancelSent(bench.Now); break;
            case (3, InviteClientTransaction client): client.SetAck(bench.Bytes("ACK")); break;
            case (4, InviteClientTransaction): bench.MakesAck = !bench.MakesAck; break;
            case (_, InviteClientTransaction client): client.OnResponse(bench.Now, statusCode); break;
            case (_, NonInviteClientTransaction client): client.OnResponse(bench.Now, statusCode); break;
            case (2 or 3, ServerTransaction server): server.OnRetransmission(bench.Now); break;
            case (4, InviteServerTransaction server): server.OnAck(bench.Now); break;
            case (_, ServerTransaction server):
                if (statusCode is >= 100 and <= 699) server.Respond(bench.Now, statusCode, bench.Bytes("response"));
                break;
        }
    }
}
