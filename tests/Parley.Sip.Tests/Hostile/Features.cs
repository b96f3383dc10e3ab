namespace Parley.Sip.Tests.Hostile;

/// <summary>What was seen of an input, as one number: an input with a new number is worth keeping.</summary>
internal struct Features()
{
    private ulong _hash = 14695981039346656037;

    public readonly ulong Value => _hash;

    public void Add(int what) => _hash = (_hash ^ (uint)what) * 1099511628211;

    public void Add(bool what) => Add(what ? 1 : 0);
}

/// <summary>Assertions that cost nothing while they hold.</summary>
internal static class Must
{
    /// <summary>Fails unless a statement holds.</summary>
    public static void Hold(bool condition, string what)
    {
        if (!condition) Assert.Fail(what);
    }

    /// <summary>Fails unless some bytes stand in the input where they say they do.</summary>
    public static void StandAt(ReadOnlySpan<byte> input, int offset, ReadOnlySpan<byte> bytes, string what) =>
        Hold(offset >= 0 && offset + bytes.Length <= input.Length && input.Slice(offset, bytes.Length).SequenceEqual(bytes), $"{what} is not where it says: {offset}");
}
