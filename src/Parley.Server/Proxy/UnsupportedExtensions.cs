using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Refuses a request that demands extensions which this server does not have.</summary>
/// <remarks>Source: RFC 3261 8.2.2.3 and 16.3 step 5.</remarks>
internal static class UnsupportedExtensions
{
    private const int MaxBytes = 1024;

    /// <summary>True for an extension of the registrar: RFC 3327, RFC 5626, RFC 5627.</summary>
    private static bool IsRegistrars(ReadOnlySpan<byte> tag) =>
        System.Text.Ascii.EqualsIgnoreCase(tag, "path"u8) || System.Text.Ascii.EqualsIgnoreCase(tag, "outbound"u8) || System.Text.Ascii.EqualsIgnoreCase(tag, "gruu"u8);

    /// <summary>Checks the option tags of a header. Of a registrar, what it does of them may be demanded; of a proxy nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">Require or Proxy-Require.</param>
    public static StepResult Check(ref RequestContext request, HeaderId id)
    {
        // RFC 3261 8.2.2.3: ignored in an ACK (and a CANCEL, which never comes here).
        if (!request.Message.Has(id) || request.Method == SipMethod.Ack) return StepResult.Continue;
        Span<byte> row = stackalloc byte[MaxBytes];
        "Unsupported: "u8.CopyTo(row);
        int length = "Unsupported: "u8.Length;
        int count = 0;
        bool isAnyDemanded = false;
        foreach (HeaderValue tag in request.Message.Values(id))
        {
            if (request.Method == SipMethod.Register && IsRegistrars(tag.Bytes)) continue;
            isAnyDemanded = true;
            if (length + tag.Length + 4 > row.Length) break;
            if (count++ > 0)
            {
                ", "u8.CopyTo(row[length..]);
                length += 2;
            }

            tag.Bytes.CopyTo(row[length..]);
            length += tag.Length;
        }

        if (!isAnyDemanded) return StepResult.Continue;
        if (count == 0) return request.Reply(420);      // a tag that is too long to be named
        "\r\n"u8.CopyTo(row[length..]);
        return request.Reply(new SipReply(420) { Headers = row[..(length + 2)] });
    }
}
