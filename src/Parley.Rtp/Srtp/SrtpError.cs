namespace Parley.Rtp.Srtp;

/// <summary>Why a packet was not protected, or not let in.</summary>
public enum SrtpError
{
    /// <summary>It was.</summary>
    None,

    /// <summary>Too short for a header and what SRTP puts behind it.</summary>
    TooShort,

    /// <summary>Not of version 2, or its header is longer than the packet.</summary>
    Malformed,

    /// <summary>It names a master key that is not this one.</summary>
    UnknownMki,

    /// <summary>Its tag is not right: changed on the way, forged, or of another key.</summary>
    NotAuthentic,

    /// <summary>A packet of this index was there before. A sender that asks for it would use a keystream twice.</summary>
    Replayed,

    /// <summary>So far behind that nobody knows whether it was there before.</summary>
    TooOld,

    /// <summary>One SSRC more than a key is kept for.</summary>
    TooManySources,

    /// <summary>The key has protected as many packets as it may: another must be agreed on.</summary>
    KeyExhausted,
}
