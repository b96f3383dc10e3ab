using Parley.UserAgent;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;

namespace Parley.Phone.State;

/// <summary>What failures mean to people, and what they can do about them.</summary>
internal static class Reasons
{
    /// <summary>Why a registration failed.</summary>
    public static string Of(RegistrationFailure failure) => failure switch
    {
        { Failure: RequestFailure.NotLocated } => "the server's name is unknown; is the domain right, and the network there?",
        { Failure: RequestFailure.TimedOut } or { StatusCode: 408 } => "the server does not answer; is it running, and the address right? (408)",
        { Failure: not null } => "the server cannot be reached; is it running, and the network there? (503)",
        { StatusCode: 401 or 407 or 403 } => $"the user name or the password is wrong ({failure.StatusCode})",
        { StatusCode: 404 } => "the server knows no such user (404)",
        _ => $"{failure.StatusCode} {failure.ReasonPhrase}",
    };

    /// <summary>How a call ended; null when the two have spoken and one hung up.</summary>
    public static string? Of(CallEnd end) => end.Reason switch
    {
        CallEndReason.HungUp or CallEndReason.HungUpByPeer => null,
        CallEndReason.Cancelled => "given up",
        CallEndReason.Rejected => $"refused here ({end.StatusCode})",
        CallEndReason.NoAnswer => "nobody answers (408)",
        CallEndReason.NotLocated => "the name is unknown: is the address right, and the network there?",
        CallEndReason.TransportFailed => "cannot be reached (503)",
        CallEndReason.AuthenticationFailed => $"the user name or the password is wrong ({end.StatusCode})",
        CallEndReason.NoMedia => "the two have no codec in common (488)",
        CallEndReason.NotConfirmed => "the other side did not confirm the call",
        CallEndReason.Lost => $"the other side is gone ({end.StatusCode})",
        CallEndReason.Overloaded => "too many calls",
        _ => Of(end.StatusCode, end.ReasonPhrase),
    };

    /// <summary>What a refusal means.</summary>
    public static string Of(int statusCode, string reasonPhrase) => statusCode switch
    {
        401 or 407 => $"the user name or the password is wrong ({statusCode})",
        403 => "not allowed (403)",
        404 or 604 => $"nobody has this address ({statusCode})",
        408 => "no answer (408)",
        480 => "cannot be reached now (480)",
        486 or 600 => $"busy ({statusCode})",
        487 => "given up",
        488 or 606 => $"no codec in common ({statusCode})",
        603 => "declined (603)",
        _ => $"{statusCode} {reasonPhrase}",
    };
}
