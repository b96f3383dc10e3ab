using System.Diagnostics.CodeAnalysis;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Dialogs;

/// <summary>A dialog of somebody else, named by its identifiers: the value of Replaces and Join.</summary>
/// <param name="CallId">Call-ID.</param>
/// <param name="ToTag">The tag of the side that the request with it is sent to.</param>
/// <param name="FromTag">The tag of the other side.</param>
/// <param name="IsEarlyOnly">Of Replaces: true when only an early dialog is meant.</param>
/// <remarks>Source: RFC 3891 6.1, RFC 3911 7.1.</remarks>
public sealed record DialogReference(string CallId, string ToTag, string FromTag, bool IsEarlyOnly = false)
{
    /// <summary>Reads Replaces or Join.</summary>
    /// <returns>Malformed when it is there twice, or lacks a tag.</returns>
    public static HeaderStatus TryRead(in SipMessageView message, HeaderId id, out DialogReference? reference)
    {
        reference = null;
        HeaderStatus status = message.TryGetSingle(id, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return TryParse(value.Bytes, out reference) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>Reads a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out DialogReference? reference)
    {
        reference = null;
        if (!ParameterizedValueView.TryParse(text, 0, out ParameterizedValueView view) || !HeaderGrammar.IsCallId(view.Value)) return false;
        if (!view.Parameters.TryGet("to-tag"u8, out ParameterView to) || !view.Parameters.TryGet("from-tag"u8, out ParameterView from)) return false;
        if (!Grammar.IsToken(to.Value) || !Grammar.IsToken(from.Value)) return false;
        reference = new DialogReference(
            Encoding.UTF8.GetString(view.Value), Encoding.UTF8.GetString(to.Value), Encoding.UTF8.GetString(from.Value), view.Parameters.TryGet("early-only"u8, out _));
        return true;
    }

    /// <summary>The value.</summary>
    public override string ToString() => $"{CallId};to-tag={ToTag};from-tag={FromTag}{(IsEarlyOnly ? ";early-only" : "")}";
}
