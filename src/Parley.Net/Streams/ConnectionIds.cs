namespace Parley.Net.Streams;

/// <summary>Numbers the connections of this process, whatever their loop.</summary>
internal static class ConnectionIds
{
    private static long _last;

    public static long Next() => Interlocked.Increment(ref _last);
}
