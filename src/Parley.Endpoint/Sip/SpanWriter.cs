namespace Parley.Endpoint.Sip;

/// <summary>Writes pieces one after the other into a span that is long enough for all of them.</summary>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public readonly Span<byte> Remaining => _destination[Written..];

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Written..]);
        Written += bytes.Length;
    }

    public void Advance(int count) => Written += count;
}
