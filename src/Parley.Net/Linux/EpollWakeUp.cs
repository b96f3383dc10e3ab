using System.ComponentModel;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Ends a wait from another thread.</summary>
/// <remarks>Unsafe because the system reads and fills memory by address.</remarks>
internal sealed unsafe class EpollWakeUp : IEpollSource, IDisposable
{
    public EpollWakeUp(Epoll epoll)
    {
        Descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (Descriptor < 0) throw new Win32Exception(Error);
        epoll.Add(Descriptor, this, EPOLLIN);
    }

    private int Descriptor { get; }

    public void Set()
    {
        ulong one = 1;
        write(Descriptor, &one, sizeof(ulong));
    }

    public void OnReady(uint events)
    {
        ulong count;
        read(Descriptor, &count, sizeof(ulong));
    }

    public void Dispose() => close(Descriptor);
}
