using System.Buffers.Text;

namespace Parley.Load.Messages;

/// <summary>Which exchange a message belongs to: it stands in Call-IDs and branches.</summary>
/// <param name="Slot">The place of the exchange in the table of those under way.</param>
/// <param name="Sequence">How many exchanges this run began before it.</param>
/// <param name="Run">Tells the runs of all time apart: a server rightly takes a known branch for a repeat.</param>
internal readonly record struct ExchangeId(int Slot, uint Sequence, uint Run)
{
    private const int LengthBytes = 3 * 8;

    /// <summary>Writes it as hexadecimal digits.</summary>
    public void WriteTo(ref MessageWriter writer)
    {
        writer.Hex((uint)Slot);
        writer.Hex(Sequence);
        writer.Hex(Run);
    }

    /// <summary>Reads it from the beginning of a Call-ID.</summary>
    /// <returns>False when the Call-ID is nobody's here.</returns>
    public static bool TryRead(ReadOnlySpan<byte> callId, out ExchangeId id)
    {
        id = default;
        if (callId.Length < LengthBytes || !TryReadHex(callId, out uint slot) || slot > int.MaxValue) return false;
        if (!TryReadHex(callId[8..], out uint sequence) || !TryReadHex(callId[16..], out uint run)) return false;
        id = new ExchangeId((int)slot, sequence, run);
        return true;
    }

    private static bool TryReadHex(ReadOnlySpan<byte> text, out uint number) =>
        Utf8Parser.TryParse(text[..8], out number, out int read, 'x') && read == 8;
}
