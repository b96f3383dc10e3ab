using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Services;

/// <summary>Answers every call and lets the caller hear itself, keys included.</summary>
public sealed class EchoService : IIncomingCallHandler
{
    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        ArgumentNullException.ThrowIfNull(call);
        call.Answer(CallAudio.Echo());
    }
}
