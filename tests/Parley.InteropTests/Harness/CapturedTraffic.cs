using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>What a capture holds, and whether it is as the RFCs want it.</summary>
/// <param name="Faults">What tshark calls malformed or an error, and datagrams that are neither SIP nor RTP, RTCP or STUN.</param>
internal sealed record CapturedTraffic(IReadOnlyList<string> Faults, IReadOnlyList<CapturedSip> Sip, IReadOnlyList<CapturedRtp> Rtp, IReadOnlyList<CapturedRtcp> Rtcp)
{
    /// <summary>Nothing malformed, nothing unknown, no message repeated where none should be.</summary>
    public void AssertClean()
    {
        Assert.NotEmpty(Sip);
        string[] all =
        [
            .. Faults,
            .. Sip.SelectMany(message => MessageGrammar.FaultsOf(message.Head, message.Body).Select(fault => $"{message}: {fault}")),
            .. Retransmissions.OutOfPlace(Sip),
            .. StreamFaults(),
        ];
        Assert.True(all.Length == 0, string.Join(Environment.NewLine, all));
    }

    /// <summary>The first lines of what one address sent another, without repeats: "INVITE", "180" and so on, in order.</summary>
    public IEnumerable<string> Ladder(IPAddress from, IPAddress to) =>
        Sip.Where(message => message.Source.Address.Equals(from) && message.Destination.Address.Equals(to))
            .DistinctBy(message => (message.FirstLine, message.CallId, message.Sequence, message.Branch, message.ToTag))
            .Select(message => message.Status is { } status ? $"{status} {message.Method}" : message.Method);

    /// <summary>The status codes of the final answers to a method, without repeats, in order.</summary>
    public IEnumerable<int> AnswersTo(string method) =>
        Sip.Where(message => message.IsResponse(method) && message.IsFinal)
            .DistinctBy(message => (message.Status, message.CallId, message.Sequence, message.Branch))
            .Select(message => message.Status!.Value);

    // RFC 3550 5.1: the sequence number grows by one per packet, and the timestamp never goes back, but for a digit's, which stays at
    // its start while sound goes on (RFC 4733 2.2). Nothing is lost or overtaken here: a hole is one that the sender made.
    private IEnumerable<string> StreamFaults()
    {
        foreach (var stream in Rtp.GroupBy(packet => (packet.Source, packet.Destination, packet.Ssrc)))
        {
            CapturedRtp? last = null;
            var lastTimestamps = new Dictionary<int, uint>();
            foreach (CapturedRtp packet in stream)
            {
                if (packet.Version != 2) yield return $"{stream.Key}: version {packet.Version}";
                if (last is not null && packet.Sequence != (ushort)(last.Sequence + 1)) yield return $"{stream.Key}: {packet.Sequence} follows {last.Sequence}";
                if (lastTimestamps.TryGetValue(packet.PayloadType, out uint timestamp) && (int)(packet.Timestamp - timestamp) < 0) yield return $"{stream.Key}: the timestamp of {packet.Sequence} goes back";
                last = packet;
                lastTimestamps[packet.PayloadType] = packet.Timestamp;
            }
        }
    }
}
