using Parley.Net.Dns;

namespace Parley.Endpoint.Sip.Locating;

/// <summary>The order in which the servers of a service are tried.</summary>
/// <remarks>Source: RFC 2782, "Usage rules".</remarks>
internal static class ServiceOrder
{
    /// <summary>Sorts by priority, and draws among those of one priority, each as likely as its weight.</summary>
    /// <param name="records">The records of one service.</param>
    /// <param name="next">Gives a number from 0 to the one that it is given, that one included.</param>
    public static List<DnsServiceRecord> Draw(IEnumerable<DnsServiceRecord> records, Func<int, int> next)
    {
        List<DnsServiceRecord> drawn = [];
        foreach (IGrouping<ushort, DnsServiceRecord> group in records.GroupBy(record => record.Priority).OrderBy(group => group.Key))
        {
            // Those of weight 0 first, so that they have a small chance at all.
            List<DnsServiceRecord> left = [.. group.OrderBy(record => record.Weight != 0)];
            while (left.Count > 0)
            {
                int number = next(left.Sum(record => record.Weight)), sum = 0;
                int chosen = left.FindIndex(record => (sum += record.Weight) >= number);
                drawn.Add(left[chosen]);
                left.RemoveAt(chosen);
            }
        }

        return drawn;
    }
}
