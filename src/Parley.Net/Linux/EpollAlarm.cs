using System.ComponentModel;
using Parley.Core;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Ends a wait at a time. For deadlines that are far off, and are mostly cancelled or moved before they come.</summary>
/// <remarks>
/// The timeout of a wait has the system set a timer and take it back each time, for every datagram that comes. An alarm stays set: one that comes
/// too early, as its deadline has moved, costs one round in which nothing is due. Unsafe because the system reads and fills memory by address.
/// </remarks>
internal sealed unsafe class EpollAlarm : IEpollSource, IDisposable
{
    private readonly int _fd;
    private Instant _setFor = Instant.Never;

    public EpollAlarm(Epoll epoll)
    {
        _fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (_fd < 0) throw new Win32Exception(Error);
        epoll.Add(_fd, this, EPOLLIN);
    }

    /// <summary>Sees to it that a wait ends at a deadline or before.</summary>
    /// <param name="deadline">The deadline.</param>
    /// <param name="rest">How long that is from now; more than zero.</param>
    public void SetFor(Instant deadline, TimeSpan rest)
    {
        if (deadline >= _setFor) return;
        var time = new TimerSpec { Value = TimeSpec.From(rest) };
        if (timerfd_settime(_fd, 0, &time, null) < 0) throw new Win32Exception(Error);
        _setFor = deadline;
    }

    public void OnReady(uint events)
    {
        ulong count;
        read(_fd, &count, sizeof(ulong));
        _setFor = Instant.Never;
    }

    public void Dispose() => close(_fd);
}
