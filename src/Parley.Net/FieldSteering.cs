using System.Security.Cryptography;

namespace Parley.Net;

/// <summary>Which of the sockets that share a port a datagram is for, when it is lines of text and the value of one header field decides.</summary>
/// <remarks>
/// Who owns what a field names (SIP's Call-ID) gets its datagrams at once from a system that can look into them, and finds out with the
/// same arithmetic whose the others are. Keyed, so that nobody chooses values that are all for one socket by knowing the program.
/// </remarks>
public sealed class FieldSteering
{
    /// <summary>How much of a value counts.</summary>
    public const int MaxValueBytes = 64;

    private const int ResultShift = 16;     // of the sum: its low bits have seen too little of the value
    private const int MinNameBytes = 7;

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
        LastFactor = (uint)RandomNumberGenerator.GetInt32(int.MaxValue) | 1;
    }

    /// <summary>The field's name.</summary>
    public string FieldName { get; }

    internal uint Start { get; }

    internal uint Factor { get; }

    internal uint LastFactor { get; }

    internal static uint Shift => ResultShift;

    /// <summary>The socket that a value is for.</summary>
    /// <param name="value">The field's value; without the space around it, and with none in it.</param>
    /// <param name="sockets">How many sockets there are; 1 or more.</param>
    /// <returns>0 to <paramref name="sockets"/> - 1.</returns>
    public int SocketOf(ReadOnlySpan<byte> value, int sockets)
    {
        if (value.Length > MaxValueBytes) value = value[..MaxValueBytes];
        uint sum = Start;
        foreach (byte character in value) sum = (sum * Factor) + character;
        return (int)((sum * LastFactor >> ResultShift) % (uint)sockets);
    }
}
