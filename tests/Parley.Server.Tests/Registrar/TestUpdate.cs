using System.Buffers;
using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>An update that counts its completions, written in few words.</summary>
internal sealed class TestUpdate : BindingUpdate
{
    public const string Alice = "alice@example.com";

    public TestUpdate(string addressOfRecord = Alice, string callId = "call-1", uint cseq = 1, uint? expires = null) =>
        Begin(Utf8(addressOfRecord), Utf8(callId), cseq, expires);

    public int Completions { get; private set; }

    public TestUpdate Contact(string uri, uint? expires = null, short q = BindingSet.NoQ)
    {
        AddContact(Utf8(uri), q, expires);
        return this;
    }

    public TestUpdate Wildcard()
    {
        AddWildcard();
        return this;
    }

    /// <summary>Applies an update to bindings; the result has memory of its own.</summary>
    public static BindingOutcome Apply(
        scoped BindingSet existing, BindingUpdate update, DateTimeOffset now, RegistrarOptions limits, IContactComparer comparer, out BindingSet result)
    {
        var record = new ArrayBufferWriter<byte>();
        BindingOutcome outcome = BindingSet.Apply(existing, update, now, limits, comparer, record);
        result = new BindingSet(record.WrittenSpan);
        return outcome;
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    protected internal override void OnCompleted() => Completions++;
}

/// <summary>The simplest relation: the same bytes.</summary>
internal sealed class SameBytes : IContactComparer
{
    public bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceEqual(right);
}
