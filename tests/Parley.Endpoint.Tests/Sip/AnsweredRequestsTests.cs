using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Tests.Sip;

public sealed class AnsweredRequestsTests
{
    private static readonly SeededHash128 Hash = new(1, 2);
    private static readonly Instant Start = Instant.Zero + TimeSpan.FromSeconds(1);

    private readonly BufferPool _buffers = new();

    [Fact]
    public void A_response_is_found_until_its_time_is_over()
    {
        var answered = new AnsweredRequests(_buffers, 10);
        SipFlow flow = FlowOf(7);
        Assert.True(answered.TryAdd(KeyOf(1), Start + TimeSpan.FromSeconds(32), flow, "SIP/2.0 200 OK"u8));
        Assert.True(answered.TryFind(KeyOf(1), out SipFlow found, out ReadOnlySpan<byte> response));
        Assert.Equal((flow, "SIP/2.0 200 OK"), (found, Encoding.ASCII.GetString(response)));
        Assert.False(answered.TryFind(KeyOf(2), out _, out _));
        Assert.Equal(Start + TimeSpan.FromSeconds(32), answered.NextDeadline);

        answered.RemoveDue(Start + TimeSpan.FromSeconds(31));
        Assert.Equal(1, answered.Count);
        answered.RemoveDue(Start + TimeSpan.FromSeconds(32));
        Assert.Equal((0, true, 0L), (answered.Count, answered.NextDeadline.IsNever, _buffers.Outstanding));
        Assert.False(answered.TryFind(KeyOf(1), out _, out _));
    }

    [Fact]
    public void When_it_is_full_the_oldest_leave_early()
    {
        var answered = new AnsweredRequests(_buffers, 3);
        for (int i = 0; i < 5; i++) Assert.True(answered.TryAdd(KeyOf(i), Start, FlowOf(i), "x"u8));
        Assert.Equal([false, false, true, true, true], Enumerable.Range(0, 5).Select(i => answered.TryFind(KeyOf(i), out _, out _)));
        Assert.Equal(3, answered.Count);
    }

    [Fact]
    public void A_response_as_long_as_a_datagram_may_be_too_long_to_keep()
    {
        var answered = new AnsweredRequests(_buffers, 3);
        Assert.False(answered.TryAdd(KeyOf(1), Start, FlowOf(1), new byte[BufferPool.MaxLengthBytes]));
        Assert.True(answered.TryAdd(KeyOf(2), Start, FlowOf(1), new byte[BufferPool.MaxLengthBytes - 200]));
        Assert.True(answered.TryAdd(KeyOf(3), Start, FlowOf(1), new byte[BufferPool.MaxLengthBytes - 200]));
        Assert.True(answered.TryFind(KeyOf(2), out _, out ReadOnlySpan<byte> response));
        Assert.Equal(BufferPool.MaxLengthBytes - 200, response.Length);
        answered.Clear();
        Assert.Equal(0, _buffers.Outstanding);
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
        var answered = new AnsweredRequests(_buffers, Capacity);
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
                    Assert.True(answered.TryAdd(KeyOf(next), expiresAt, FlowOf(next), response));
                    model.Add((next, expiresAt, response));
                    if (model.Count > Capacity) model.RemoveAt(0);
                }
            }
            else if (kind < 98 && next > 0)
            {
                int wanted = random.Next(Math.Max(0, next - 1000), next);
                (int Number, Instant ExpiresAt, byte[] Response) known = model.Find(entry => entry.Number == wanted);
                Assert.Equal(known.Response is not null, answered.TryFind(KeyOf(wanted), out SipFlow flow, out ReadOnlySpan<byte> response));
                if (known.Response is null) continue;
                Assert.True(response.SequenceEqual(known.Response));
                Assert.Equal(FlowOf(wanted), flow);
            }
            else
            {
                now += TimeSpan.FromSeconds(random.Next(10) == 0 ? 40 : random.Next(10));
                answered.RemoveDue(now);
                model.RemoveAll(entry => entry.ExpiresAt <= now);
            }

            Assert.Equal(model.Count, answered.Count);
            Assert.Equal(model.Count == 0 ? Instant.Never : model[0].ExpiresAt, answered.NextDeadline);
        }

        answered.Clear();
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Fact]
    public void Keeping_and_forgetting_allocates_nothing_in_the_steady_state()
    {
        var answered = new AnsweredRequests(_buffers, 500);
        byte[] response = new byte[400];
        SipFlow flow = FlowOf(1);
        TransactionKey[] keys = [.. Enumerable.Range(0, 4000).Select(KeyOf)];
        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            // A collection that another thread starts charges this one with the rest of its allocation buffer: not in every round.
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (TransactionKey key in keys) answered.TryAdd(key, Start, flow, response);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static TransactionKey KeyOf(int number) =>
        TransactionKey.ForClient(Hash, Encoding.ASCII.GetBytes("z9hG4bK" + number.ToString(CultureInfo.InvariantCulture)), "OPTIONS"u8);

    private static SipFlow FlowOf(int number) =>
        new(SipTransport.Udp, NetworkAddress.TryParse($"192.0.2.1:{5060 + (number % 1000)}", out NetworkAddress address) ? address : default);
}
