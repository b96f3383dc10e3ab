using System.Globalization;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The Reason row of a CANCEL, so that a phone does not count a call as missed that was answered at another one.</summary>
/// <remarks>Source: RFC 3326.</remarks>
internal static class CancelReason
{
    /// <summary>Another phone has answered.</summary>
    public static readonly byte[] CompletedElsewhere = Encoding.ASCII.GetBytes("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n");

    /// <summary>The call has ended with a final response of somebody else's.</summary>
    public static byte[] Of(int statusCode) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Reason: SIP;cause={statusCode};text=\"{Encoding.ASCII.GetString(ReasonPhrases.Get(statusCode))}\"\r\n"));

    /// <summary>What a CANCEL says.</summary>
    /// <returns>Its rows; null when there are none.</returns>
    public static byte[]? In(scoped in SipMessageView cancel)
    {
        if (!cancel.Has(HeaderId.Reason)) return null;
        SipMessageIndex index = cancel.Index;
        var rows = new List<byte>();
        for (int row = index.FirstRow(HeaderId.Reason); row >= 0; row = index.NextRow(row)) rows.AddRange(cancel.Buffer[index[row].RowOffset..index.RowEnd(row)]);
        return [.. rows];
    }
}
