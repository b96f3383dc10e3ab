using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

public sealed class BindingSetTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RegistrarOptions Limits = new() { MaxContacts = 3 };

    // What is bound, what is asked, what comes of it. A binding is "uri call-id cseq expires [q]"; the request has Call-ID "c" and CSeq 5.
    [Theory]
    [InlineData("", "a", "Accepted", "a:3600")]
    [InlineData("", "a=100", "Accepted", "a:100")]
    [InlineData("", "a=99999", "Accepted", "a:7200")]
    [InlineData("", "a=59", "IntervalTooBrief", "")]
    [InlineData("", "a=60", "Accepted", "a:60")]
    [InlineData("", "a=0", "Accepted", "")]
    [InlineData("", "a b=0", "Accepted", "a:3600")]
    [InlineData("", "a b=59", "IntervalTooBrief", "")]
    [InlineData("", "a@200 b@900 d@500", "Accepted", "b:3600 d:3600 a:3600")]
    [InlineData("", "a b@1000 d", "Accepted", "a:3600 b:3600 d:3600")]
    [InlineData("", "a a=120", "Accepted", "a:120")]
    [InlineData("", "a a=0", "Accepted", "")]
    [InlineData("", "a b d e", "TooManyContacts", "")]
    [InlineData("a/x/9", "a=100", "Accepted", "a:100")]
    [InlineData("a/x/9", "a=0", "Accepted", "")]
    [InlineData("a/c/4", "a=100", "Accepted", "a:100")]
    [InlineData("a/c/4", "a=0", "Accepted", "")]
    [InlineData("a/c/5", "a=100", "OutOfOrder", "a:1000")]
    [InlineData("a/c/6", "a=0", "OutOfOrder", "a:1000")]
    [InlineData("a/c/6 b/x/1", "b a", "OutOfOrder", "a:1000 b:1000")]
    [InlineData("a/c/6", "b", "Accepted", "b:3600 a:1000")]
    [InlineData("a/x/1 b/x/1", "a", "Accepted", "a:3600 b:1000")]
    [InlineData("a/x/1 b/x/1 d/x/1", "e", "TooManyContacts", "a:1000 b:1000 d:1000")]
    [InlineData("a/x/1 b/x/1 d/x/1", "e a=0", "Accepted", "e:3600 b:1000 d:1000")]
    [InlineData("a/x/1 b/x/1 d/x/1", "a", "Accepted", "a:3600 b:1000 d:1000")]
    [InlineData("a/x/1 b/x/1", "*", "Accepted", "")]
    [InlineData("a/x/1 b/c/4", "*", "Accepted", "")]
    [InlineData("a/x/1 b/c/5", "*", "OutOfOrder", "a:1000 b:1000")]
    [InlineData("", "*", "Accepted", "")]
    [InlineData("a/x/1", "* a", "InvalidWildcard", "a:1000")]
    [InlineData("a/x/1", "* *", "InvalidWildcard", "a:1000")]
    public void A_request_changes_bindings_as_RFC_3261_10_3_says(string before, string asked, string outcome, string after)
    {
        BindingSet existing = Stored(before);
        bool isWildcard = asked.Contains('*', StringComparison.Ordinal);
        BindingOutcome actual = TestUpdate.Apply(existing, Asked(asked, isWildcard ? 0u : null), Now, Limits, new SameBytes(), out BindingSet result);

        Assert.Equal(Enum.Parse<BindingOutcome>(outcome), actual);
        Assert.Equal(after, Show(result, Now));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1u)]
    [InlineData(3600u)]
    public void A_wildcard_without_Expires_0_is_invalid(uint? expires)
    {
        BindingSet existing = Stored("a/x/1");
        Assert.Equal(BindingOutcome.InvalidWildcard, TestUpdate.Apply(existing, Asked("*", expires), Now, Limits, new SameBytes(), out _));
    }

    [Theory]
    [InlineData(600u, "a", "a:600")]
    [InlineData(600u, "a=100", "a:100")]
    [InlineData(0u, "a", "")]
    [InlineData(0u, "a=100", "a:100")]
    public void The_parameter_of_a_contact_goes_before_the_header(uint header, string asked, string after)
    {
        Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(default, Asked(asked, header), Now, Limits, new SameBytes(), out BindingSet result));
        Assert.Equal(after, Show(result, Now));
    }

    [Fact]
    public void An_hour_is_never_too_brief()
    {
        var limits = new RegistrarOptions { MinExpires = TimeSpan.FromHours(1), MaxExpires = TimeSpan.FromHours(1) };
        Assert.Equal(BindingOutcome.IntervalTooBrief, TestUpdate.Apply(default, Asked("a=3599"), Now, limits, new SameBytes(), out _));
        Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(default, Asked("a=3600"), Now, limits, new SameBytes(), out _));
    }

    [Fact]
    public void A_binding_that_has_ended_is_gone()
    {
        BindingSet existing = Stored("a/c/9 b/c/9");
        DateTimeOffset later = Now.AddSeconds(1000);
        Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(existing, Asked("a"), later, Limits, new SameBytes(), out BindingSet result));
        Assert.Equal("a:3600", Show(result, later));
        Assert.Equal(1, result.Count);
    }

    [Fact]
    public void Lowered_limits_do_not_lock_out_who_refreshes()
    {
        BindingSet existing = Stored("a/x/1 b/x/1 d/x/1");
        var limits = new RegistrarOptions { MaxContacts = 1 };
        Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(existing, Asked("b"), Now, limits, new SameBytes(), out BindingSet result));
        Assert.Equal("b:3600 a:1000 d:1000", Show(result, Now));
        Assert.Equal(BindingOutcome.TooManyContacts, TestUpdate.Apply(existing, Asked("e"), Now, limits, new SameBytes(), out _));
    }

    /// <summary>RFC 5627 5.1, 5.3: one series of REGISTERs of an instance, by its flows and Call-IDs.</summary>
    [Theory]
    [InlineData("0a1 0a1", true)]
    [InlineData("0a1 0b1", false)]
    [InlineData("0a1 0b2 0b2", false)]     // restarted elsewhere
    [InlineData("1a1 1a2", true)]
    [InlineData("1a1 1b2", false)]
    [InlineData("1a1 2b2", true)]          // another flow
    [InlineData("1a1 2b2 1c1", false)]     // restarted, the other flow not yet
    [InlineData("1a1 2b2 1a1 2b2", true)]
    public void An_instance_is_bound_since_its_series_began(string registers, bool isOneSeries)
    {
        BindingSet set = default;
        long first = 0;
        uint cseq = 0;
        foreach (string register in registers.Split(' '))
        {
            var update = new TestUpdate(callId: register[1..2], cseq: ++cseq);
            byte[] regId = register[0] == '0' ? [] : TestUpdate.Utf8($";reg-id={register[0]}");
            update.AddContact(TestUpdate.Utf8($"sip:alice@192.0.2.{register[2]}"), BindingSet.NoQ, 600, regId, "\"<urn:uuid:1>\""u8);
            Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(set, update, Now.AddSeconds(cseq), Limits, new SameBytes(), out set));
            Assert.True(BindingSet.IsValidRecord(set.Record));
            if (first == 0) first = set.SinceOf("\"<urn:uuid:1>\""u8, Now);
            foreach (Binding binding in set) Assert.Equal("\"<urn:uuid:1>\"", Encoding.UTF8.GetString(binding.Instance));
        }

        Assert.Equal(Now.AddSeconds(1).ToUnixTimeMilliseconds(), first);
        Assert.Equal(isOneSeries, set.SinceOf("\"<urn:uuid:1>\""u8, Now) == first);
        Assert.Equal(0, set.SinceOf("\"<urn:uuid:2>\""u8, Now));
    }

    [Fact]
    public void A_binding_keeps_all_that_it_was_given()
    {
        var update = new TestUpdate(callId: "id@host", cseq: 4_000_000_000);
        update.SetUserAgent("Phone/1"u8);
        update.SetSource("udp/192.0.2.1:5060"u8);
        update.SetPath("<sip:p1;lr>, <sip:p2;lr>"u8);
        update.AddContact("sip:alice@192.0.2.1"u8, 300, 120, ";methods=\"INVITE\""u8, "\"<urn:uuid:1>\""u8);

        Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(default, update, Now, Limits, new SameBytes(), out BindingSet result));

        Assert.Equal(TestUpdate.Alice, Encoding.UTF8.GetString(result.AddressOfRecord));
        Assert.Equal(Now.AddSeconds(120), result.EarliestExpiry);
        BindingSet.Enumerator bindings = result.GetEnumerator();
        Assert.True(bindings.MoveNext());
        Binding binding = bindings.Current;
        Assert.Equal("sip:alice@192.0.2.1", Encoding.UTF8.GetString(binding.Contact));
        Assert.Equal(";methods=\"INVITE\"", Encoding.UTF8.GetString(binding.Parameters));
        Assert.Equal("\"<urn:uuid:1>\"", Encoding.UTF8.GetString(binding.Instance));
        Assert.Equal("id@host", Encoding.UTF8.GetString(binding.CallId));
        Assert.Equal("Phone/1", Encoding.UTF8.GetString(binding.UserAgent));
        Assert.Equal("udp/192.0.2.1:5060", Encoding.UTF8.GetString(binding.Source));
        Assert.Equal("<sip:p1;lr>, <sip:p2;lr>", Encoding.UTF8.GetString(binding.Path));
        Assert.Equal(4_000_000_000, binding.CSeq);
        Assert.Equal(300, binding.Q);
        Assert.Equal(Now.AddSeconds(120), binding.ExpiresAt);
        Assert.False(bindings.MoveNext());
    }

    [Theory]
    [InlineData(0, 120)]
    [InlineData(1, 120)]
    [InlineData(1000, 119)]
    [InlineData(119_999, 1)]
    [InlineData(120_000, 0)]
    [InlineData(500_000, 0)]
    public void The_remaining_time_is_rounded_up(int afterMilliseconds, int seconds)
    {
        var binding = new Binding { ExpiresAt = Now.AddSeconds(120) };
        Assert.Equal(seconds, binding.ExpiresInSeconds(Now.AddMilliseconds(afterMilliseconds)));
    }

    [Fact]
    public void A_binding_that_is_too_large_is_refused()
    {
        var limits = new RegistrarOptions { MaxBindingBytes = 256 };
        Assert.Equal(BindingOutcome.BindingTooLarge, TestUpdate.Apply(default, Asked(new string('a', 300)), Now, limits, new SameBytes(), out _));
    }

    [Fact]
    public void A_flood_of_contacts_is_refused_before_it_is_compared()
    {
        var comparer = new Counting();
        TestUpdate update = Asked(string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"c{i}=0")));
        Assert.Equal(BindingOutcome.TooManyContacts, TestUpdate.Apply(Stored("a/x/1"), update, Now, Limits, comparer, out _));
        Assert.Equal(0, comparer.Comparisons);
    }

    [Fact]
    public void Damaged_records_are_noticed()
    {
        byte[] record = Stored("a/x/1 b/x/1").Record.ToArray();
        Assert.True(BindingSet.IsValidRecord(record));
        for (int length = 0; length < record.Length; length++) Assert.False(BindingSet.IsValidRecord(record.AsSpan(0, length)));
        Assert.False(BindingSet.IsValidRecord([.. record, 0]));

        // Whatever bytes change: what is taken for valid can be walked.
        for (int at = 0; at < record.Length; at++)
        {
            foreach (byte value in (byte[])[0, 1, 0x7F, 0x80, 0xFF])
            {
                byte[] damaged = [.. record];
                damaged[at] = value;
                if (!BindingSet.IsValidRecord(damaged)) continue;
                var set = new BindingSet(damaged);
                int count = 0;
                foreach (Binding binding in set)
                {
                    Assert.InRange(binding.Contact.Length, 0, damaged.Length);
                    count++;
                }

                Assert.Equal(set.Count, count);
            }
        }
    }

    private static TestUpdate Asked(string contacts, uint? expires = null)
    {
        var update = new TestUpdate(callId: "c", cseq: 5, expires: expires);
        foreach (string contact in contacts.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] withExpires = contact.Split('=');
            string[] withQ = withExpires[0].Split('@');
            if (contact == "*") update.Wildcard();
            else
            {
                update.Contact(
                    withQ[0],
                    withExpires.Length > 1 ? uint.Parse(withExpires[1], null) : null,
                    withQ.Length > 1 ? short.Parse(withQ[1], null) : BindingSet.NoQ);
            }
        }

        return update;
    }

    /// <summary>Bindings "uri/call-id/cseq" that end in 1000 s.</summary>
    private static BindingSet Stored(string bindings)
    {
        BindingSet set = default;
        foreach (string binding in bindings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            string[] parts = binding.Split('/');
            TestUpdate update = new TestUpdate(callId: parts[1], cseq: uint.Parse(parts[2], null)).Contact(parts[0], 1000);
            Assert.Equal(BindingOutcome.Accepted, TestUpdate.Apply(set, update, Now, Limits, new SameBytes(), out set));
        }

        return set;
    }

    private static string Show(BindingSet set, DateTimeOffset now)
    {
        var text = new StringBuilder();
        foreach (Binding binding in set.LiveAt(now)) text.Append(' ').Append(Encoding.UTF8.GetString(binding.Contact)).Append(':').Append(binding.ExpiresInSeconds(now));
        return text.ToString().Trim();
    }

    private sealed class Counting : IContactComparer
    {
        public int Comparisons { get; private set; }

        public bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
        {
            Comparisons++;
            return left.SequenceEqual(right);
        }
    }
}
