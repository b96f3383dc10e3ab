using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>What became of one datagram.</summary>
/// <param name="SentAt">When it was sent.</param>
/// <param name="At">When its fate was known: its arrival, or its sending when it was lost.</param>
/// <param name="From">The sender as the receiver sees it, behind NATs.</param>
/// <param name="To">Where the sender sent it.</param>
/// <param name="LengthBytes">Its size.</param>
/// <param name="Fate">What became of it.</param>
public readonly record struct DatagramTrace(Instant SentAt, Instant At, NetworkAddress From, NetworkAddress To, int LengthBytes, DatagramFate Fate);

/// <summary>Sees every datagram's fate; the bytes are only valid during the call.</summary>
public delegate void DatagramTracer(in DatagramTrace trace, ReadOnlySpan<byte> datagram);

/// <summary>What can become of a datagram.</summary>
public enum DatagramFate
{
    /// <summary>A handler got it.</summary>
    Delivered,

    /// <summary>A handler got it once more.</summary>
    DeliveredAgain,

    /// <summary>The link lost it.</summary>
    Lost,

    /// <summary>The link is down.</summary>
    LinkDown,

    /// <summary>The sender's own system takes it not: too long, or no address of the family. The sender is told.</summary>
    Refused,

    /// <summary>Nobody has the address.</summary>
    NoRoute,

    /// <summary>The host has no socket on the port; the sender is told.</summary>
    PortUnreachable,

    /// <summary>A NAT let nobody in from there.</summary>
    Filtered,
}
