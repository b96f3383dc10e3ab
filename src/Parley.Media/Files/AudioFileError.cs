namespace Parley.Media.Files;

/// <summary>Why a file is none that Parley reads, in words for people.</summary>
/// <param name="Reason">Which.</param>
/// <param name="Text">One line, without the file's name.</param>
public readonly record struct AudioFileError(AudioFileErrorReason Reason, string Text)
{
    /// <summary>The words.</summary>
    public override string ToString() => Text;
}

/// <summary>The ways in which a file is none that Parley reads.</summary>
public enum AudioFileErrorReason
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>It cannot be opened or read.</summary>
    Unreadable,

    /// <summary>It does not begin as a file of its kind does.</summary>
    NotAudio,

    /// <summary>It ends before its sound begins, or has none.</summary>
    NoSound,

    /// <summary>Its sound comes before its format.</summary>
    NoFormat,

    /// <summary>Its sound is compressed in another way, or of floating-point numbers.</summary>
    UnsupportedCoding,

    /// <summary>Its samples are not of 16 bits.</summary>
    UnsupportedSampleSize,

    /// <summary>It has more than two channels, or none.</summary>
    UnsupportedChannels,

    /// <summary>Its sample rate is below 8 kHz or above 192 kHz.</summary>
    UnsupportedSampleRate,

    /// <summary>It has more sound than Parley keeps in memory.</summary>
    TooLong,

    /// <summary>The library that decodes it is not installed.</summary>
    NoLibrary,
}
