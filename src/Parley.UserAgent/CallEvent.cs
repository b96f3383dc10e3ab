using Parley.Endpoint.Media.Quality;
using Parley.Sdp;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent;

/// <summary>Something that happened to a call. <see cref="Call.Events"/> gives them in order.</summary>
public abstract record CallEvent;

/// <summary>Outgoing: a provisional response came.</summary>
/// <param name="StatusCode">101 to 199: 180 rings, 181 is forwarded, 182 is queued, 183 progresses.</param>
/// <param name="ReasonPhrase">Its phrase.</param>
/// <param name="HasEarlyMedia">True when sound comes before the answer.</param>
public sealed record CallProgress(int StatusCode, string ReasonPhrase, bool HasEarlyMedia) : CallEvent;

/// <summary>Outgoing: a server sent the call elsewhere, and it goes there.</summary>
/// <param name="Uri">Where to.</param>
public sealed record CallRedirected(string Uri) : CallEvent;

/// <summary>The call is answered.</summary>
/// <param name="Codec">What is sent with: <c>PCMU</c>.</param>
public sealed record CallAnswered(string Codec) : CallEvent;

/// <summary>The other side put this one on hold, or took it off.</summary>
/// <param name="IsHeld">True when it wants to hear nothing.</param>
public sealed record CallHeld(bool IsHeld) : CallEvent;

/// <summary>The other side has begun to record the call, pauses its recording, or has ended it: show it to whoever speaks.</summary>
/// <param name="State">Which.</param>
public sealed record CallRecorded(RecordingState State) : CallEvent;

/// <summary>The other side has said whether it wants the call to be recorded.</summary>
/// <param name="Preference">What it wants.</param>
public sealed record CallRecordingPreferred(RecordingPreference Preference) : CallEvent;

/// <summary>The other side was asked to call somebody else, and tells how far it has come.</summary>
/// <param name="Progress">How far.</param>
public sealed record CallTransferring(TransferProgress Progress) : CallEvent;

/// <summary>Another call takes the place of this one, which ends now.</summary>
/// <param name="By">That call.</param>
public sealed record CallReplaced(Call? By) : CallEvent;

/// <summary>The other side pressed a key.</summary>
/// <param name="Digit">0-9, *, #, A-D.</param>
/// <param name="Duration">How long it was held down; zero when an INFO told of it that does not say.</param>
public sealed record DigitReceived(char Digit, TimeSpan Duration) : CallEvent;

/// <summary>A program at the other side sent something of an Info Package that is taken here.</summary>
/// <param name="Info">What.</param>
public sealed record CallInfo(InfoMessage Info) : CallEvent;

/// <summary>Five more seconds of the call are measured.</summary>
/// <param name="Interval">How good they were.</param>
public sealed record CallQualityMeasured(QualityInterval Interval) : CallEvent;

/// <summary>The source has ended, and its last packet is sent.</summary>
public sealed record SourceEnded : CallEvent;

/// <summary>The call is over: the last event.</summary>
/// <param name="End">How.</param>
public sealed record CallEnded(CallEnd End) : CallEvent;
