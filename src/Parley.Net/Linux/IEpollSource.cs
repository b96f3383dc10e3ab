namespace Parley.Net.Linux;

/// <summary>Something with a descriptor that an <see cref="EpollLoop"/> watches.</summary>
internal interface IEpollSource
{
    /// <summary>The descriptor is ready for what the source waits for.</summary>
    /// <param name="events">EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP.</param>
    void OnReady(uint events);
}
