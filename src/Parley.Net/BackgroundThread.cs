using Parley.Net.Linux;

namespace Parley.Net;

/// <summary>A thread for work that can wait: while loops have something to do it gets little of the processor.</summary>
public static class BackgroundThread
{
    private const int Nice = 10;        // a tenth of what a loop on the same core gets; at the least of all, work would not end under load

    /// <summary>Starts one; the process does not wait for it when it ends.</summary>
    /// <remarks>On systems other than Linux it has the same priority as all others.</remarks>
    /// <param name="name">The thread's name.</param>
    /// <param name="work">What it does.</param>
    public static void Start(string name, Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux()) _ = LibC.setpriority(LibC.PRIO_PROCESS, who: 0, Nice);       // of this thread alone
            work();
        });
        thread.IsBackground = true;
        thread.Name = name;
        thread.Start();
    }
}
