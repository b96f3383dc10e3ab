using System.Buffers.Text;
using System.Security.Cryptography;

namespace Parley.UserAgent.Calls;

/// <summary>This side's tag of a call: a number that nobody can guess, so that it alone finds the call of a request.</summary>
/// <remarks>Source: RFC 3261 19.3, which asks for 32 random bits at least.</remarks>
internal readonly record struct LocalTag(ulong Number)
{
    private const int Digits = 16;

    public static LocalTag Create()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return new LocalTag(BitConverter.ToUInt64(random));
    }

    /// <summary>Reads a tag as <see cref="ToBytes"/> writes it.</summary>
    /// <returns>False for a tag that is not one of ours.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out LocalTag tag)
    {
        tag = default;
        if (text.Length != Digits || !Utf8Parser.TryParse(text, out ulong number, out int consumed, 'x') || consumed != Digits) return false;
        tag = new LocalTag(number);
        return true;
    }

    /// <summary>16 hexadecimal digits in lower case.</summary>
    public byte[] ToBytes()
    {
        byte[] text = new byte[Digits];
        Utf8Formatter.TryFormat(Number, text, out _, new System.Buffers.StandardFormat('x', Digits));
        return text;
    }
}
