using Parley.Media.Streams;

namespace Parley.Server.Conferences;

/// <summary>What is heard in a room instead of words: rising for what opens, falling for what closes.</summary>
internal static class RoomTones
{
    private const double Level = -30;       // dB: heard in a pause, and no trouble in a sentence
    private const double OwnLevel = -22;    // what one alone hears

    private static readonly TimeSpan Note = TimeSpan.FromMilliseconds(180);

    /// <summary>Somebody came.</summary>
    public static ChimeSource Joined() => new(Level, (523.25, Note), (783.99, Note));

    /// <summary>Somebody left.</summary>
    public static ChimeSource Left() => new(Level, (783.99, Note), (523.25, Note));

    /// <summary>Nobody else may come in.</summary>
    public static ChimeSource Locked() => new(Level, (659.26, Note), (659.26, Note), (440, Note));

    /// <summary>Others may come in again.</summary>
    public static ChimeSource Unlocked() => new(Level, (440, Note), (659.26, Note), (659.26, Note));

    /// <summary>To one alone: the others do not hear him.</summary>
    public static ChimeSource Muted() => new(OwnLevel, (440, Note));

    /// <summary>To one alone: the others hear him again.</summary>
    public static ChimeSource Unmuted() => new(OwnLevel, (880, Note));

    /// <summary>To one alone: he may not do that.</summary>
    public static ChimeSource Refused() => new(OwnLevel, (220, Note), (0, Note / 2), (220, Note));
}
