using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.CallRecords;
using Parley.Server.Events.Dialogs;
using Parley.Sip.Messages;

namespace Parley.Server.Calls;

/// <summary>The answered calls that count for somebody, are shown to somebody or are recorded, from their 2xx to their BYE.</summary>
/// <remarks>
/// A BYE may never come, when a phone has lost its power. So these calls have a session timer (RFC 4028), and are over here when it is not refreshed;
/// where neither side knows session timers, after <see cref="LongestCall"/>. One lane owns it: all of a call is in the lane of its Call-ID.
/// </remarks>
internal sealed class CallTable(SipLane lane, CallLimits limits)
{
    private const int MostRecorded = 65_536;        // calls that are here for their record only; beyond that one is written as soon as it is answered
    private static readonly TimeSpan LongestCall = TimeSpan.FromHours(12);

    // Who refreshes does so at half of the interval, and who does not ends the call a little before its end (RFC 4028 10).
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(32);

    private readonly Dictionary<UInt128, TrackedCall> _calls = [];
    private readonly SeededHash128 _hash = SeededHash128.CreateRandom();

    /// <summary>Calls that count.</summary>
    public int Count => _calls.Count;

    /// <summary>A call was answered.</summary>
    /// <param name="answer">The 2xx.</param>
    /// <param name="interval">The session interval; zero when there is none.</param>
    /// <param name="users">For whom it counts already.</param>
    /// <param name="followed">Who is shown as having it; null for nobody.</param>
    /// <param name="recorded">Its record; null when none is kept.</param>
    public void Add(scoped in SipMessageView answer, TimeSpan interval, IEnumerable<string> users, FollowedCall? followed = null, RecordedCall? recorded = null)
    {
        string[] counted = [.. users];
        if (counted.Length == 0 && followed is null && recorded is null) return;
        if (counted.Length == 0 && followed is null && _calls.Count >= MostRecorded)
        {
            recorded!.OnTimeOver();
            return;
        }

        UInt128 key = KeyOf(answer);
        var call = new TrackedCall(this, key, counted, followed, recorded);
        if (!_calls.TryAdd(key, call))
        {
            foreach (string user in counted) limits.Leave(user);        // the same dialog cannot begin twice
            followed?.OnOver();
            recorded?.OnTimeOver();
            return;
        }

        Schedule(call, interval);
    }

    /// <summary>A 2xx to a later INVITE or an UPDATE was forwarded.</summary>
    /// <param name="answer">The 2xx.</param>
    /// <param name="interval">The session interval; zero when there is none.</param>
    public void OnRefreshed(scoped in SipMessageView answer, TimeSpan interval)
    {
        if (_calls.Count > 0 && _calls.TryGetValue(KeyOf(answer), out TrackedCall? call)) Schedule(call, interval);
    }

    /// <summary>A BYE is forwarded.</summary>
    public void OnBye(scoped in SipMessageView bye)
    {
        if (_calls.Count > 0 && _calls.TryGetValue(KeyOf(bye), out TrackedCall? call))
        {
            call.Recorded?.OnBye(bye);
            Remove(call);
        }
    }

    private void Schedule(TrackedCall call, TimeSpan interval) =>
        lane.Loop.Schedule(call, lane.Now + (interval > TimeSpan.Zero ? interval + Grace : LongestCall));

    private void Remove(TrackedCall call)
    {
        lane.Loop.Schedule(call, Instant.Never);
        _calls.Remove(call.Key);
        foreach (string user in call.Users) limits.Leave(user);
        call.Followed?.OnOver();
        call.Recorded?.OnTimeOver();
    }

    /// <summary>The same for both directions of a dialog.</summary>
    private UInt128 KeyOf(scoped in SipMessageView message)
    {
        message.TryGetCallId(out ReadOnlySpan<byte> callId);
        message.TryGetFrom(out NameAddressView from);
        message.TryGetTo(out NameAddressView to);
        return unchecked(_hash.Compute(callId) ^ (_hash.Compute(from.Tag) + _hash.Compute(to.Tag)));
    }

    private sealed class TrackedCall(CallTable table, UInt128 key, string[] users, FollowedCall? followed, RecordedCall? recorded) : LoopTimer
    {
        public UInt128 Key => key;

        public string[] Users => users;

        public FollowedCall? Followed => followed;

        public RecordedCall? Recorded => recorded;

        public override void OnDeadline(Instant now) => table.Remove(this);
    }
}
