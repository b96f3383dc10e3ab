using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Sdp;

namespace Parley.Phone.State;

/// <summary>Where a call is, as its user sees it.</summary>
internal enum CallPhase
{
    /// <summary>It goes out, and nobody has answered.</summary>
    Calling,

    /// <summary>It comes in, and rings here.</summary>
    Ringing,

    /// <summary>Answered here, and not yet confirmed.</summary>
    Answering,

    /// <summary>The two are connected.</summary>
    Talking,

    /// <summary>Hung up here; the other side has not confirmed it yet.</summary>
    Ending,
}

/// <summary>A call of the phone.</summary>
internal sealed class PhoneCall(int number, int account, string callId, bool isIncoming, string uri, string name)
{
    /// <summary>Its number on this phone, from 1.</summary>
    public int Number => number;

    /// <summary>Of which account it is.</summary>
    public int Account => account;

    /// <summary>Its Call-ID.</summary>
    public string CallId => callId;

    /// <summary>True when the other side called.</summary>
    public bool IsIncoming => isIncoming;

    /// <summary>Who the other side is.</summary>
    public string Uri => uri;

    /// <summary>What the other side is called: by this phone's contacts, by itself, or by its address.</summary>
    public string Name => name;

    /// <summary>Where it is.</summary>
    public CallPhase Phase { get; internal set; } = isIncoming ? CallPhase.Ringing : CallPhase.Calling;

    /// <summary>What the other side said last before an answer: "Ringing"; empty for nothing.</summary>
    public string Progress { get; internal set; } = "";

    /// <summary>When it began to ring, or to call.</summary>
    public Moment Since { get; internal init; }

    /// <summary>When it was answered; null before.</summary>
    public Instant? AnsweredAt { get; internal set; }

    /// <summary>True while this side has put the other one on hold.</summary>
    public bool IsHolding { get; internal set; }

    /// <summary>True while the other side has put this one on hold.</summary>
    public bool IsHeld { get; internal set; }

    /// <summary>Whether the other side says that it records the call.</summary>
    public RecordingState RemoteRecording { get; internal set; }

    /// <summary>The codec; empty before the answer.</summary>
    public string Codec { get; internal set; } = "";

    /// <summary>Keys that were pressed in it.</summary>
    public string Digits { get; internal set; } = "";

    /// <summary>Keys that the other side pressed.</summary>
    public string DigitsHeard { get; internal set; } = "";

    /// <summary>How far its transfer has come, in words; empty for none.</summary>
    public string Transfer { get; internal set; } = "";

    /// <summary>How it sounds; null before anything is known.</summary>
    public AudioStatistics? Audio { get; internal set; }

    /// <summary>The call whose place it takes; null for none.</summary>
    public int? Replaces { get; internal init; }

    /// <summary>Where it is, in a word or three.</summary>
    public string Words => Phase switch
    {
        CallPhase.Calling => Progress.Length > 0 ? Progress : "calling",
        CallPhase.Ringing => "rings here",
        CallPhase.Answering => "answering",
        CallPhase.Ending => "hanging up",
        _ => Talking + RemoteRecording switch { RecordingState.On => ", they record", RecordingState.Paused => ", they pause their recording", _ => "" },
    };

    private string Talking => (IsHolding, IsHeld) switch { (true, true) => "on hold, both", (true, false) => "on hold", (false, true) => "held by them", _ => "talking" };

    /// <summary>How long the two have been connected.</summary>
    public TimeSpan Duration(Instant now) => AnsweredAt is { } answered && now > answered ? now - answered : TimeSpan.Zero;
}
