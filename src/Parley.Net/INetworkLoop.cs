using System.Net.Sockets;
using Parley.Core;

namespace Parley.Net;

/// <summary>One thread's network: sockets, connections, deadlines, and work that other threads hand in.</summary>
/// <remarks>
/// Everything registered with a loop is called by that loop alone, one call at a time, so what runs on it needs no lock.
/// Per round it takes a batch from its sockets, runs it to completion, runs posted work and due deadlines, and sends what was
/// emitted as batches. The real loops run on a thread of their own; the tests' virtual network implements the same
/// interface in virtual time. Unless a member says otherwise it is called on the loop.
/// </remarks>
public interface INetworkLoop
{
    /// <summary>The time of the current round: the same for all that a batch brings.</summary>
    Instant Now { get; }

    /// <summary>Wall-clock time, for what survives a restart or is shown to people.</summary>
    TimeProvider Time { get; }

    /// <summary>Memory for what outlives a call.</summary>
    BufferPool Buffers { get; }

    /// <summary>Opens a datagram socket. May also be called on another thread; calls of the handler start on the loop.</summary>
    /// <param name="local">Address and port; port 0 takes a free one. A multicast group of IPv4 is joined: what is sent to it arrives here, and others of this machine may join it too.</param>
    /// <param name="handler">Who gets what arrives.</param>
    /// <param name="sharing">Whether other loops may bind the same port.</param>
    /// <param name="groupInterface">The address of this machine in whose network the group is; the system's choice when absent.</param>
    /// <exception cref="SocketException">The address is not this machine's, the port is taken or not allowed, or there is no network for the group.</exception>
    IDatagramSocket OpenDatagram(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing = DatagramSharing.Exclusive, NetworkAddress groupInterface = default);

    /// <summary>Listens for stream connections. May also be called on another thread.</summary>
    /// <param name="local">Address and port; port 0 takes a free one.</param>
    /// <param name="accept">Gives the handler of each accepted connection; null closes it.</param>
    /// <exception cref="SocketException">The address is not this machine's, the port is taken or not allowed.</exception>
    IStreamListener ListenStream(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept);

    /// <summary>Starts a stream connection; its handler hears when it stands or why it does not.</summary>
    /// <remarks>What is sent before it stands is sent when it does.</remarks>
    IStreamConnection ConnectStream(NetworkAddress remote, IStreamHandler handler);

    /// <summary>Has the entry called when its deadline comes, or moves it; <see cref="Instant.Never"/> cancels.</summary>
    void Schedule(LoopTimer timer, Instant deadline);

    /// <summary>Runs work on the loop, in order. May be called on any thread.</summary>
    /// <returns>False when the loop has ended or its inbox is full: the work will not run.</returns>
    bool Post(ILoopWork work);
}

/// <summary>Something that a loop does for another thread. The instance may be reused once it has run.</summary>
public interface ILoopWork
{
    /// <summary>Runs on the loop.</summary>
    void Run(Instant now);
}

/// <summary>Something that a loop calls at a time.</summary>
public abstract class LoopTimer : DeadlineEntry
{
    /// <summary>The deadline came; it is cleared, and may be set again from here.</summary>
    public abstract void OnDeadline(Instant now);
}
