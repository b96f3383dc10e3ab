using Parley.Media.Streams;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Services;

/// <summary>Answers every call and plays music until the caller hangs up.</summary>
/// <param name="createSource">Makes the music of one call; null plays the tune that Parley has.</param>
public sealed class MusicService(Func<IAudioSource>? createSource = null) : IIncomingCallHandler
{
    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        ArgumentNullException.ThrowIfNull(call);
        call.Answer(new CallAudio { Source = createSource?.Invoke() ?? new MelodySource() });
    }
}
