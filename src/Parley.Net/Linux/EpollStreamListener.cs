using System.Net.Sockets;
using Parley.Net.Streams;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Accepts connections, a batch per round.</summary>
internal sealed class EpollStreamListener(EpollLoop loop, Socket socket, Func<IStreamConnection, IStreamHandler?> accept)
    : StreamListener(loop, Sockets.LocalAddress(socket)), IEpollSource
{
    private const int AcceptsPerRound = 64;

    private readonly int _fd = (int)socket.SafeHandle.DangerousGetHandle();
    private int _slot = -1;

    public void OnReady(uint events)
    {
        for (int i = 0; i < AcceptsPerRound && !IsDisposed; i++)
        {
            switch (EpollStreamConnection.TryAccept(loop, _fd, accept))
            {
                case AcceptResult.NoneWaits:
                    return;
                case AcceptResult.NoRoom:
                    Pause();
                    return;
            }
        }
    }

    protected override void Register() => _slot = loop.Epoll.Add(_fd, this, EPOLLIN);

    protected override void SetInterest(bool wanted)
    {
        if (_slot >= 0) loop.Epoll.Modify(_fd, _slot, wanted ? EPOLLIN : 0);
    }

    protected override void CloseSocket()
    {
        if (_slot >= 0)
        {
            loop.Epoll.Remove(_fd, _slot);
            _slot = -1;
        }

        socket.Dispose();
    }
}
