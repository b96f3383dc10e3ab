using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tracing;

/// <summary>A message as it went over a socket.</summary>
/// <param name="At">When.</param>
/// <param name="IsSent">True when the side that wrote it down sent it.</param>
/// <param name="Local">That side's address.</param>
/// <param name="Transport">The transport protocol.</param>
/// <param name="Remote">The other side's address.</param>
/// <param name="Bytes">The message, secrets and all.</param>
public sealed record TracedMessage(Instant At, bool IsSent, NetworkAddress Local, SipTransport Transport, NetworkAddress Remote, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Who sent it.</summary>
    public NetworkAddress From => IsSent ? Local : Remote;

    /// <summary>Who it was sent to.</summary>
    public NetworkAddress To => IsSent ? Remote : Local;

    /// <summary>Request line or status line.</summary>
    public string FirstLine
    {
        get
        {
            ReadOnlySpan<byte> bytes = Bytes.Span;
            int end = bytes.IndexOf((byte)'\r');
            return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
        }
    }

    /// <summary>The message in words that may be shown: credentials and keys are left out.</summary>
    public string RedactedText => SecretRedaction.Redact(Bytes.Span);
}
