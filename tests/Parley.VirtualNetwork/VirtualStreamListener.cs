using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A listener of a virtual host.</summary>
internal sealed class VirtualStreamListener : IStreamListener
{
    private bool _open = true;

    public VirtualStreamListener(VirtualLoop loop, NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        (Loop, Accept) = (loop, accept);
        LocalAddress = loop.Host.Bind(this, local);
        loop.Host.Network.OpenSockets++;
    }

    public VirtualLoop Loop { get; }

    public Func<IStreamConnection, IStreamHandler?> Accept { get; }

    public NetworkAddress LocalAddress { get; }

    public void Dispose()
    {
        if (!_open) return;
        _open = false;
        Loop.Host.Unbind(this);
        Loop.Forget(this);
        Loop.Host.Network.OpenSockets--;
    }
}
