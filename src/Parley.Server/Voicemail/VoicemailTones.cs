using Parley.Media.Streams;

namespace Parley.Server.Voicemail;

/// <summary>What is heard of voicemail instead of words.</summary>
internal static class VoicemailTones
{
    private const double Level = -16;       // dB
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(120);

    /// <summary>Who has no greeting is not there: three falling notes.</summary>
    public static ChimeSource Greeting() => new(Level, (880, Short * 2), (698.46, Short * 2), (523.25, Short * 4), (0, Short));

    /// <summary>From now on it is recorded.</summary>
    public static ChimeSource Begin() => new(Level, (0, Short), (1000, Short * 3));

    /// <summary>The next message follows.</summary>
    public static ChimeSource Next() => new(Level, (0, Short), (698.46, Short), (0, Short));

    /// <summary>The message is over: a key is waited for.</summary>
    public static ChimeSource Over() => new(Level, (0, Short), (880, Short), (880, Short));

    /// <summary>The message is deleted.</summary>
    public static ChimeSource Deleted() => new(Level, (440, Short), (330, Short), (220, Short), (0, Short));

    /// <summary>There are no more messages.</summary>
    public static ChimeSource NoMore() => new(Level, (0, Short), (523.25, Short * 2), (392, Short * 4), (0, Short));
}
