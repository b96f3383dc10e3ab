using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Programs for the kernel's own machine (eBPF) and the maps in which they and this process share numbers.</summary>
/// <remarks>
/// Only a process that has <c>CAP_BPF</c> asks for any (<see cref="BpfPermission"/>). Unsafe because the call takes addresses of what it reads. Source: bpf(2), linux/bpf.h.
/// </remarks>
internal static unsafe class Bpf
{
    private const int CreateMapCommand = 0, UpdateCommand = 2, LoadCommand = 5;
    private const uint SocketFilter = 1;
    private const int AttributesBytes = 120;        // of BPF_PROG_LOAD in the first kernels that have loops; the others are shorter

    /// <summary>The number of the call, which is the machine's; negative where it is not known.</summary>
    private static readonly nint Call = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 321, Architecture.Arm64 => 280, _ => -1 };

    /// <summary>True when this process may make maps and load programs.</summary>
    public static bool IsAllowed { get; } = Call >= 0 && BpfPermission.Read();

    /// <summary>Makes a map of one value, which is zero.</summary>
    /// <returns>Null when this process may not, or the system has none.</returns>
    public static SafeFileHandle? TryCreateMap(BpfMapKind kind, int valueBytes)
    {
        Span<byte> attributes = stackalloc byte[AttributesBytes];
        attributes.Clear();
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(attributes);
        (words[0], words[1], words[2], words[3]) = ((uint)kind, sizeof(uint), (uint)valueBytes, 1);
        return HandleOf(Do(CreateMapCommand, attributes));
    }

    /// <summary>Writes a map's value; a program that runs at this moment may see a part of it.</summary>
    public static bool TryUpdate(SafeFileHandle map, ReadOnlySpan<byte> value)
    {
        uint key = 0;
        Span<byte> attributes = stackalloc byte[AttributesBytes];
        attributes.Clear();
        fixed (byte* first = value)
        {
            MemoryMarshal.Cast<byte, int>(attributes)[0] = Descriptor(map);
            Span<ulong> addresses = MemoryMarshal.Cast<byte, ulong>(attributes);
            (addresses[1], addresses[2]) = ((ulong)&key, (ulong)first);
            return Do(UpdateCommand, attributes) == 0;
        }
    }

    /// <summary>Has the kernel check a program that decides on a socket's datagrams, and compile it.</summary>
    /// <returns>Null when it takes none, or not this one.</returns>
    public static SafeFileHandle? TryLoad(ReadOnlySpan<ulong> instructions)
    {
        Span<byte> attributes = stackalloc byte[AttributesBytes];
        attributes.Clear();
        fixed (ulong* program = instructions)
        fixed (byte* license = "MIT\0"u8)
        {
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(attributes);
            (words[0], words[1]) = (SocketFilter, (uint)instructions.Length);
            Span<ulong> addresses = MemoryMarshal.Cast<byte, ulong>(attributes);
            (addresses[1], addresses[2]) = ((ulong)program, (ulong)license);
            return HandleOf(Do(LoadCommand, attributes));
        }
    }

    /// <summary>Puts a program before a socket's queue, in place of what is there.</summary>
    public static bool TryAttach(int socket, SafeFileHandle program) => SetOption(socket, SOL_SOCKET, SO_ATTACH_BPF, Descriptor(program));

    /// <summary>The number by which the kernel knows a map; for as long as the handle is open.</summary>
    public static int Descriptor(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static SafeFileHandle? HandleOf(nint result) => result < 0 ? null : new SafeFileHandle(result, ownsHandle: true);

    private static nint Do(int command, Span<byte> attributes)
    {
        if (!IsAllowed) return -1;
        fixed (byte* first = attributes) return syscall(Call, command, (nint)first, attributes.Length);
    }
}

/// <summary>What a map is: enum bpf_map_type.</summary>
internal enum BpfMapKind
{
    /// <summary>One value for all processors.</summary>
    Array = 2,

    /// <summary>One for each, so that a program may write to it.</summary>
    PerProcessorArray = 6,
}
