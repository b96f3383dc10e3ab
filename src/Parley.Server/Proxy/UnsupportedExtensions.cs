using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Refuses a request that demands extensions which this server does not have.</summary>
/// <remarks>Source: RFC 3261 8.2.2.3 and 16.3 step 5.</remarks>
internal static class UnsupportedExtensions
{
    private const int MaxBytes = 1024;

    /// <summary>Checks the option tags of a header. Of a server what it declares may be demanded; of a proxy nothing.</summary>
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
            if (id == HeaderId.Require && ServerOptions.Declared.Understands(request.Method, tag.Bytes)) continue;
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
