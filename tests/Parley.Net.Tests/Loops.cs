using System.Threading.Channels;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>Runs things on a loop and waits for them, with a limit.</summary>
internal static class Loops
{
    /// <summary>How long anything may take before a test gives up on it.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(20);

    public static NetworkAddress Loopback(ushort port = 0) => NetworkAddress.FromIPv4(0x7F000001, port);

    /// <summary>Compares long contents: xunit's comparison goes byte by byte through objects.</summary>
    public static void AssertSame(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(actual));
    }

    public static Task<T> RunAsync<T>(this INetworkLoop loop, Func<T> function)
    {
        var work = new Work<T>(function);
        Assert.True(loop.Post(work));
        return work.Done.WaitAsync(Limit);
    }

    public static Task RunAsync(this INetworkLoop loop, Action action) => loop.RunAsync(() =>
    {
        action();
        return true;
    });

    public static async Task<T> NextAsync<T>(this ChannelReader<T> reader) => await reader.ReadAsync().AsTask().WaitAsync(Limit);

    /// <summary>Asks the loop again and again, a round each, until a condition holds.</summary>
    /// <param name="loop">Which.</param>
    /// <param name="condition">Looked at on the loop.</param>
    /// <param name="between">Done before each time; null for nothing.</param>
    public static async Task UntilAsync(this INetworkLoop loop, Func<bool> condition, Action? between = null)
    {
        between?.Invoke();
        using var limit = new CancellationTokenSource(Limit);
        while (!await loop.RunAsync(condition))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            between?.Invoke();
        }
    }

    private sealed class Work<T>(Func<T> function) : ILoopWork
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Done => _done.Task;

        public void Run(Instant now)
        {
            try
            {
                _done.SetResult(function());
            }
            catch (Exception exception)
            {
                _done.SetException(exception);
            }
        }
    }
}
