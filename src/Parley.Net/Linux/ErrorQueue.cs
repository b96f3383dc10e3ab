using Parley.Core;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Reads the ICMP errors that the system keeps per datagram socket.</summary>
/// <remarks>
/// Which of them are told is RFC 3261 18.4's choice: destination unreachable and parameter problem, but not time exceeded, source quench, or
/// a datagram that was too big for the path (the next one is fragmented). Unsafe because the system fills memory by address.
/// </remarks>
internal static unsafe class ErrorQueue
{
    private const int ControlBytes = 512;
    private const int HeaderBytes = 16;                 // struct cmsghdr: length (8), level (4), type (4)
    private const int ExtendedErrorBytes = 16;          // struct sock_extended_err: errno (4), origin, type, code, pad (1 each), info (4), data (4)
    private const byte OriginIcmp = 2;
    private const byte OriginIcmp6 = 3;

    /// <summary>Takes the next error.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="remote">Where the datagram was sent that it is about; the default value for an error that is not told.</param>
    /// <returns>False when the queue is empty.</returns>
    public static bool TryTake(int fd, out NetworkAddress remote)
    {
        byte* name = stackalloc byte[SocketAddress.MaxLengthBytes];
        byte* control = stackalloc byte[ControlBytes];
        var message = new MessageHeader { Name = name, NameLength = SocketAddress.MaxLengthBytes, Control = control, ControlLength = ControlBytes };
        remote = default;
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
        if (IsUnreachable(new ReadOnlySpan<byte>(control, (int)message.ControlLength))) remote = SocketAddress.Read(name);
        return true;
    }

    private static bool IsUnreachable(ReadOnlySpan<byte> control)
    {
        while (control.Length >= HeaderBytes)
        {
            int length = (int)BitConverter.ToInt64(control);
            int level = BitConverter.ToInt32(control[8..]), type = BitConverter.ToInt32(control[12..]);
            if (length < HeaderBytes || length > control.Length) return false;
            if ((level, type) is (SOL_IP, IP_RECVERR) or (SOL_IPV6, IPV6_RECVERR) && length >= HeaderBytes + ExtendedErrorBytes)
            {
                return (control[HeaderBytes + 4], control[HeaderBytes + 5], control[HeaderBytes + 6]) switch
                {
                    (OriginIcmp, 3, 4) => false,            // fragmentation needed (RFC 792, RFC 1191)
                    (OriginIcmp, 3 or 12, _) => true,       // destination unreachable, parameter problem (RFC 792)
                    (OriginIcmp6, 1 or 4, _) => true,       // destination unreachable, parameter problem (RFC 4443)
                    _ => false,
                };
            }

            control = control[Math.Min(control.Length, (length + 7) & ~7)..];
        }

        return false;
    }
}
