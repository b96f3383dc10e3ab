using System.Buffers.Text;
using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class TransactionTableTests
{
    private static readonly SeededHash128 Hash = new(5, 6);

    [Fact]
    public void What_is_added_is_found_until_it_is_removed()
    {
        var table = new TransactionTable<string>(10);
        Assert.Equal(TransactionTableResult.Added, table.Add(Key(1), "one"));
        Assert.Equal(TransactionTableResult.Duplicate, table.Add(Key(1), "again"));
        Assert.True(table.TryGet(Key(1), out string? found));
        Assert.Equal("one", found);
        Assert.False(table.TryGet(Key(2), out _));
        Assert.True(table.Remove(Key(1)));
        Assert.False(table.Remove(Key(1)));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void A_full_table_says_so_and_still_knows_its_own()
    {
        var table = new TransactionTable<string>(2);
        table.Add(Key(1), "one");
        table.Add(Key(2), "two");
        Assert.Equal(TransactionTableResult.Full, table.Add(Key(3), "three"));
        Assert.Equal(TransactionTableResult.Duplicate, table.Add(Key(2), "two"));
        table.Remove(Key(1));
        Assert.Equal(TransactionTableResult.Added, table.Add(Key(3), "three"));
        Assert.Equal(["three", "two"], table.Values.Order());
    }

    [Fact]
    public void Many_comings_and_goings_allocate_nothing_once_it_has_grown()
    {
        var table = new TransactionTable<string>(1000);
        int next = 0;
        for (; next < 1000; next++) table.Add(Key(next), "x");
        Assert.Equal(0, AllocatedBytes.Of(() =>
        {
            for (int end = next + 20_000; next < end; next++)
            {
                table.Remove(Key(next - 1000));
                table.Add(Key(next), "x");
            }
        }));
        Assert.Equal(1000, table.Count);
    }

    [Fact]
    public void An_ended_machine_is_started_again_as_if_it_were_new()
    {
        var pool = new TransactionPool(TransactionTimers.Default, keep: 1);
        var buffers = new BufferPool();
        InviteServerTransaction machine = pool.RentInviteServer();
        machine.Start(Instant.Zero, Key(1), isReliable: false);
        machine.User = "user";
        Assert.Throws<InvalidOperationException>(() => pool.Return(machine));
        machine.Respond(Instant.Zero, 486, buffers.Copy("486"u8));
        machine.Terminate();
        pool.Return(machine);
        pool.Return(new InviteServerTransaction(TransactionTimers.Default));    // one too many: dropped
        Assert.Equal(0, buffers.Outstanding);

        Assert.Same(machine, pool.RentInviteServer());
        Assert.NotSame(machine, pool.RentInviteServer());
        Assert.Null(machine.User);
        Assert.False(machine.TryTake(out _));
        machine.Start(Instant.Zero, Key(2), isReliable: true);
        Assert.Equal(Key(2), machine.Key);
        Assert.Equal(InviteServerState.Proceeding, machine.State);
        Assert.True(machine.TryTake(out TransactionOutput output));
        Assert.Equal(TransactionOutputKind.Deliver, output.Kind);
    }

    /// <summary>What a stateful proxy keeps of a call that was answered and has ended, over UDP: four transactions that absorb what is late.</summary>
    [Fact]
    public void A_finished_call_keeps_less_than_two_kilobytes()
    {
        const int calls = 1000;
        const int messageBytes = 900;
        var buffers = new BufferPool();
        var table = new TransactionTable<SipTransaction>(4 * calls);
        for (int i = 0; i < 4 * calls; i++) table.Add(Key(i), new InviteClientTransaction(TransactionTimers.Default));
        for (int i = 0; i < 4 * calls; i++) table.Remove(Key(i));
        byte[] message = new byte[messageBytes];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < calls; i++) Call(4 * i);
        long objects = GC.GetAllocatedBytesForCurrentThread() - before - buffers.AllocatedBytes;
        Assert.InRange((objects + (buffers.Outstanding * 1024)) / calls, 1, 2048);     // a collection meanwhile adds little
        foreach (SipTransaction machine in table.Values) Drain(machine);

        void Call(int number)
        {
            Instant now = Instant.Zero;
            var inviteServer = new InviteServerTransaction(TransactionTimers.Default);
            inviteServer.Start(now, Key(number), isReliable: false);
            Drain(inviteServer);
            inviteServer.Respond(now, 200, buffers.Copy(message));
            var inviteClient = new InviteClientTransaction(TransactionTimers.Default);
            inviteClient.Start(now, Key(number + 1), isReliable: false, buffers.Copy(message));
            Drain(inviteClient);
            inviteClient.OnResponse(now, 200);
            var byeServer = new NonInviteServerTransaction(TransactionTimers.Default);
            byeServer.Start(now, Key(number + 2), isReliable: false);
            Drain(byeServer);
            byeServer.Respond(now, 200, buffers.Copy(message));
            var byeClient = new NonInviteClientTransaction(TransactionTimers.Default);
            byeClient.Start(now, Key(number + 3), isReliable: false, buffers.Copy(message));
            Drain(byeClient);
            byeClient.OnResponse(now, 200);
            table.Add(inviteServer.Key, inviteServer);
            table.Add(inviteClient.Key, inviteClient);
            table.Add(byeServer.Key, byeServer);
            table.Add(byeClient.Key, byeClient);
            Drain(inviteServer);
            Drain(inviteClient);
            Drain(byeServer);
            Drain(byeClient);
        }

        static void Drain(SipTransaction machine)
        {
            while (machine.TryTake(out _))
            {
            }
        }
    }

    [Fact]
    public void A_machine_that_is_still_in_a_wheel_is_not_taken_back()
    {
        var pool = new TransactionPool(TransactionTimers.Default, keep: 1);
        var wheel = new DeadlineWheel(Instant.Zero);
        NonInviteClientTransaction machine = pool.RentNonInviteClient();
        wheel.Schedule(machine, Instant.Zero + TimeSpan.FromSeconds(1));
        Assert.Throws<InvalidOperationException>(() => pool.Return(machine));
        wheel.Cancel(machine);
        pool.Return(machine);
    }

    private static TransactionKey Key(int number)
    {
        Span<byte> branch = stackalloc byte[16];
        Utf8Formatter.TryFormat(number, branch, out int length);
        return TransactionKey.ForClient(Hash, branch[..length], "BYE"u8);
    }
}
