using System.Net.Sockets;
using Parley.Net.Streams;

namespace Parley.Net.Portable;

/// <summary>Accepts connections, one per round.</summary>
internal sealed class PortableStreamListener(PortableLoop loop, Socket socket, Func<IStreamConnection, IStreamHandler?> accept)
    : StreamListener(loop, Sockets.LocalAddress(socket)), IPortableSource
{
    private bool _isClosed;

    public Socket Socket => socket;

    public bool WantsToRead { get; private set; } = true;

    public bool WantsToWrite => false;

    public void OnReadable()
    {
        switch (PortableStreamConnection.TryAccept(loop, socket, accept))
        {
            case AcceptResult.NoRoom:
                Pause();
                break;
        }
    }

    public void OnWritable()
    {
    }

    protected override void Register() => loop.Add(this);

    protected override void SetInterest(bool wanted) => WantsToRead = wanted;

    protected override void CloseSocket()
    {
        if (_isClosed) return;
        _isClosed = true;
        loop.Remove(this);
        socket.Dispose();
    }
}
