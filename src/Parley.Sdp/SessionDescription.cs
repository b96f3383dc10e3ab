using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Sdp;

/// <summary>A session as one side describes it.</summary>
/// <remarks>
/// Immutable and compared as a value: who changes it makes another with <c>with</c>. Lines may come in any order within
/// their level and are written in the order of RFC 8866; <c>s=</c> and <c>t=</c> may be missing. Unknown attributes are
/// kept, an unknown letter is refused. Source: RFC 8866 5.
/// </remarks>
public sealed record SessionDescription
{
    /// <summary>The media type of its text: <c>application/sdp</c>.</summary>
    public const string MediaType = "application/sdp";

    /// <summary>The <c>o=</c> line.</summary>
    public required SdpOrigin Origin { get; init; }

    /// <summary>The <c>s=</c> line; <c>-</c> for a call, which has no subject.</summary>
    public string SessionName { get; init; } = "-";

    /// <summary>The <c>i=</c> line.</summary>
    public string? Information { get; init; }

    /// <summary>The <c>u=</c> line.</summary>
    public string? Uri { get; init; }

    /// <summary>The <c>e=</c> lines.</summary>
    public SdpList<string> Emails { get; init; } = [];

    /// <summary>The <c>p=</c> lines.</summary>
    public SdpList<string> Phones { get; init; } = [];

    /// <summary>The <c>c=</c> line that holds for media without their own.</summary>
    public SdpConnection? Connection { get; init; }

    /// <summary>The <c>b=</c> lines.</summary>
    public SdpList<SdpBandwidth> Bandwidths { get; init; } = [];

    /// <summary>The <c>t=</c> lines.</summary>
    public SdpList<SdpTime> Times { get; init; } = [SdpTime.Permanent];

    /// <summary>The <c>k=</c> line, obsolete and kept.</summary>
    public string? Key { get; init; }

    /// <summary>The <c>a=</c> lines before the first <c>m=</c>, in order, known or not.</summary>
    public SdpList<SdpAttribute> Attributes { get; init; } = [];

    /// <summary>The streams.</summary>
    public SdpList<MediaDescription> Media { get; init; } = [];

    /// <summary>Reads a description. Bytes that are no UTF-8 become U+FFFD; CRLF and LF both end a line.</summary>
    /// <param name="text">The body as it came.</param>
    /// <param name="description">The description when there is one.</param>
    /// <param name="error">Where and why there is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out SessionDescription? description, out SdpError error)
    {
        description = null;
        if (text.Length > SdpLimits.MaxLengthBytes)
        {
            error = new SdpError(0, SdpErrorReason.TooLong);
            return false;
        }

        error = new SdpParser(Encoding.UTF8.GetString(text)).Parse(out description);
        return description is not null;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out SessionDescription?, out SdpError)"/>
    public static bool TryParse(string text, [NotNullWhen(true)] out SessionDescription? description, out SdpError error) =>
        TryParse(Encoding.UTF8.GetBytes(text), out description, out error);

    /// <summary>The <c>c=</c> line that holds for a stream: its own, else the session's.</summary>
    public SdpConnection? ConnectionOf(MediaDescription media) => media.Connections.Count > 0 ? media.Connections[0] : Connection;

    /// <summary>The direction that holds for a stream: its own, else the session's, else both ways.</summary>
    public MediaDirection DirectionOf(MediaDescription media) =>
        media.Direction ?? MediaDirectionExtensions.Find(Attributes) ?? MediaDirection.SendReceive;

    /// <summary>An attribute that holds for a stream: its own, else the session's.</summary>
    /// <param name="media">The stream.</param>
    /// <param name="name">The attribute's name.</param>
    /// <returns>Null when there is none.</returns>
    public SdpAttribute? AttributeOf(MediaDescription media, string name)
    {
        ArgumentNullException.ThrowIfNull(media);
        return Find(media.Attributes) ?? Find(Attributes);

        SdpAttribute? Find(SdpList<SdpAttribute> attributes)
        {
            foreach (SdpAttribute attribute in attributes)
            {
                if (attribute.Name == name) return attribute;
            }

            return null;
        }
    }

    /// <summary>The text, with CRLF.</summary>
    /// <exception cref="InvalidOperationException">A text has a line end or NUL in it, or a field is empty that must not be.</exception>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <inheritdoc cref="ToBytes"/>
    public override string ToString() => SdpWriter.Write(this);
}
