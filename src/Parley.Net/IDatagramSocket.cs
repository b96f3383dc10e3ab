using Parley.Core;

namespace Parley.Net;

/// <summary>A datagram socket of a loop.</summary>
public interface IDatagramSocket : IDisposable
{
    /// <summary>Where it is bound, with the port that was chosen.</summary>
    NetworkAddress LocalAddress { get; }

    /// <summary>How full the system's receive buffer was when the batch that is being handed over was taken out of it.</summary>
    /// <value>0 to 256; 0 unless the batch was full, and where the system does not tell.</value>
    int Fullness => 0;

    /// <summary>What still waited there then, with what the system adds to each datagram.</summary>
    /// <value>In bytes; 0 where <see cref="Fullness"/> is.</value>
    int WaitingBytes => 0;

    /// <summary>Sends a leased buffer with this round's batch; the socket takes a lease of its own until it is sent.</summary>
    void Send(PooledBuffer datagram, NetworkAddress remote);

    /// <summary>Sends a copy of some bytes with this round's batch.</summary>
    /// <param name="datagram">0 to 65,507 bytes.</param>
    /// <param name="remote">Where to.</param>
    void Send(ReadOnlySpan<byte> datagram, NetworkAddress remote);

    /// <summary>How many networks the datagrams to a multicast group may pass, counted with the first one.</summary>
    /// <param name="hops">0 to 255; 1, as before it is called, does not leave the network.</param>
    void SetTimeToLive(int hops);

    /// <summary>Asks the system to give what arrives to the sockets that share this port by a field in it, no longer by the peers' addresses.</summary>
    /// <param name="steering">The field, and which socket its values are for.</param>
    /// <param name="sockets">How many share the port: the one that leads is 0, and those that joined follow in their order.</param>
    /// <returns>False when this system cannot. Then, and for datagrams in which it does not find the field, the addresses decide as before.</returns>
    /// <remarks>For any socket of them, once all have joined; on any thread.</remarks>
    bool TrySteer(FieldSteering steering, int sockets) => false;

    /// <summary>True while the system thins out by a program that is told another share or turn, which costs nothing worth counting; false when it compiles one for each.</summary>
    bool AdjustsThinning => false;

    /// <summary>Asks the system to drop a part of what arrives before it is queued, in place of what was asked before.</summary>
    /// <param name="thinning">What is dropped; null for nothing.</param>
    /// <returns>False when this system cannot. Then nothing is dropped.</returns>
    bool TryThin(DatagramThinning? thinning) => false;
}

/// <summary>Who gets a socket's datagrams.</summary>
public interface IDatagramHandler
{
    /// <summary>A datagram came. The bytes are the socket's and only valid during the call.</summary>
    void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote);

    /// <summary>The system reported that an earlier datagram could not be delivered (ICMP), or could not be sent.</summary>
    void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote);
}
