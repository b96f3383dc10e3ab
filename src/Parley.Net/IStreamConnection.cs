using Parley.Core;

namespace Parley.Net;

/// <summary>An accepted or started stream connection of a loop.</summary>
public interface IStreamConnection
{
    /// <summary>A number that no other connection of this process has had.</summary>
    long Id { get; }

    /// <summary>This side's address; the default value while it is not yet connected.</summary>
    NetworkAddress LocalAddress { get; }

    /// <summary>The other side's address.</summary>
    NetworkAddress RemoteAddress { get; }

    /// <summary>True when the other side started it.</summary>
    bool IsAccepted { get; }

    /// <summary>Queues a leased buffer; the connection takes a lease of its own until it is written. May be called on any thread.</summary>
    /// <returns>False when the connection is closed, or its queue is over its limit (it is then closed).</returns>
    bool Send(PooledBuffer bytes);

    /// <summary>Closes after what is queued has been written. May be called on any thread; the handler hears it once.</summary>
    void Close();
}

/// <summary>Listens until it is disposed; accepted connections live on.</summary>
public interface IStreamListener : IDisposable
{
    /// <summary>Where it listens, with the port that was chosen.</summary>
    NetworkAddress LocalAddress { get; }
}

/// <summary>Who gets what a connection receives; called on the connection's loop.</summary>
public interface IStreamHandler
{
    /// <summary>The connection stands: at once for an accepted one.</summary>
    void OnConnected(Instant now, IStreamConnection connection);

    /// <summary>Bytes came, in order, in pieces of any size. They are only valid during the call.</summary>
    void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes);

    /// <summary>The connection ended, or could not be made; called once and last.</summary>
    void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason);
}

/// <summary>Why a stream connection ended.</summary>
public enum StreamCloseReason
{
    /// <summary>This side closed it.</summary>
    ClosedHere,

    /// <summary>The other side closed it.</summary>
    ClosedByPeer,

    /// <summary>It could not be made: refused, unreachable or timed out.</summary>
    ConnectFailed,

    /// <summary>It broke.</summary>
    Failed,

    /// <summary>More was queued than the other side took.</summary>
    SendQueueFull,
}
