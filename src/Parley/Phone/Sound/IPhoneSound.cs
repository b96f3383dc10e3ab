using Parley.Media.Streams;
using Parley.UserAgent;

namespace Parley.Phone.Sound;

/// <summary>Where the sound of calls comes from and goes to.</summary>
/// <remarks>The place for microphones and loudspeakers: a phone asks for each call, tells when it is over, and knows no more of sound. Safe on every thread.</remarks>
internal interface IPhoneSound
{
    /// <summary>What the user is told of it at the start.</summary>
    string Words { get; }

    /// <summary>Opens what a call needs, before it is placed or answered.</summary>
    /// <param name="call">The call's number.</param>
    /// <exception cref="Output.CommandException">It cannot be opened; the message says why.</exception>
    CallAudio Open(int call);

    /// <summary>Has a tone of the network sound for the user until the call is heard.</summary>
    /// <param name="call">The call's number; one that nothing was opened for does no harm.</param>
    /// <param name="tone">Which; null for none.</param>
    void Play(int call, CallTone? tone)
    {
    }

    /// <summary>The call is over, and has used what was opened for it for the last time.</summary>
    /// <param name="call">The call's number; one that nothing was opened for does no harm.</param>
    /// <param name="tone">What the user is told that by, for a moment; null for nothing.</param>
    /// <returns>What went wrong, in words; null when nothing did.</returns>
    Task<string?> CloseAsync(int call, CallTone? tone = null);
}
