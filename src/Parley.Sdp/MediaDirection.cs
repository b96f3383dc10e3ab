namespace Parley.Sdp;

/// <summary>Which way media flows, seen by whose description it is.</summary>
/// <remarks>Source: RFC 8866 6.7, RFC 3264 5.1.</remarks>
[Flags]
public enum MediaDirection
{
    /// <summary>Neither way; RTCP goes on.</summary>
    Inactive = 0,

    /// <summary>Only sent.</summary>
    SendOnly = 1,

    /// <summary>Only received.</summary>
    ReceiveOnly = 2,

    /// <summary>Both ways.</summary>
    SendReceive = SendOnly | ReceiveOnly,
}

/// <summary>What a direction is in words and to the other side.</summary>
public static class MediaDirectionExtensions
{
    /// <summary>True when this side may send.</summary>
    public static bool Sends(this MediaDirection direction) => (direction & MediaDirection.SendOnly) != 0;

    /// <summary>True when this side may receive.</summary>
    public static bool Receives(this MediaDirection direction) => (direction & MediaDirection.ReceiveOnly) != 0;

    /// <summary>The same flow seen by the other side.</summary>
    public static MediaDirection Mirror(this MediaDirection direction) =>
        (MediaDirection)((((int)direction & 1) << 1) | ((int)direction >> 1));

    /// <summary>The attribute that says it: <c>sendrecv</c>, <c>sendonly</c>, <c>recvonly</c> or <c>inactive</c>.</summary>
    public static string ToAttributeName(this MediaDirection direction) => direction switch
    {
        MediaDirection.SendReceive => "sendrecv",
        MediaDirection.SendOnly => "sendonly",
        MediaDirection.ReceiveOnly => "recvonly",
        _ => "inactive",
    };

    internal static MediaDirection? Find(SdpList<SdpAttribute> attributes)
    {
        foreach (SdpAttribute attribute in attributes)
        {
            switch (attribute.Name)
            {
                case "sendrecv": return MediaDirection.SendReceive;
                case "sendonly": return MediaDirection.SendOnly;
                case "recvonly": return MediaDirection.ReceiveOnly;
                case "inactive": return MediaDirection.Inactive;
                default: break;
            }
        }

        return null;
    }
}
