using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>The packet filter by which the kernel chooses among the sockets of a port: it computes what <see cref="FieldSteering.SocketOf"/> does.</summary>
/// <remarks>
/// What it returns when the field is not found is no socket's number, and the kernel goes by the addresses as it would without a program.
/// Source: socket(7) SO_ATTACH_REUSEPORT_CBPF.
/// </remarks>
internal sealed class SteeringProgram : FieldProgram
{
    private SteeringProgram(FieldSteering steering, int sockets, int searchBytes)
    {
        WriteSumOfField(steering, searchBytes);
        Write(Modulo, (uint)sockets);
        Write(ReturnA);
    }

    /// <summary>Has the kernel steer what comes to the sockets that share the port of one.</summary>
    /// <returns>False when it cannot.</returns>
    public static bool TryAttach(int fd, FieldSteering steering, int sockets) =>
        TryAttach(fd, SO_ATTACH_REUSEPORT_CBPF, searchBytes => new SteeringProgram(steering, sockets, searchBytes));
}
