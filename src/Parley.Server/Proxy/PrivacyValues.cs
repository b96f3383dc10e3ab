using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What somebody wants to be kept private.</summary>
/// <remarks>Source: RFC 3323 4.2, RFC 3325 9.3, RFC 7044 10.1.</remarks>
internal static class PrivacyValues
{
    /// <summary>True when a message's Privacy has a value: <c>id</c>, <c>history</c>, <c>none</c>.</summary>
    public static bool Ask(scoped in SipMessageView message, ReadOnlySpan<byte> value)
    {
        for (int row = message.Index.FirstRow(HeaderId.Privacy); row >= 0; row = message.Index.NextRow(row))
        {
            ReadOnlySpan<byte> values = message.RowValue(row);
            foreach (Range range in values.Split((byte)';'))
            {
                if (System.Text.Ascii.EqualsIgnoreCase(values[range].Trim(" \t"u8), value)) return true;
            }
        }

        return false;
    }
}
