namespace Parley.Net.Dns;

/// <summary>Answers until their time is over, and behind that while no server answers.</summary>
/// <remarks>Not safe for several threads: its client holds a lock. Source: RFC 2308 5, RFC 8767 4 (stale answers).</remarks>
internal sealed class DnsCache(int capacity, TimeProvider time)
{
    /// <summary>How long an answer is kept at most, whatever it says.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>How long an absence is kept at most.</summary>
    public static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(15);

    /// <summary>How long nobody is asked again after a failure.</summary>
    public static readonly TimeSpan Failure = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan StaleFor = TimeSpan.FromDays(1);

    private readonly Dictionary<(string Name, DnsType Type), Entry> _entries = [];
    private readonly Queue<(string Name, DnsType Type)> _order = new();

    public int Count => _entries.Count;

    /// <summary>Finds an answer whose time is not over.</summary>
    public DnsAnswer? Find(string name, DnsType type)
    {
        if (!_entries.TryGetValue((name, type), out Entry entry)) return null;
        TimeSpan age = time.GetElapsedTime(entry.Since);
        return age < entry.Life ? entry.Answer with { IsFromCache = true, TimeToLive = entry.Life - age } : null;
    }

    /// <summary>Keeps an answer.</summary>
    /// <returns>What to answer with: another, older one when this says that no server can be reached.</returns>
    public DnsAnswer Add(string name, DnsType type, DnsAnswer answer)
    {
        bool isFailure = answer.Status is DnsStatus.Refused or DnsStatus.Unreachable;
        TimeSpan life = isFailure ? Failure : Shorter(answer.TimeToLive, answer.Status == DnsStatus.Found ? Longest : LongestAbsence);
        if (isFailure && _entries.TryGetValue((name, type), out Entry before) && before.Answer.Status == DnsStatus.Found && time.GetElapsedTime(before.Since) < before.Life + StaleFor)
        {
            answer = before.Answer with { IsFromCache = true };
        }

        if (life <= TimeSpan.Zero) return answer;
        bool isNew = !_entries.ContainsKey((name, type));
        if (isNew)
        {
            while (_entries.Count >= capacity) _entries.Remove(_order.Dequeue());
            _order.Enqueue((name, type));
        }

        _entries[(name, type)] = new Entry(answer, time.GetTimestamp(), life);
        return answer;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private readonly record struct Entry(DnsAnswer Answer, long Since, TimeSpan Life);
}
