namespace Parley.Endpoint.Sip.Overload;

/// <summary>What becomes of a datagram when more come than can be served.</summary>
internal enum AdmissionDecision
{
    /// <summary>It is served.</summary>
    Take,

    /// <summary>It is answered 503 without more work than that takes.</summary>
    Refuse,

    /// <summary>It is dropped.</summary>
    Drop,
}

/// <summary>Decides what a lane serves while more datagrams come than it can serve: what is under way first, then credentials, then what begins anew.</summary>
/// <remarks>
/// <para>
/// An exchange is several messages. If each is lost with the same chance, as when the system's receive buffer overflows, hardly an exchange comes to its end: at ten times
/// the load one registration in a hundred, and what is sent again makes it worse (RFC 5390, RFC 7339 3). So a lane takes datagrams out of the buffer before
/// it overflows, and sheds the beginnings, by a look at their first bytes.
/// </para>
/// <para>
/// The control is one line: the fuller the receive buffer is, the more beginnings are shed, none below an eighth of it, all but one in 64 from three eighths on.
/// So the buffer settles where what is admitted is what can be served; an idle lane has it empty again within milliseconds. A 503 costs about as much as
/// the request would: each is paid for by sixteen that were served, and all other beginnings are dropped, which their senders notice as
/// lost and send again at growing intervals.
/// </para>
/// </remarks>
internal sealed class Admission
{
    /// <summary>Of 256 parts of the buffer, from where on beginnings are shed.</summary>
    public const int ShedFrom = 32;

    /// <summary>From where on nearly all of them are.</summary>
    public const int ShedMostFrom = 96;

    /// <summary>From where on requests with credentials are shed as well, up to the end of the buffer.</summary>
    public const int ShedCredentialsFrom = 128;

    private const int Parts = 256;
    private const int MostShed = 252;       // of 256
    private const int ServedPerRefusal = 16;

    private uint _random = 0x9E3779B9;
    private int _credit;
    private int _seen;
    private long _seenBytes;
    private int _begun;
    private int _shed;

    /// <summary>Decides on a datagram.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="fullness">How full the receive buffer was: 0 to 256.</param>
    public AdmissionDecision Decide(ReadOnlySpan<byte> datagram, int fullness)
    {
        _seen++;
        _seenBytes += datagram.Length;
        if (!Begins(datagram)) return AdmissionDecision.Take;
        _begun++;
        if (fullness < ShedFrom) return AdmissionDecision.Take;
        int shed = HasCredentials(datagram)
            ? Share(fullness, ShedCredentialsFrom, Parts)
            : Share(fullness, ShedFrom, ShedMostFrom);
        if ((int)(Next() & (Parts - 1)) >= shed)
        {
            if (_credit < ServedPerRefusal * 64) _credit++;
            return AdmissionDecision.Take;
        }

        _shed++;
        if (_credit < ServedPerRefusal) return AdmissionDecision.Drop;
        _credit -= ServedPerRefusal;
        return AdmissionDecision.Refuse;
    }

    /// <summary>Takes how many datagrams were decided on since the last call, their bytes, how many of them were beginnings, and how many of those were shed.</summary>
    public (int Seen, long SeenBytes, int Begun, int Shed) TakeCounts()
    {
        (int seen, long bytes, int begun, int shed) = (_seen, _seenBytes, _begun, _shed);
        (_seen, _seenBytes, _begun, _shed) = (0, 0, 0, 0);
        return (seen, bytes, begun, shed);
    }

    /// <summary>After how many seconds one who is refused may try again: spread, so that they do not come back together.</summary>
    public uint NextRetryAfter() => 5 + (Next() % 31);

    /// <summary>True for the requests that begin something: all else belongs to what was let in before.</summary>
    internal static bool Begins(ReadOnlySpan<byte> datagram)
    {
        bool canBegin = datagram.Length > 8 && datagram[0] switch
        {
            (byte)'R' => datagram.StartsWith("REGISTER "u8) || datagram.StartsWith("REFER "u8),
            (byte)'I' => datagram.StartsWith("INVITE "u8),
            (byte)'O' => datagram.StartsWith("OPTIONS "u8),
            (byte)'S' => datagram.StartsWith("SUBSCRIBE "u8),
            (byte)'M' => datagram.StartsWith("MESSAGE "u8),
            (byte)'P' => datagram.StartsWith("PUBLISH "u8),
            _ => false,
        };
        return canBegin && !HasToTag(datagram);
    }

    // Headers are looked for as nearly everybody writes them; others are taken for beginnings, which come again.
    private static bool HasToTag(ReadOnlySpan<byte> datagram)
    {
        int to = datagram.IndexOf("\nTo:"u8);
        if (to < 0) to = datagram.IndexOf("\nt:"u8);
        if (to < 0) return false;
        ReadOnlySpan<byte> row = datagram[(to + 1)..];
        int end = row.IndexOf((byte)'\n');
        return (end < 0 ? row : row[..end]).IndexOf(";tag="u8) >= 0;
    }

    private static bool HasCredentials(ReadOnlySpan<byte> datagram) => datagram.IndexOf("uthorization:"u8) >= 0;

    /// <summary>A share of 256 that grows from none at <paramref name="from"/> to nearly all at <paramref name="to"/>.</summary>
    private static int Share(int fullness, int from, int to) => Math.Clamp((fullness - from) * MostShed / (to - from), 0, MostShed);

    // A shift register (xorshift32) is random enough to be fair.
    private uint Next()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        _random ^= _random << 5;
        return _random;
    }
}
