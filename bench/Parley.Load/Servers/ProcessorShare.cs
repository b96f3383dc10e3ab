using System.Globalization;

namespace Parley.Load.Servers;

/// <summary>Gives a process less than a processor core, so that this tool, which has one, can send it many times what it can serve.</summary>
/// <remarks>A control group of its own (cgroups version 1 or 2), which takes an administrator; it is gone afterwards. Source: linux, admin-guide/cgroup-v2, cpu.max.</remarks>
internal sealed class ProcessorShare : IDisposable
{
    private const int PeriodMicroseconds = 10_000;      // short: a server should be slow, not away

    private readonly string _root;
    private readonly string _group;

    private ProcessorShare(string root)
    {
        _root = root;
        _group = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"parley-load-{Environment.ProcessId}"));
    }

    /// <summary>Limits a process.</summary>
    /// <param name="process">Its number.</param>
    /// <param name="percent">Of a core: 10 to 99.</param>
    /// <exception cref="LoadException">This machine does not let it.</exception>
    public static ProcessorShare Take(int process, int percent)
    {
        bool isFirst = Directory.Exists("/sys/fs/cgroup/cpu");
        var share = new ProcessorShare(isFirst ? "/sys/fs/cgroup/cpu" : "/sys/fs/cgroup");
        string quota = (PeriodMicroseconds * percent / 100).ToString(CultureInfo.InvariantCulture), period = PeriodMicroseconds.ToString(CultureInfo.InvariantCulture);
        try
        {
            Directory.CreateDirectory(share._group);
            if (isFirst)
            {
                share.Set("cpu.cfs_period_us", period);
                share.Set("cpu.cfs_quota_us", quota);
            }
            else
            {
                share.Set("cpu.max", $"{quota} {period}");
            }

            share.Set("cgroup.procs", process.ToString(CultureInfo.InvariantCulture));
            return share;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            share.Dispose();
            throw new LoadException($"a process cannot be given a part of a processor here: {problem.Message}");
        }
    }

    /// <summary>Gives it back; the process must have ended, or goes on without a limit.</summary>
    public void Dispose()
    {
        try
        {
            foreach (string process in File.ReadLines(Path.Combine(_group, "cgroup.procs"))) File.WriteAllText(Path.Combine(_root, "cgroup.procs"), process);
            Directory.Delete(_group);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // An empty group is left.
        }
    }

    private void Set(string file, string value) => File.WriteAllText(Path.Combine(_group, file), value);
}
