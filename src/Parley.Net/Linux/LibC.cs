using System.Runtime.InteropServices;

namespace Parley.Net.Linux;

/// <summary>The system's calls that the platform has no way to: many datagrams at once, readiness, error queues.</summary>
/// <remarks>The constants are those of Linux on x86-64 and arm64, which agree. Unsafe because the calls take addresses of what they fill.</remarks>
internal static unsafe partial class LibC
{
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int SOCK_STREAM = 1;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;

    public const int SOL_IP = 0;
    public const int SOL_SOCKET = 1;
    public const int SOL_TCP = 6;
    public const int SOL_UDP = 17;
    public const int UDP_SEGMENT = 103;
    public const int SOL_IPV6 = 41;
    public const int SO_ERROR = 4;
    public const int SO_REUSEPORT = 15;
    public const int SO_SNDBUFFORCE = 32;
    public const int SO_RCVBUFFORCE = 33;
    public const int SO_ATTACH_FILTER = 26;
    public const int SO_DETACH_FILTER = 27;
    public const int SO_ATTACH_BPF = 50;
    public const int SO_MEMINFO = 55;
    public const int SO_ATTACH_REUSEPORT_CBPF = 51;
    public const int TCP_NODELAY = 1;
    public const int IP_RECVERR = 11;
    public const int IP_MULTICAST_ALL = 49;
    public const int IPV6_RECVERR = 25;

    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_ERRQUEUE = 0x2000;
    public const int SHUT_WR = 1;

    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;
    public const int EPOLL_CLOEXEC = 0x80000;
    public const uint EPOLLIN = 0x1;
    public const uint EPOLLOUT = 0x4;
    public const uint EPOLLERR = 0x8;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLET = 0x8000_0000;
    public const int EFD_NONBLOCK = 0x800;
    public const int EFD_CLOEXEC = 0x80000;

    public const int CLOCK_MONOTONIC = 1;
    public const int TFD_NONBLOCK = 0x800;
    public const int TFD_CLOEXEC = 0x80000;

    public const int PR_SET_TIMERSLACK = 29;
    public const int PRIO_PROCESS = 0;

    public const int EINTR = 4;
    public const int EIO = 5;
    public const int EINVAL = 22;
    public const int EMSGSIZE = 90;
    public const int ENOPROTOOPT = 92;
    public const int EOPNOTSUPP = 95;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ENOSYS = 38;
    public const int ENOBUFS = 105;
    public const int EINPROGRESS = 115;

    /// <summary>What the last call that failed said.</summary>
    public static int Error => Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int fd, byte* epollEvent);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, byte* events, int maxEvents, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_pwait2(int epoll, byte* events, int maxEvents, TimeSpec* timeout, void* signalMask);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int timerfd_settime(int fd, int flags, TimerSpec* next, TimerSpec* previous);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int fd, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int fd, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(int fd, byte* address, uint addressLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int accept4(int fd, byte* address, uint* addressLength, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(int fd, byte* address, uint* addressLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(int fd, int level, int option, void* value, uint* valueLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsockopt(int fd, int level, int option, void* value, uint valueLength);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(int fd, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int recvmmsg(int fd, BatchHeader* messages, uint count, int flags, TimeSpec* timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sendmmsg(int fd, BatchHeader* messages, uint count, int flags);

    /// <summary>A call that the C library has no function for.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint syscall(nint number, nint argument1, nint argument2, nint argument3);

    [LibraryImport("libc")]
    public static partial int nanosleep(TimeSpec* time, TimeSpec* rest);

    [LibraryImport("libc")]
    public static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport("libc")]
    public static partial int setpriority(int which, uint who, int nice);

    /// <summary>Lets time go by; less than asked for when a signal comes.</summary>
    public static void SleepFor(TimeSpan time)
    {
        TimeSpec spec = TimeSpec.From(time);
        _ = nanosleep(&spec, null);
    }

    /// <summary>Sets an option that is a number; whether it worked is the caller's to know.</summary>
    public static bool SetOption(int fd, int level, int option, int value) => setsockopt(fd, level, option, &value, sizeof(int)) == 0;

    /// <summary>struct timespec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;

        public static TimeSpec From(TimeSpan time) =>
            new() { Seconds = time.Ticks / TimeSpan.TicksPerSecond, Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick };
    }

    /// <summary>struct itimerspec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimerSpec
    {
        public TimeSpec Interval;
        public TimeSpec Value;
    }

    /// <summary>struct sock_filter: an instruction of a packet filter.</summary>
    /// <param name="Code">What it does: <c>BPF_*</c>.</param>
    /// <param name="IfTrue">Instructions to skip when a condition holds.</param>
    /// <param name="IfFalse">Instructions to skip when it does not.</param>
    /// <param name="Operand">Constant, offset or count of instructions.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct FilterInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Length;
        public FilterInstruction* Instructions;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct mmsghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BatchHeader
    {
        public MessageHeader Message;
        public uint Length;
    }
}
