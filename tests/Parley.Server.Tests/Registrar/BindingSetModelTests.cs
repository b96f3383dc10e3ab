using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>Any sequence of REGISTERs leaves the bindings that RFC 3261 10.3, written down naively, would leave.</summary>
public sealed class BindingSetModelTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RegistrarOptions Limits = new() { MaxContacts = 3, MinExpires = TimeSpan.FromSeconds(60), MaxExpires = TimeSpan.FromSeconds(4000) };

    [Fact]
    public void Bindings_are_those_of_a_naive_model()
    {
        // "a", "A" and so on are the same address: equivalence is not identity.
        Gen<Contact> contact =
            from uri in Gen.Elements("a", "A", "b", "B", "c", "d", "e")
            from expires in Gen.Elements<uint?>(null, null, 0, 59, 60, 100, 3599, 5000, uint.MaxValue)
            from q in Gen.Elements<short>(-1, -1, 0, 500, 1000)
            select new Contact(uri, expires, q);
        Gen<Request> request =
            from contacts in contact.ListOf().Resize(4)
            from wildcards in Gen.Frequency((8, Gen.Constant(0)), (2, Gen.Constant(1)), (1, Gen.Constant(2)))
            from header in Gen.Elements<uint?>(null, null, 0, 10, 500)
            from callId in Gen.Elements("x", "y")
            from cseq in Gen.Choose(1, 9)
            from secondsLater in Gen.Elements(0, 1, 50, 61, 5000)
            select new Request([.. wildcards > 0 && header == 0 ? [] : contacts], wildcards, header, callId, (uint)cseq, secondsLater);

        Prop.ForAll(request.ListOf().Resize(30).ToArbitrary(), requests =>
        {
            DateTimeOffset now = Start;
            BindingSet set = default;
            var model = new Model();
            foreach (Request next in requests)
            {
                now = now.AddSeconds(next.SecondsLater);
                BindingOutcome expected = model.Register(next, now);
                BindingOutcome actual = TestUpdate.Apply(set, next.ToUpdate(), now, Limits, new IgnoringCase(), out BindingSet result);
                Assert.Equal(expected, actual);
                if (actual != BindingOutcome.Accepted) Assert.Equal(set.Record.ToArray(), result.Record.ToArray());
                set = result;
                Assert.Equal(model.Show(now), Show(set, now));
                Assert.True(set.IsEmpty || BindingSet.IsValidRecord(set.Record));
            }
        }).QuickCheckThrowOnFailure();
    }

    private static string Show(BindingSet set, DateTimeOffset now)
    {
        var text = new StringBuilder();
        foreach (Binding b in set.LiveAt(now))
            text.Append($"{Encoding.UTF8.GetString(b.Contact)} {Encoding.UTF8.GetString(b.CallId)} {b.CSeq} {b.Q} {(b.ExpiresAt - Start).TotalSeconds}; ");
        return text.ToString();
    }

    private sealed record Contact(string Uri, uint? Expires, short Q);

    private sealed record Request(IReadOnlyList<Contact> Contacts, int Wildcards, uint? Expires, string CallId, uint CSeq, int SecondsLater)
    {
        public TestUpdate ToUpdate()
        {
            var update = new TestUpdate(callId: CallId, cseq: CSeq, expires: Expires);
            for (int i = 0; i < Wildcards; i++) update.Wildcard();
            foreach (Contact contact in Contacts) update.Contact(contact.Uri, contact.Expires, contact.Q);
            return update;
        }
    }

    private sealed record Bound(string Uri, string CallId, uint CSeq, short Q, DateTimeOffset ExpiresAt);

    private sealed class Model
    {
        private List<Bound> _bound = [];

        public BindingOutcome Register(Request request, DateTimeOffset now)
        {
            List<Bound> current = [.. _bound.Where(b => b.ExpiresAt > now)];
            if (request.Wildcards > 0)
            {
                if (request.Wildcards + request.Contacts.Count > 1 || request.Expires != 0) return BindingOutcome.InvalidWildcard;
                if (current.Exists(b => b.CallId == request.CallId && b.CSeq >= request.CSeq)) return BindingOutcome.OutOfOrder;
                _bound = [];
                return BindingOutcome.Accepted;
            }

            if (request.Contacts.Count > 3 + _bound.Count) return BindingOutcome.TooManyContacts;
            List<Bound> kept = [.. current], added = [];
            foreach (Contact contact in request.Contacts)
            {
                uint? asked = contact.Expires ?? request.Expires;
                if (asked is > 0 and < 60) return BindingOutcome.IntervalTooBrief;
                Bound? existing = current.Find(b => Same(b.Uri, contact.Uri));
                if (existing is not null && existing.CallId == request.CallId && existing.CSeq >= request.CSeq) return BindingOutcome.OutOfOrder;
                kept.RemoveAll(b => Same(b.Uri, contact.Uri));
                added.RemoveAll(b => Same(b.Uri, contact.Uri));
                uint granted = Math.Min(asked ?? 3600, 4000);
                if (granted > 0) added.Add(new Bound(contact.Uri, request.CallId, request.CSeq, contact.Q, now.AddSeconds(granted)));
            }

            if (kept.Count + added.Count > 3 && kept.Count + added.Count > current.Count) return BindingOutcome.TooManyContacts;
            _bound = [.. added.Concat(kept).OrderByDescending(b => b.Q < 0 ? 1000 : b.Q)];
            return BindingOutcome.Accepted;
        }

        public string Show(DateTimeOffset now) =>
            string.Concat(_bound.Where(b => b.ExpiresAt > now).Select(b => $"{b.Uri} {b.CallId} {b.CSeq} {b.Q} {(b.ExpiresAt - Start).TotalSeconds}; "));

        private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
    }

    private sealed class IgnoringCase : IContactComparer
    {
        public bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Ascii.EqualsIgnoreCase(left, right);
    }
}
