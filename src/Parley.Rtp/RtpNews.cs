namespace Parley.Rtp;

/// <summary>What becomes of a packet that came.</summary>
public enum RtpAcceptance
{
    /// <summary>It belongs to the source that is listened to.</summary>
    Accepted,

    /// <summary>It does, and that source is a new one.</summary>
    NewSource,

    /// <summary>Its source is not yet believed.</summary>
    Probation,

    /// <summary>Its sequence number is far off and not yet believed.</summary>
    Misplaced,
}

/// <summary>What came with an RTCP datagram.</summary>
public enum RtcpNews
{
    /// <summary>It is no RTCP.</summary>
    Invalid,

    /// <summary>Reports.</summary>
    Reports,

    /// <summary>The source that is listened to said goodbye.</summary>
    RemoteLeft,
}
