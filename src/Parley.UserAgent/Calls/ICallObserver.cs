using Parley.Endpoint.Media.Quality;
using Parley.Sdp;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent.Calls;

/// <summary>Hears what happens to one call, on its lane. Every member may call back into the call.</summary>
public interface ICallObserver
{
    /// <summary>Outgoing: the call begins; nothing was sent yet.</summary>
    void OnStarted(CallLeg call)
    {
    }

    /// <summary>Outgoing: a provisional response above 100 came.</summary>
    void OnProgress(CallLeg call, int statusCode, string reasonPhrase, bool hasEarlyMedia)
    {
    }

    /// <summary>Outgoing: the call goes to another address.</summary>
    void OnRedirected(CallLeg call, string uri)
    {
    }

    /// <summary>The call is answered and confirmed: both sides know it.</summary>
    void OnEstablished(CallLeg call)
    {
    }

    /// <summary>The other side put this one on hold, or took it off.</summary>
    void OnHeld(CallLeg call, bool isHeld)
    {
    }

    /// <summary>The other side has begun to record the call, pauses its recording, or has ended it; only where <see cref="UserAgentCoreOptions.IsRecordAware"/>.</summary>
    void OnRecorded(CallLeg call, RecordingState state)
    {
    }

    /// <summary>The other side has said whether it wants the call to be recorded.</summary>
    void OnRecordingPreferred(CallLeg call, RecordingPreference preference)
    {
    }

    /// <summary>Another call takes the place of this one, which ends now.</summary>
    void OnReplaced(CallLeg call, CallLeg by)
    {
    }

    /// <summary>The other side pressed a key.</summary>
    void OnDigit(CallLeg call, char digit, TimeSpan duration)
    {
    }

    /// <summary>A program at the other side sent something of an Info Package that is taken here.</summary>
    void OnInfo(CallLeg call, InfoMessage info)
    {
    }

    /// <summary>Digits that were asked for have all been sent.</summary>
    void OnDigitsSent(CallLeg call)
    {
    }

    /// <summary>The source has ended and its last packet is sent.</summary>
    void OnSourceEnded(CallLeg call)
    {
    }

    /// <summary>Another interval of the call is measured.</summary>
    void OnQuality(CallLeg call, in QualityInterval interval)
    {
    }

    /// <summary>The call is over. Called once and last.</summary>
    void OnEnded(CallLeg call, CallEnd end)
    {
    }
}

/// <summary>Decides what becomes of calls that come in.</summary>
public interface IIncomingCallHandler
{
    /// <summary>A call came in: valid, with an offer that can be answered. The handler sets its <see cref="CallLeg.Observer"/> and answers, rings or rejects now or later.</summary>
    void OnIncomingCall(CallLeg call);
}
