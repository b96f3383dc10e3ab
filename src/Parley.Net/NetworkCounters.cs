namespace Parley.Net;

/// <summary>What a loop has done since it started. Written by the loop, readable on any thread at any time.</summary>
public sealed class NetworkCounters
{
    private long _workRefused;
    private long _streamBytesSent;

    /// <summary>Rounds: waits that ended.</summary>
    public long Rounds { get; internal set; }

    /// <summary>The longest time from the end of a wait to what it brought being handled and sent.</summary>
    public TimeSpan LongestRound { get; internal set; }

    /// <summary>Rounds that took more than 50 ms.</summary>
    public long SlowRounds { get; internal set; }

    /// <summary>Datagrams received.</summary>
    public long DatagramsReceived { get; internal set; }

    /// <summary>Bytes in them, without headers.</summary>
    public long DatagramBytesReceived { get; internal set; }

    /// <summary>Datagrams that the system took.</summary>
    public long DatagramsSent { get; internal set; }

    /// <summary>Bytes in them, without headers.</summary>
    public long DatagramBytesSent { get; internal set; }

    /// <summary>Datagrams dropped because the system took none and the socket's queue was full, or because the socket was closed first.</summary>
    public long DatagramsDropped { get; internal set; }

    /// <summary>Datagrams that the system refused: no route, too long, not allowed.</summary>
    public long DatagramsRefused { get; internal set; }

    /// <summary>Reports (ICMP) that a datagram could not be delivered.</summary>
    public long UnreachableReports { get; internal set; }

    /// <summary>Connections that are open, accepted and started ones.</summary>
    public long Connections { get; internal set; }

    /// <summary>Connections accepted.</summary>
    public long ConnectionsAccepted { get; internal set; }

    /// <summary>Connections closed at once, because there were too many or because nobody wanted them.</summary>
    public long ConnectionsTurnedAway { get; internal set; }

    /// <summary>Connections started.</summary>
    public long ConnectionsStarted { get; internal set; }

    /// <summary>Bytes received on connections.</summary>
    public long StreamBytesReceived { get; internal set; }

    /// <summary>Bytes that the system took from connections.</summary>
    public long StreamBytesSent => Interlocked.Read(ref _streamBytesSent);

    /// <summary>Work that was not accepted, because the inbox was full or the loop had ended.</summary>
    public long WorkRefused => Interlocked.Read(ref _workRefused);

    /// <summary>Exceptions that handlers let out.</summary>
    public long Faults { get; internal set; }

    internal void CountStreamBytesSent(long bytes) => Interlocked.Add(ref _streamBytesSent, bytes);

    internal void CountWorkRefused() => Interlocked.Increment(ref _workRefused);
}
