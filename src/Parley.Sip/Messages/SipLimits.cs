namespace Parley.Sip.Messages;

/// <summary>How large a message may be before it is refused unread.</summary>
public sealed record SipLimits
{
    /// <summary>Offsets in a message are 16 bits, so no message is longer than this.</summary>
    public const int LargestMessageBytes = 65535;

    /// <summary>The most headers that an index can count.</summary>
    public const int LargestHeaderCount = 254;

    private readonly int _maxHeaderBytes = 16384;
    private readonly int _maxHeaderCount = 128;
    private readonly int _maxBodyBytes = 32768;
    private readonly int _maxMessageBytes = LargestMessageBytes;

    /// <summary>The limits that a server starts with.</summary>
    public static SipLimits Default { get; } = new();

    /// <summary>Start line and headers together, with the empty line.</summary>
    /// <value>64 to 65535 bytes; 16384 by default, which 30 hops with long parameters do not reach.</value>
    public int MaxHeaderBytes { get => _maxHeaderBytes; init => _maxHeaderBytes = Check(value, 64, LargestMessageBytes, nameof(MaxHeaderBytes)); }

    /// <summary>Header rows of one message.</summary>
    /// <value>8 to 254; 128 by default: 70 hops (RFC 3261 8.1.1.6) with a Via row each and the rest.</value>
    public int MaxHeaderCount { get => _maxHeaderCount; init => _maxHeaderCount = Check(value, 8, LargestHeaderCount, nameof(MaxHeaderCount)); }

    /// <summary>The body.</summary>
    /// <value>0 to 65535 bytes; 32768 by default.</value>
    public int MaxBodyBytes { get => _maxBodyBytes; init => _maxBodyBytes = Check(value, 0, LargestMessageBytes, nameof(MaxBodyBytes)); }

    /// <summary>The whole message.</summary>
    /// <value>64 to 65535 bytes; 65535 by default (RFC 3261 18.1.1: UDP messages of up to 65535 bytes must be handled).</value>
    public int MaxMessageBytes { get => _maxMessageBytes; init => _maxMessageBytes = Check(value, 64, LargestMessageBytes, nameof(MaxMessageBytes)); }

    private static int Check(int value, int least, int most, string name) =>
        value >= least && value <= most ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {least} to {most}.");
}
