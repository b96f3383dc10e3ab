using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Tests.Sip;

public sealed class SettledTransactionsTests
{
    private static readonly SeededHash128 Hash = new(1, 2);
    private static readonly Instant Start = Instant.Zero + TimeSpan.FromSeconds(1);

    private const long Plenty = long.MaxValue;

    [Fact]
    public void A_response_is_found_until_its_time_is_over()
    {
        var settled = new SettledTransactions(10, Plenty);
        SipFlow flow = FlowOf(7);
        Assert.True(TryAdd(settled, KeyOf(1), Start + TimeSpan.FromSeconds(32), flow, "SIP/2.0 200 OK"u8));
        Assert.True(settled.TryFind(KeyOf(1), out SipFlow found, out SettledKind kind, out ReadOnlySpan<byte> response));
        Assert.Equal((flow, SettledKind.Message, "SIP/2.0 200 OK"), (found, kind, Encoding.ASCII.GetString(response)));
        Assert.False(settled.TryFind(KeyOf(2), out _, out _, out _));
        Assert.Equal(Start + TimeSpan.FromSeconds(32), settled.NextDeadline);

        settled.RemoveDue(Start + TimeSpan.FromSeconds(31));
        Assert.Equal(1, settled.Count);
        settled.RemoveDue(Start + TimeSpan.FromSeconds(32));
        Assert.Equal((0, true), (settled.Count, settled.NextDeadline.IsNever));
        Assert.False(settled.TryFind(KeyOf(1), out _, out _, out _));
    }

    [Fact]
    public void When_it_is_full_the_oldest_leave_early()
    {
        var settled = new SettledTransactions(3, Plenty);
        for (int i = 0; i < 5; i++) Assert.True(TryAdd(settled, KeyOf(i), Start, FlowOf(i), "x"u8));
        Assert.Equal([false, false, true, true, true], Enumerable.Range(0, 5).Select(i => settled.TryFind(KeyOf(i), out _, out _, out _)));
        Assert.Equal(3, settled.Count);
    }

    [Fact]
    public void A_response_may_be_too_long_to_keep()
    {
        var settled = new SettledTransactions(3, Plenty);
        Assert.False(TryAdd(settled, KeyOf(1), Start, FlowOf(1), new byte[SettledTransactions.BlockBytes]));
        Assert.True(TryAdd(settled, KeyOf(2), Start, FlowOf(1), new byte[SettledTransactions.BlockBytes - 200]));
        Assert.True(TryAdd(settled, KeyOf(3), Start, FlowOf(1), new byte[SettledTransactions.BlockBytes - 200]));
        Assert.True(settled.TryFind(KeyOf(2), out _, out _, out ReadOnlySpan<byte> response));
        Assert.Equal(SettledTransactions.BlockBytes - 200, response.Length);
    }

    [Fact]
    public void A_transaction_without_a_response_to_repeat_is_kept_too()
    {
        var settled = new SettledTransactions(3, Plenty);
        Assert.True(settled.TryAdd(KeyOf(1), Start, FlowOf(7), SettledKind.Silent, 0, out Span<byte> room));
        Assert.True(settled.Contains(KeyOf(1)));
        Assert.True(settled.TryFind(KeyOf(1), out SipFlow flow, out SettledKind kind, out ReadOnlySpan<byte> response));
        Assert.Equal((FlowOf(7), SettledKind.Silent, 0, 0), (flow, kind, response.Length, room.Length));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    public void Memory_is_bounded_and_the_oldest_leave_early(int blocks, int most)
    {
        const int Length = SettledTransactions.BlockBytes / 8;      // 7 to a block
        var settled = new SettledTransactions(1_000_000, blocks * (long)SettledTransactions.BlockBytes);
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(TryAdd(settled, KeyOf(i), Start, FlowOf(i), new byte[Length]));
            Assert.InRange(settled.MemoryBytes, 1, (most + 1) * (long)SettledTransactions.BlockBytes);
            int kept = Math.Min(i + 1, (most - 1) * 7);
            Assert.InRange(settled.Count, kept, most * 7);
            Assert.True(settled.Contains(KeyOf(i + 1 - kept)));
            Assert.False(settled.Contains(KeyOf(i - (most * 7))));
        }
    }

    [Fact]
    public void The_index_is_no_larger_than_what_there_is_room_for()
    {
        const int blocks = 4;
        var settled = new SettledTransactions(1_000_000, blocks * SettledTransactions.BlockBytes);
        for (int i = 0; i < 100_000; i++) Assert.True(TryAdd(settled, KeyOf(i), Start, FlowOf(i), new byte[200]));
        Assert.InRange(settled.Count, 1000, blocks * SettledTransactions.BlockBytes / 200);
        Assert.InRange(settled.IndexCapacity, settled.Count, 4 * settled.Count);
        Assert.True(settled.Contains(KeyOf(99_999)));
    }

    [Fact]
    public void Blocks_that_are_filled_to_the_last_byte_are_used_again()
    {
        var settled = new SettledTransactions(4000, Plenty);
        int next = 0;
        for (int length = 0; length <= 1024; length += 8)       // among them are lengths that fill a block exactly
        {
            byte[] response = new byte[length];
            for (int i = 0; i < 1000; i++) TryAdd(settled, KeyOf(next++), Start, FlowOf(1), response);
            for (int i = next - settled.Count; i < next; i += 97) Assert.True(settled.Contains(KeyOf(i)));
        }

        Assert.Equal(4000, settled.Count);
        settled.RemoveDue(Start);
        Assert.Equal(0, settled.Count);
    }

    [Fact]
    public void Memory_is_given_back_when_less_is_kept()
    {
        var settled = new SettledTransactions(1_000_000, Plenty);
        byte[] response = new byte[SettledTransactions.BlockBytes / 8];
        for (int i = 0; i < 700; i++) TryAdd(settled, KeyOf(i), Start, FlowOf(i), response);
        Assert.InRange(settled.MemoryBytes, 100L * SettledTransactions.BlockBytes, 101L * SettledTransactions.BlockBytes);
        TryAdd(settled, KeyOf(700), Start + TimeSpan.FromSeconds(1), FlowOf(1), response);
        settled.RemoveDue(Start);
        Assert.Equal(1, settled.Count);
        Assert.InRange(settled.MemoryBytes, 1, 4L * SettledTransactions.BlockBytes);
        settled.RemoveDue(Start + TimeSpan.FromSeconds(1));
        Assert.InRange(settled.MemoryBytes, 0, SettledTransactions.BlockBytes);
    }

    /// <summary>Any order of additions, look-ups and time, against a list that is gone through.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void It_keeps_what_a_slow_list_keeps(int seed)
    {
        const int Capacity = 700;
        var random = new Random(seed);
        var settled = new SettledTransactions(Capacity, Plenty);
        var model = new List<(int Number, Instant ExpiresAt, byte[] Response)>();
        Instant now = Start;
        int next = 0;
        for (int step = 0; step < 4000; step++)
        {
            int kind = random.Next(100);
            if (kind < 70)
            {
                for (int burst = random.Next(1, 8); burst > 0; burst--, next++)
                {
                    byte[] response = new byte[random.Next(10) == 0 ? random.Next(60_000) : random.Next(800)];
                    random.NextBytes(response);
                    Instant expiresAt = now + TimeSpan.FromSeconds(32);
                    Assert.True(TryAdd(settled, KeyOf(next), expiresAt, FlowOf(next), response));
                    model.Add((next, expiresAt, response));
                    if (model.Count > Capacity) model.RemoveAt(0);
                }
            }
            else if (kind < 98 && next > 0)
            {
                int wanted = random.Next(Math.Max(0, next - 1000), next);
                (int Number, Instant ExpiresAt, byte[] Response) known = model.Find(entry => entry.Number == wanted);
                Assert.Equal(known.Response is not null, settled.TryFind(KeyOf(wanted), out SipFlow flow, out _, out ReadOnlySpan<byte> response));
                if (known.Response is null) continue;
                Assert.True(response.SequenceEqual(known.Response));
                Assert.Equal(FlowOf(wanted), flow);
            }
            else
            {
                now += TimeSpan.FromSeconds(random.Next(10) == 0 ? 40 : random.Next(10));
                settled.RemoveDue(now);
                model.RemoveAll(entry => entry.ExpiresAt <= now);
            }

            Assert.Equal(model.Count, settled.Count);
            Assert.Equal(model.Count == 0 ? Instant.Never : model[0].ExpiresAt, settled.NextDeadline);
        }
    }

    [Fact]
    public void Keeping_and_forgetting_allocates_nothing_in_the_steady_state()
    {
        var settled = new SettledTransactions(500, Plenty);
        byte[] response = new byte[400];
        SipFlow flow = FlowOf(1);
        TransactionKey[] keys = [.. Enumerable.Range(0, 4000).Select(KeyOf)];
        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            // A collection that another thread starts charges this one with the rest of its allocation buffer: not in every round.
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (TransactionKey key in keys) TryAdd(settled, key, Start, flow, response);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void A_reply_comes_back_as_it_was_kept()
    {
        var full = new SipReply(486)
        {
            ReasonPhrase = "Not now"u8, ToTag = "abc"u8, Headers = "Contact: <sip:a@b>\r\nWarning: 399 a \"b\"\r\n"u8, CopyRecordRoute = true,
            ContentType = "text/plain"u8, Body = "later"u8,
        };
        Assert.Equal(Describe(full), Describe(KeptAndRead(full)));
        Assert.Equal(Describe(new SipReply(200)), Describe(KeptAndRead(new SipReply(200))));

        static SipReply KeptAndRead(in SipReply reply)
        {
            byte[] bytes = new byte[SettledReply.LengthOf(reply)];
            SettledReply.Write(reply, bytes);
            return SettledReply.Read(bytes);
        }

        static string Describe(in SipReply reply) => string.Join('|', reply.StatusCode, Text(reply.ReasonPhrase), Text(reply.ToTag), Text(reply.Headers),
            reply.CopyRecordRoute, Text(reply.ContentType), Text(reply.Body));

        static string Text(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes);
    }

    private static bool TryAdd(SettledTransactions settled, in TransactionKey key, Instant expiresAt, in SipFlow flow, ReadOnlySpan<byte> response)
    {
        if (!settled.TryAdd(key, expiresAt, flow, SettledKind.Message, response.Length, out Span<byte> room)) return false;
        response.CopyTo(room);
        return true;
    }

    private static TransactionKey KeyOf(int number) =>
        TransactionKey.ForClient(Hash, Encoding.ASCII.GetBytes("z9hG4bK" + number.ToString(CultureInfo.InvariantCulture)), "OPTIONS"u8);

    private static SipFlow FlowOf(int number) =>
        new(SipTransport.Udp, NetworkAddress.TryParse($"192.0.2.1:{5060 + (number % 1000)}", out NetworkAddress address) ? address : default);
}
