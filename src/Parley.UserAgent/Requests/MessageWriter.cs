using System.Buffers.Text;

namespace Parley.UserAgent.Requests;

/// <summary>Writes pieces of a message one after the other into memory that is long enough for all of them.</summary>
internal ref struct MessageWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public readonly Span<byte> Remaining => _destination[Written..];

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Written..]);
        Written += bytes.Length;
    }

    public void Write(uint number)
    {
        Utf8Formatter.TryFormat(number, _destination[Written..], out int written);
        Written += written;
    }

    public void Advance(int count) => Written += count;
}
