using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tracing;

/// <summary>What kind of step an arrow of a ladder shows, which decides its colour.</summary>
public enum LadderStepKind
{
    /// <summary>A request.</summary>
    Request,

    /// <summary>A 1xx response.</summary>
    Provisional,

    /// <summary>A 2xx response.</summary>
    Success,

    /// <summary>A 3xx response, or a 401 or 407: the request is made again.</summary>
    Again,

    /// <summary>Any other final response.</summary>
    Refusal,

    /// <summary>A stretch of audio.</summary>
    Media,
}

/// <summary>Somebody in a ladder.</summary>
/// <param name="Name">How people call it.</param>
/// <param name="Address">Where its messages come from.</param>
public sealed record LadderParticipant(string Name, NetworkAddress Address);

/// <summary>One arrow of a ladder.</summary>
/// <param name="From">Index of the participant that sent it.</param>
/// <param name="To">Index of the participant that it went to.</param>
/// <param name="At">Time since the first step.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Label">In few words: the first line of a message.</param>
/// <param name="Detail">All of it, secrets left out.</param>
/// <param name="IsRepeated">True for a retransmission.</param>
public sealed record LadderStep(int From, int To, TimeSpan At, LadderStepKind Kind, string Label, string Detail, bool IsRepeated);

/// <summary>Who said what to whom and when: the picture that SIP is explained with.</summary>
/// <remarks>Made of messages as they went over sockets; each is one arrow, however many sides wrote it down.</remarks>
public sealed class LadderDiagram
{
    private readonly List<LadderParticipant> _participants = [];
    private readonly List<LadderStep> _steps = [];
    private readonly Instant _start;

    private LadderDiagram(Instant start) => _start = start;

    /// <summary>From left to right.</summary>
    public IReadOnlyList<LadderParticipant> Participants => _participants;

    /// <summary>From top to bottom.</summary>
    public IReadOnlyList<LadderStep> Steps => _steps;

    /// <summary>Draws messages up.</summary>
    /// <param name="messages">By time.</param>
    /// <param name="participants">Who is known by name, from left to right; others are added with their address as name.</param>
    public static LadderDiagram Create(IReadOnlyList<TracedMessage> messages, IEnumerable<LadderParticipant> participants)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var ladder = new LadderDiagram(messages.Count == 0 ? Instant.Zero : messages[0].At);
        ladder._participants.AddRange(participants);
        HashSet<NetworkAddress> writers = [.. messages.Where(message => message.IsSent).Select(message => message.Local)];
        HashSet<string> seen = [];
        foreach (TracedMessage message in messages)
        {
            // A message between two sides that both write down is drawn where it was sent.
            if (!message.IsSent && writers.Contains(message.Remote)) continue;
            ladder.Add(message, seen);
        }

        return ladder;
    }

    /// <summary>Adds a stretch of audio between two participants, at its time.</summary>
    public void AddMedia(int from, int to, Instant at, string label)
    {
        var step = new LadderStep(from, to, at - _start, LadderStepKind.Media, label, label, IsRepeated: false);
        int index = _steps.FindIndex(other => other.At > step.At);
        _steps.Insert(index < 0 ? _steps.Count : index, step);
    }

    private void Add(TracedMessage message, HashSet<string> seen)
    {
        string identity = string.Create(CultureInfo.InvariantCulture, $"{message.From}>{message.To}:") + Encoding.Latin1.GetString(message.Bytes.Span);
        string firstLine = message.FirstLine;
        bool isResponse = firstLine.StartsWith("SIP/2.0 ", StringComparison.Ordinal);
        string label = isResponse ? firstLine[8..] + OfMethod(message) : firstLine.Replace(" SIP/2.0", "", StringComparison.Ordinal);
        _steps.Add(new LadderStep(
            IndexOf(message.From), IndexOf(message.To), message.At - _start, KindOf(firstLine, isResponse), label, message.RedactedText, !seen.Add(identity)));
    }

    private static string OfMethod(TracedMessage message)
    {
        var index = new SipMessageIndex();
        if (!SipParser.TryIndex(message.Bytes.Span, index, out _)) return "";
        var view = new SipMessageView(message.Bytes.Span, index);
        return view.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok ? $" ({Encoding.ASCII.GetString(cseq.MethodBytes)})" : "";
    }

    private static LadderStepKind KindOf(string firstLine, bool isResponse)
    {
        if (!isResponse) return LadderStepKind.Request;
        return firstLine.AsSpan(8) switch
        {
            ['1', ..] => LadderStepKind.Provisional,
            ['2', ..] => LadderStepKind.Success,
            ['3', ..] or ['4', '0', '1', ..] or ['4', '0', '7', ..] => LadderStepKind.Again,
            _ => LadderStepKind.Refusal,
        };
    }

    private int IndexOf(NetworkAddress address)
    {
        int index = _participants.FindIndex(participant => participant.Address == address);
        // One machine sends over TCP from other ports than it listens on.
        if (index < 0) index = FindOnly(address);
        if (index >= 0) return index;
        _participants.Add(new LadderParticipant(address.ToString(), address));
        return _participants.Count - 1;
    }

    private int FindOnly(NetworkAddress address)
    {
        int found = -1;
        for (int i = 0; i < _participants.Count; i++)
        {
            if (!_participants[i].Address.SameHost(address)) continue;
            if (found >= 0) return -1;
            found = i;
        }

        return found;
    }
}
