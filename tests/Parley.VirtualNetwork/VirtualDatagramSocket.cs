using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A datagram socket of a virtual host.</summary>
internal sealed class VirtualDatagramSocket : IDatagramSocket
{
    private readonly VirtualNetwork _network;

    public VirtualDatagramSocket(VirtualLoop loop, NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing)
    {
        (Loop, Handler, Sharing, _network) = (loop, handler, sharing, loop.Host.Network);
        LocalAddress = loop.Host.Bind(this, local, sharing);
        IsOpen = true;
        _network.OpenSockets++;
    }

    public VirtualLoop Loop { get; }

    public IDatagramHandler Handler { get; }

    public DatagramSharing Sharing { get; }

    public NetworkAddress LocalAddress { get; }

    public bool IsOpen { get; private set; }

    public void Send(PooledBuffer datagram, NetworkAddress remote)
    {
        if (CanSend(remote)) _network.Transmit(this, datagram.Retain(), remote);
    }

    public void Send(ReadOnlySpan<byte> datagram, NetworkAddress remote)
    {
        if (CanSend(remote)) _network.Transmit(this, _network.Buffers.Copy(datagram), remote);
    }

    /// <inheritdoc/>
    public void SetTimeToLive(int hops)
    {
        // Everybody is in one network here.
    }

    public void Dispose()
    {
        if (!IsOpen) return;
        IsOpen = false;
        Loop.Host.Unbind(this);
        Loop.Forget(this);
        _network.OpenSockets--;
    }

    private bool CanSend(NetworkAddress remote)
    {
        if (!remote.IsSpecified) throw new ArgumentException("No address.", nameof(remote));
        return IsOpen;
    }
}
