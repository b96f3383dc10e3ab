using System.Buffers.Binary;

namespace Parley.Rtp.Events;

/// <summary>The payload that reports a named event such as a DTMF digit.</summary>
/// <param name="Code">Which event: 0 to 15 are the DTMF digits.</param>
/// <param name="IsEnd">The event is over; its duration is final.</param>
/// <param name="Volume">Power of a tone, 0 to 63 below 0 dBm0.</param>
/// <param name="Duration">Since the packet's timestamp, in its clock's units.</param>
/// <remarks>
/// <code>
/// |     event     |E|R| volume    |          duration             |
/// </code>
/// Source: RFC 4733 2.3.
/// </remarks>
public readonly record struct TelephoneEvent(byte Code, bool IsEnd, byte Volume, ushort Duration)
{
    /// <summary>Bytes of one event.</summary>
    public const int LengthBytes = 4;

    /// <summary>Reads the event at the beginning of a payload.</summary>
    /// <returns>False when it is too short.</returns>
    public static bool TryParse(ReadOnlySpan<byte> payload, out TelephoneEvent telephoneEvent)
    {
        telephoneEvent = default;
        if (payload.Length < LengthBytes) return false;
        telephoneEvent = new TelephoneEvent(
            payload[0], (payload[1] & 0x80) != 0, (byte)(payload[1] & 0x3F), BinaryPrimitives.ReadUInt16BigEndian(payload[2..]));
        return true;
    }

    /// <summary>Writes it.</summary>
    /// <param name="payload">At least 4 bytes.</param>
    public void Write(Span<byte> payload)
    {
        payload[0] = Code;
        payload[1] = (byte)((IsEnd ? 0x80 : 0) | (Volume & 0x3F));
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], Duration);
    }
}

/// <summary>The sixteen digits of a telephone's keypad and their event codes.</summary>
/// <remarks>Source: RFC 4733 3.2, table 3.</remarks>
public static class Dtmf
{
    private const string Digits = "0123456789*#ABCD";

    /// <summary>The event code of a digit.</summary>
    /// <param name="digit">0-9, *, #, A-D in either case.</param>
    /// <param name="code">0 to 15.</param>
    /// <returns>False for another character.</returns>
    public static bool TryGetCode(char digit, out byte code)
    {
        int index = Digits.IndexOf(char.ToUpperInvariant(digit), StringComparison.Ordinal);
        code = (byte)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>The digit of an event code.</summary>
    /// <returns>False for an event that is no digit.</returns>
    public static bool TryGetDigit(byte code, out char digit)
    {
        digit = code < Digits.Length ? Digits[code] : '\0';
        return code < Digits.Length;
    }
}
