namespace Parley.InteropTests.Harness;

/// <summary>Says which repeated messages of a capture do not belong there.</summary>
/// <remarks>
/// A message is repeated when the same hop sends the same method or status with the same Call-ID, CSeq and branch again.
/// <list type="bullet">
/// <item>A request: over UDP only, as its timer wants (T1, then twice as long each time), while nothing (INVITE: not even a provisional answer; others: no final
/// answer) has come. RFC 3261 17.1.1.2, 17.1.2.2.</item>
/// <item>A response: one for each time that its request came, or a final answer to INVITE as its timer wants, while no ACK has
/// come (2xx: over any transport). RFC 3261 13.3.1.4, 17.2.1, 17.2.2. Its ACK has its To tag, and the INVITE's branch if it is no 2xx
/// (17.1.1.3): a phone that rang beside has one of its own.</item>
/// <item>An ACK: one for each time that a final answer came. RFC 3261 13.2.2.4, 17.1.1.2.</item>
/// </list>
/// </remarks>
internal static class Retransmissions
{
    // The capture sees a message a little before who receives it has read it.
    private static readonly TimeSpan InFlight = TimeSpan.FromMilliseconds(50);

    // Timers count from when the sender decided to send: on a busy machine the first message leaves later than that.
    private const double LatenessMs = 480;
    private const double T1Ms = 500;
    private const double T2Ms = 4000;

    /// <summary>One line for each message that was repeated without a reason.</summary>
    public static IEnumerable<string> OutOfPlace(IReadOnlyList<CapturedSip> messages)
    {
        for (int i = 0; i < messages.Count; i++)
        {
            CapturedSip message = messages[i];
            int before = LastLike(messages, i);
            if (before >= 0 && WhyOutOfPlace(messages, message, messages[before], before, i) is { } reason) yield return $"{message}: {reason}";
        }
    }

    private static string? WhyOutOfPlace(IReadOnlyList<CapturedSip> messages, CapturedSip message, CapturedSip earlier, int before, int index)
    {
        bool Came(int from, Func<CapturedSip, bool> matches) => Range(messages, from, index).Any(other => matches(other) && other.At <= message.At - InFlight);
        int Count(Func<CapturedSip, bool> matches) => Range(messages, 0, index).Count(matches);
        int sent = Count(other => IsLike(other, message));
        bool Answers(CapturedSip other) => other.Status is not null && IsBack(other, message) && other.Branch == message.Branch && SameRequest(other, message);
        TimeSpan interval = message.At - earlier.At;
        bool IsTooEarly() => (message.At - Range(messages, 0, index).First(other => IsLike(other, message)).At).TotalMilliseconds < EarliestMs(sent, message.IsRequest("INVITE"));

        if (message.IsRequest("ACK"))
        {
            return Count(other => other.IsResponse("INVITE") && other.IsFinal && SameCall(other, message)) > sent ? null : "an ACK, with no repeated answer";
        }

        if (message.Status is null)
        {
            if (message.IsTcp) return "a request over TCP";
            if (Came(0, other => Answers(other) && (message.Method == "INVITE" || other.IsFinal))) return "a request that was answered";
            return IsTooEarly() ? $"a request after {interval.TotalMilliseconds:0} ms" : null;
        }

        if (Count(other => other.Status is null && other.Branch == message.Branch && IsBack(other, message) && SameRequest(other, message)) > sent) return null;
        if (message.Method != "INVITE") return "an answer, with no repeated request";
        if (!message.IsFinal) return interval < TimeSpan.FromSeconds(1) ? "a provisional answer" : null;    // RFC 3261 13.3.1.1: each minute; a proxy passes them on
        if (message.IsTcp && message.Status >= 300) return "a final answer over TCP";
        if (Came(before, other => Acknowledges(other, message))) return "a final answer after its ACK";
        return IsTooEarly() ? $"a final answer after {interval.TotalMilliseconds:0} ms" : null;
    }

    /// <summary>How long after the first time the n-th repeat may come: T1, then twice as long each time, up to T2 but for the request INVITE.</summary>
    private static double EarliestMs(int n, bool isInvite)
    {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += Math.Min(T1Ms * Math.Pow(2, i), isInvite ? double.MaxValue : T2Ms);
        return sum - LatenessMs;
    }

    private static int LastLike(IReadOnlyList<CapturedSip> messages, int index)
    {
        CapturedSip message = messages[index];
        for (int i = index - 1; i >= 0; i--)
        {
            if (IsLike(messages[i], message)) return i;
        }

        return -1;
    }

    private static bool IsLike(CapturedSip one, CapturedSip other) =>
        one.Status == other.Status && one.Branch == other.Branch && one.ToTag == other.ToTag && SameRequest(one, other)
        && one.Source.Equals(other.Source) && one.Destination.Equals(other.Destination);

    private static bool SameRequest(CapturedSip one, CapturedSip other) => SameCall(one, other) && one.Method == other.Method;

    private static bool SameCall(CapturedSip one, CapturedSip other) => one.CallId == other.CallId && one.Sequence == other.Sequence;

    private static bool Acknowledges(CapturedSip ack, CapturedSip answer) =>
        ack.IsRequest("ACK") && SameCall(ack, answer) && ack.ToTag == answer.ToTag && (answer.Status < 300 || ack.Branch == answer.Branch);

    // Between the same two hosts the other way; the ports may differ (RFC 3261 18.2.2).
    private static bool IsBack(CapturedSip one, CapturedSip other) =>
        one.Source.Address.Equals(other.Destination.Address) && one.Destination.Address.Equals(other.Source.Address);

    private static IEnumerable<CapturedSip> Range(IReadOnlyList<CapturedSip> messages, int from, int to) => messages.Skip(from).Take(to - from);
}
