namespace Parley.UserAgent;

/// <summary>Where a call is.</summary>
/// <remarks>The picture is above <see cref="Calls.CallLeg"/>.</remarks>
public enum CallState
{
    /// <summary>Outgoing: the INVITE is on its way, nobody has said anything.</summary>
    Calling,

    /// <summary>Outgoing: a provisional response came: it rings, it is queued, it is forwarded.</summary>
    Proceeding,

    /// <summary>Incoming: nobody has decided what to do with it.</summary>
    Incoming,

    /// <summary>Incoming: the caller was told that it rings.</summary>
    Ringing,

    /// <summary>Incoming: answered, and the caller has not confirmed it yet.</summary>
    Accepted,

    /// <summary>The two are connected.</summary>
    Established,

    /// <summary>Outgoing: given up here before an answer, and the other side has not confirmed it yet.</summary>
    Cancelling,

    /// <summary>Hung up here, and the other side has not confirmed it yet.</summary>
    Ending,

    /// <summary>Over.</summary>
    Ended,
}
