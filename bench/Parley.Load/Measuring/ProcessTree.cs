using System.Globalization;

namespace Parley.Load.Measuring;

/// <summary>What a process and all that it started have used, as /proc tells it.</summary>
/// <param name="Processor">User and system time of all, in steps of 10 ms.</param>
/// <param name="ResidentBytes">Memory that is in use; of several processes, what they share counts once.</param>
/// <param name="Threads">Threads of all.</param>
internal readonly record struct ProcessUse(TimeSpan Processor, long ResidentBytes, int Threads);

/// <summary>Reads <see cref="ProcessUse"/>.</summary>
/// <remarks>Source: proc(5). Processes that end while they are read count as far as they were.</remarks>
internal static class ProcessTree
{
    // USER_HZ, which Linux shows to programs as 100 whatever the kernel counts in.
    private const long TicksPerClockTick = TimeSpan.TicksPerSecond / 100;

    /// <summary>Reads what a process and its descendants have used.</summary>
    /// <param name="processId">The process.</param>
    /// <returns>Null when there is no such process.</returns>
    public static ProcessUse? Read(int processId)
    {
        List<int> processes = [];
        Collect(processId, processes);
        long clockTicks = 0, resident = 0, shared = 0;
        int threads = 0, found = 0;
        foreach (int process in processes)
        {
            if (ReadText(process, "stat") is not { } stat) continue;
            found++;
            // The name, which may have blanks and brackets in it, stands in brackets; state is the first field after it, number 3 of proc(5).
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            clockTicks += Number(fields[14 - 3]) + Number(fields[15 - 3]);
            threads += (int)Number(fields[20 - 3]);
            resident += Kibibytes(ReadText(process, "status"), "VmRSS:") * 1024;
            shared += Kibibytes(ReadText(process, "smaps_rollup"), "Pss:") * 1024;
        }

        if (found == 0) return null;
        return new ProcessUse(TimeSpan.FromTicks(clockTicks * TicksPerClockTick), found > 1 && shared > 0 ? shared : resident, threads);
    }

    private static void Collect(int process, List<int> processes)
    {
        processes.Add(process);
        try
        {
            foreach (string thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
            {
                string children = File.ReadAllText(Path.Combine(thread, "children"));
                foreach (string child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries)) Collect((int)Number(child), processes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or the kernel tells no children.
        }
    }

    private static string? ReadText(int process, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{name}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Kibibytes(string? text, string key)
    {
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (line.StartsWith(key, StringComparison.Ordinal)) return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        }

        return 0;
    }

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
