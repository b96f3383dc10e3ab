using System.Security.Cryptography;

namespace Parley.Net;

/// <summary>Which of the sockets that share a port a datagram is for, when it is lines of text and the value of one header field decides.</summary>
/// <remarks>
/// Who owns what a field names (SIP's Call-ID) gets its datagrams at once from a system that can look into them, and finds out with the
/// same arithmetic whose the others are. Keyed, so that nobody chooses values that are all for one socket by knowing the program. The
/// last steps are those of Wellons' "lowbias32" hash (nullprogram.com, Prospecting for Hash Functions): values that differ in one digit must not meet.
/// </remarks>
public sealed class FieldSteering
{
    /// <summary>How much of a value counts.</summary>
    public const int MaxValueBytes = 64;

    private const int MinNameBytes = 7;

    private static readonly (int Shift, uint Factor)[] Steps = [(16, 0x7feb_352d), (15, 0x846c_a68b), (16, 1)];

    /// <summary>Steers by a field.</summary>
    /// <param name="fieldName">Its name, in any case: 7 to 64 characters of ASCII.</param>
    /// <exception cref="ArgumentException">The name is too short, too long, or not ASCII.</exception>
    public FieldSteering(string fieldName)
    {
        ArgumentNullException.ThrowIfNull(fieldName);
        if (fieldName.Length is < MinNameBytes or > MaxValueBytes || !System.Text.Ascii.IsValid(fieldName))
        {
            throw new ArgumentException($"The name of a field has {MinNameBytes} to {MaxValueBytes} characters of ASCII.", nameof(fieldName));
        }

        FieldName = fieldName;
        Start = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        Factor = (uint)RandomNumberGenerator.GetInt32(int.MaxValue) | 1;
    }

    /// <summary>The field's name.</summary>
    public string FieldName { get; }

    internal uint Start { get; }

    internal uint Factor { get; }

    /// <summary>How the sum is mixed: it is combined with itself shifted to the right, and multiplied; a factor of 1 ends it.</summary>
    internal static ReadOnlySpan<(int Shift, uint Factor)> Mixing => Steps;

    /// <summary>The socket that a value is for.</summary>
    /// <param name="value">The field's value; without the space around it, and with none in it.</param>
    /// <param name="sockets">How many sockets there are; 1 or more.</param>
    /// <returns>0 to <paramref name="sockets"/> - 1.</returns>
    public int SocketOf(ReadOnlySpan<byte> value, int sockets)
    {
        if (value.Length > MaxValueBytes) value = value[..MaxValueBytes];
        uint sum = Start;
        foreach (byte character in value) sum = (sum * Factor) + character;
        foreach ((int shift, uint factor) in Mixing) sum = (sum ^ (sum >> shift)) * factor;
        return (int)(sum % (uint)sockets);
    }
}
