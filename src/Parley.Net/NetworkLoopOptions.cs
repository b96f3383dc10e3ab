using Parley.Core;

namespace Parley.Net;

/// <summary>What a <see cref="NetworkLoop"/> is started with.</summary>
public sealed record NetworkLoopOptions
{
    /// <summary>The name of its thread.</summary>
    public string Name { get; init; } = "parley-net";

    /// <summary>How it asks the system.</summary>
    public NetworkEngine Engine { get; init; } = NetworkEngine.Automatic;

    /// <summary>Memory for what outlives a call.</summary>
    public BufferPool Buffers { get; init; } = BufferPool.Shared;

    /// <summary>Clock and wall clock. The loop waits in real time whatever this says.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How much posted work may wait.</summary>
    /// <value>1 to 1,048,576 pieces; 65,536 by default, about a second of a busy server's messages.</value>
    public int InboxCapacity { get; init; } = 65_536;

    /// <summary>How many datagrams of one socket may wait for the system to take them; more are dropped and counted.</summary>
    /// <value>64 to 65,536 datagrams; 4,096 by default.</value>
    public int DatagramQueueCapacity { get; init; } = 4_096;

    /// <summary>The system's receive and send buffer of a datagram socket, as far as the system allows.</summary>
    /// <value>4,096 bytes to 256 MiB; 4 MiB by default: some 5,000 SIP messages, that arrive while the loop is busy.</value>
    public int DatagramBufferBytes { get; init; } = 4 << 20;

    /// <summary>How many accepted connections may be open at a time; further ones are closed at once and counted.</summary>
    /// <value>0 to 1,048,576; 16,384 by default.</value>
    public int MaxAcceptedConnections { get; init; } = 16_384;

    /// <summary>The longest that a loop under load leaves its sockets alone after a round, so that more datagrams share the next; zero for never.</summary>
    /// <remarks>Only the engine over epoll has it. See <see cref="PauseFromPerSecond"/>.</remarks>
    /// <value>0 to 10 ms; 300 µs by default.</value>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromMicroseconds(300);

    /// <summary>Received datagrams a second from which on a loop is under load (<see cref="MaxPause"/>); with fewer it never pauses.</summary>
    /// <value>1 to 10,000,000; 10,000 by default. Loops that share the machine's work have less each.</value>
    public int PauseFromPerSecond { get; init; } = 10_000;

    /// <summary>Whether many datagrams to one receiver go as one piece that the system parts again, which costs less; a capture shows them as one.</summary>
    /// <remarks>From 16 waiting datagrams on, for those of 256 to 1,200 bytes. Only the engine over epoll has it.</remarks>
    /// <value>False by default: for signalling servers, not for media, whose captures people read.</value>
    public bool MergesDatagrams { get; init; }

    /// <summary>How much of one connection may wait to be written; more closes it with <see cref="StreamCloseReason.SendQueueFull"/>.</summary>
    /// <value>4,096 bytes to 1 GiB; 1 MiB by default.</value>
    public int StreamQueueBytes { get; init; } = 1 << 20;

    /// <summary>How long a connection may take to stand.</summary>
    /// <value>1 ms to 1 h; 10 s by default, well under the 32 s after which a SIP transaction gives up (RFC 3261 17.1.1.2, Timer B).</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a closed connection may take to write what is queued, and then to hear the other side's end.</summary>
    /// <value>1 ms to 1 h; 5 s by default.</value>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Hears of exceptions that handlers let out; called on the loop, which lives on.</summary>
    public Action<Exception>? OnFault { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Name);
        ArgumentNullException.ThrowIfNull(Buffers);
        ArgumentNullException.ThrowIfNull(Time);
        Check(nameof(InboxCapacity), InboxCapacity, 1, 1 << 20);
        Check(nameof(DatagramQueueCapacity), DatagramQueueCapacity, 64, 65_536);
        Check(nameof(DatagramBufferBytes), DatagramBufferBytes, 4_096, 256 << 20);
        Check(nameof(MaxAcceptedConnections), MaxAcceptedConnections, 0, 1 << 20);
        Check(nameof(MaxPause), MaxPause, TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        Check(nameof(PauseFromPerSecond), PauseFromPerSecond, 1, 10_000_000);
        Check(nameof(StreamQueueBytes), StreamQueueBytes, 4_096, 1 << 30);
        Check(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        Check(nameof(CloseTimeout), CloseTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
    }

    private static void Check<T>(string name, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is from {least} to {most}.");
        }
    }
}
