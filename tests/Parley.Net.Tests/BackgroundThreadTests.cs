using System.Globalization;

namespace Parley.Net.Tests;

public sealed class BackgroundThreadTests
{
    [Fact]
    public async Task It_yields_to_others_and_leaves_them_as_they_are()
    {
        var seen = new TaskCompletionSource<(string? Name, bool IsBackground, int Nice)>(TaskCreationOptions.RunContinuationsAsynchronously);
        int before = NiceOfThisThread();
        BackgroundThread.Start("later", () => seen.SetResult((Thread.CurrentThread.Name, Thread.CurrentThread.IsBackground, NiceOfThisThread())));
        Assert.Equal(("later", true, 10), await seen.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(before, NiceOfProcess());
    }

    private static int NiceOfThisThread() => NiceIn("/proc/thread-self/stat");

    /// <summary>That of the first thread, which others get theirs from.</summary>
    private static int NiceOfProcess() => NiceIn("/proc/self/stat");

    /// <summary>Field 19 of a stat file; the second may have spaces in it, and ends with a parenthesis (proc(5)).</summary>
    private static int NiceIn(string file) => int.Parse(File.ReadAllText(file).Split(')')[^1].Split(' ')[17], CultureInfo.InvariantCulture);
}
