namespace Parley.Net;

/// <summary>How a loop asks the system.</summary>
public enum NetworkEngine
{
    /// <summary>The best that this system has.</summary>
    Automatic,

    /// <summary>Linux: epoll, recvmmsg and sendmmsg, ICMP errors, shared ports.</summary>
    Epoll,

    /// <summary>Any system: the platform's sockets and select. One call per datagram; no ICMP errors, no shared ports.</summary>
    Portable,
}
