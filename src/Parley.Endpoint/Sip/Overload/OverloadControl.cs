using System.Numerics;
using Parley.Core;
using Parley.Net;

namespace Parley.Endpoint.Sip.Overload;

/// <summary>Keeps a UDP socket of a lane working when more comes than can be served: sheds (<see cref="Overload.Admission"/>), and has the system drop what would have to be shed anyway.</summary>
/// <remarks>
/// <para>
/// Shedding a datagram costs a tenth of serving it, so at ten times the load nothing would be left to serve with. So most of what is too much is left to
/// the system (<see cref="DatagramThinning"/>); what still comes in is what can be served and somewhat more (<see cref="ThinningShare"/>), of which some are told 503.
/// </para>
/// <para>
/// The system goes by Call-ID: a REGISTER that was challenged comes again with the same, so it is let in again. Every few seconds others get their turn.
/// It never drops requests other than those that begin something, nor what has two tags, From's and To's, and so belongs to a dialog.
/// </para>
/// </remarks>
internal sealed class OverloadControl(SipLane lane) : LoopTimer
{
    private const int Parts = DatagramThinning.Parts;
    private const int SystemBytes = 256, BlockBytes = 412;      // what Linux adds to a datagram in the buffer, and to the block that it is in
    private const int IntervalsOfChange = 100;  // what a change takes, so many times, is the least from one to the next
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    /// <summary>What <see cref="Admission.Begins"/> takes for a beginning, by its first four characters.</summary>
    internal static readonly string[] Beginnings = ["REGI", "REFE", "INVI", "OPTI", "SUBS", "MESS", "PUBL"];

    private readonly ThinningShare _share = new();
    private DatagramThinning? _thinning;
    private Instant _turnEnd;
    private int _waiting;       // bytes, when it was looked at last
    private Instant _lookedAt;
    private bool _cannot;       // the system does not thin out

    /// <summary>Decides on single datagrams.</summary>
    public Admission Admission { get; } = new();

    /// <summary>The socket.</summary>
    public IDatagramSocket Socket { get; set; } = null!;

    /// <summary>How many of 4096 parts of the beginnings the system lets through.</summary>
    public int Kept => _thinning?.Kept ?? Parts;

    /// <summary>True when a datagram is to be decided on: this is asked for each.</summary>
    public bool Concerns(int fullness) => fullness >= Admission.ShedFrom || _thinning is not null;

    /// <summary>A datagram is being decided on.</summary>
    public void Watch(Instant now)
    {
        if (!ScheduledFor.IsNever || _cannot) return;
        Admission.TakeCounts();
        (_waiting, _lookedAt) = (Socket.WaitingBytes, now);
        lane.Loop.Schedule(this, now + Interval);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        (int seen, long bytes, int begun, int shed) = Admission.TakeCounts();
        (int waiting, int fullness) = (Socket.WaitingBytes, Socket.Fullness);
        double excessBytes = fullness <= Admission.ShedFrom ? 0 : (double)waiting * (fullness - Admission.ShedFrom) / fullness;
        double In(double bytesWaiting) => seen == 0 ? 0 : bytesWaiting / WaitingBytesOf((int)(bytes / seen)) * begun / seen;
        var sample = new ThinningSample(begun, shed, In(waiting - _waiting), In(excessBytes), now - _lookedAt);
        int kept = _share.Next(Kept, sample);
        (_waiting, _lookedAt) = (waiting, now);
        TimeSpan next = Interval;
        if (kept != Kept || (now >= _turnEnd && kept < Parts)) next = Thin(kept, now);
        if (_thinning is not null || shed > 0) lane.Loop.Schedule(this, now + next);
    }

    /// <summary>About what a datagram takes in the buffer: one of 400 bytes 1280, one of 1000 bytes 2304.</summary>
    private static double WaitingBytesOf(int lengthBytes) => SystemBytes + BitOperations.RoundUpToPowerOf2((uint)(lengthBytes + BlockBytes));

    /// <returns>When to look again: where the system has to take a program over, that costs a millisecond, and what it had of this process's pages at hand; all that of a core that others may have a part of.</returns>
    private TimeSpan Thin(int kept, Instant now)
    {
        long start = lane.Loop.Time.GetTimestamp();
        bool isNewTurn = _thinning is null || now >= _turnEnd;
        if (isNewTurn) _turnEnd = now + Turn;
        DatagramThinning? thinning = kept == Parts ? null
            : isNewTurn ? new DatagramThinning { Field = new FieldSteering("Call-ID"), Starts = Beginnings, Mark = ";tag=", Kept = kept }
            : _thinning! with { Kept = kept };      // the same ones, or some of them
        _cannot = !Socket.TryThin(thinning);
        _thinning = _cannot ? null : thinning;
        if (Socket.AdjustsThinning) return Interval;
        TimeSpan least = lane.Loop.Time.GetElapsedTime(start) * IntervalsOfChange;
        return TimeSpan.FromTicks(Math.Clamp(least.Ticks, Interval.Ticks, LongestInterval.Ticks));
    }
}
