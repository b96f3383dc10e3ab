namespace Parley.Sdp;

/// <summary>Why a text is no session description, and where.</summary>
/// <param name="Line">The line, 1 for the first; 0 when the whole text is meant.</param>
/// <param name="Reason">What is wrong there.</param>
public readonly record struct SdpError(int Line, SdpErrorReason Reason)
{
    /// <summary>One line for people: <c>SDP line 3: MalformedConnection</c>.</summary>
    public override string ToString() => Line == 0 ? $"SDP: {Reason}" : $"SDP line {Line}: {Reason}";
}

/// <summary>The ways in which a text fails to be a session description.</summary>
public enum SdpErrorReason
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>More bytes than <see cref="SdpLimits.MaxLengthBytes"/>.</summary>
    TooLong,

    /// <summary>More lines than <see cref="SdpLimits.MaxLines"/>.</summary>
    TooManyLines,

    /// <summary>More <c>m=</c> lines than <see cref="SdpLimits.MaxMedia"/>.</summary>
    TooManyMedia,

    /// <summary>A line that is not a letter, an equals sign and text, or has a NUL or a lone CR in it.</summary>
    MalformedLine,

    /// <summary>A letter that RFC 8866 does not define: the whole description must then be ignored (section 5).</summary>
    UnknownLineType,

    /// <summary>A line at a level or place where it cannot be.</summary>
    MisplacedLine,

    /// <summary>A second line of a type that may stand once.</summary>
    DuplicateLine,

    /// <summary>The text does not begin with <c>v=</c>.</summary>
    MissingVersion,

    /// <summary>A version other than 0.</summary>
    UnsupportedVersion,

    /// <summary>There is no <c>o=</c> line.</summary>
    MissingOrigin,

    /// <summary>An <c>o=</c> line without its six fields, or whose version is no number.</summary>
    MalformedOrigin,

    /// <summary>A <c>c=</c> line without its three fields.</summary>
    MalformedConnection,

    /// <summary>A <c>b=</c> line that is not type, colon and number.</summary>
    MalformedBandwidth,

    /// <summary>A <c>t=</c> line that is not two numbers.</summary>
    MalformedTime,

    /// <summary>An <c>m=</c> line without media, port, protocol and a format, or whose port is no number up to 65535.</summary>
    MalformedMedia,

    /// <summary>An <c>a=</c> line without a name.</summary>
    MalformedAttribute,
}

/// <summary>How much is read of what a stranger sends.</summary>
public static class SdpLimits
{
    /// <summary>Bytes of a description.</summary>
    public const int MaxLengthBytes = 65535;

    /// <summary>Lines of a description.</summary>
    public const int MaxLines = 4096;

    /// <summary>Media descriptions of a description.</summary>
    public const int MaxMedia = 256;
}
