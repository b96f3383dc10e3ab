using System.Globalization;

namespace Parley.Net.Linux;

/// <summary>Whether a process may load programs into the kernel: told by the system, as to try is not safe.</summary>
/// <remarks>
/// A service manager may have the kernel end a process that makes a call which is not on its list (seccomp), and bpf(2) seldom is. So root does not try under such
/// a filter; another user that was given the capability was given it for this. Source: capabilities(7), proc_pid_status(5), systemd.exec(5) SystemCallFilter.
/// </remarks>
internal static class BpfPermission
{
    private const string StatusFile = "/proc/self/status";
    private const int Administrator = 21, LoadPrograms = 39;      // CAP_SYS_ADMIN, which has the other in it, and CAP_BPF

    /// <summary>Looks what this process may.</summary>
    /// <returns>False also when the system does not say.</returns>
    public static bool Read()
    {
        try
        {
            return IsGiven(File.ReadAllText(StatusFile));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads what the system says of a process.</summary>
    /// <param name="status">Rows with a name, a colon and values.</param>
    internal static bool IsGiven(string status)
    {
        string[] ValuesOf(string name) => status.Split('\n').FirstOrDefault(row => row.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (ValuesOf("CapEff") is not [string effective] || !ulong.TryParse(effective, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong capabilities)) return false;
        bool isFiltered = ValuesOf("Seccomp") is not ["0"], isRoot = ValuesOf("Uid") is not [_, not "0", ..];
        return (capabilities & ((1UL << Administrator) | (1UL << LoadPrograms))) != 0 && !(isFiltered && isRoot);
    }
}
