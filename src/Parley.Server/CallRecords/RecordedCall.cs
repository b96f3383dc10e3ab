using System.Text;
using Parley.Sdp;
using Parley.Sip.Messages;

namespace Parley.Server.CallRecords;

/// <summary>A forwarded call of which a record is kept, from its INVITE until it is over.</summary>
/// <remarks>
/// <code>
///          2xx                 BYE, or its time is over
/// Begun ----------> Answered -----------------------------> stored
///   +-------------------------------------------------------^
///          another final response, CANCEL
/// </code>
/// Belongs to the lane of the call. It keeps texts and no views.
/// </remarks>
internal sealed class RecordedCall
{
    private const int MaxTargets = 16, MaxText = 256;

    private readonly CallRecordStore _store;
    private readonly TimeProvider _time;
    private readonly List<string> _targets = [];
    private CallRecord _record;
    private bool _isStored;

    /// <summary>Begins with an INVITE.</summary>
    /// <param name="store">Where it goes when it is over.</param>
    /// <param name="time">The clock.</param>
    /// <param name="invite">The INVITE.</param>
    /// <param name="asserted">The user whose password or network was proven; empty for a stranger.</param>
    public RecordedCall(CallRecordStore store, TimeProvider time, scoped in SipMessageView invite, string asserted)
    {
        (_store, _time) = (store, time);
        string callId = invite.TryGetCallId(out ReadOnlySpan<byte> id) == HeaderStatus.Ok ? Text(id) : "";
        bool hasFrom = invite.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok, hasTo = invite.TryGetTo(out NameAddressView to) == HeaderStatus.Ok;
        _record = new CallRecord(callId, hasFrom ? Text(from.Tag) : "", hasFrom ? Text(from.Uri) : "", hasTo ? Text(to.Uri) : "", asserted, time.GetUtcNow());
    }

    /// <summary>It is sent to a target.</summary>
    public void OnTarget(ReadOnlySpan<byte> uri)
    {
        if (_targets.Count == MaxTargets) return;
        string target = Text(uri).Replace(' ', '+');
        if (!_targets.Contains(target)) _targets.Add(target);
    }

    /// <summary>It is answered.</summary>
    public void OnAnswered(scoped in SipMessageView success)
    {
        if (_record.Answered is null) _record = _record with { Answered = _time.GetUtcNow(), Status = success.StatusCode, Codec = CodecOf(success) };
    }

    /// <summary>It ended before an answer.</summary>
    /// <param name="status">Of the final response.</param>
    /// <param name="endedBy">Who ended it.</param>
    public void OnFailed(int status, CallEnder endedBy) => Store(_record with { Status = status, EndedBy = endedBy });

    /// <summary>A BYE is forwarded.</summary>
    public void OnBye(scoped in SipMessageView bye)
    {
        bool isCallers = bye.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok && Text(from.Tag) == _record.FromTag;
        Store(_record with { EndedBy = isCallers ? CallEnder.Caller : CallEnder.Callee });
    }

    /// <summary>No BYE came until its time was over.</summary>
    public void OnTimeOver() => Store(_record with { EndedBy = CallEnder.Unknown });

    private void Store(CallRecord record)
    {
        if (_isStored) return;
        _isStored = true;
        _store.Add(record with { Ended = _time.GetUtcNow(), Targets = [.. _targets] });
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.Length > MaxText ? bytes[..MaxText] : bytes);

    /// <summary>The first format of the first stream, by its name where it says one.</summary>
    private static string CodecOf(scoped in SipMessageView success)
    {
        bool isDescription = success.BodyLength > 0 && success.TryGetContentType(out MediaTypeView type) == HeaderStatus.Ok && type.Is("application"u8, "sdp"u8);
        if (!isDescription || !SessionDescription.TryParse(success.Body, out SessionDescription? description, out _)) return "";
        foreach (MediaDescription media in description.Media)
        {
            if (!media.IsRejected && media.RtpFormats() is { Count: > 0 } formats) return formats[0].EncodingName;
        }

        return "";
    }
}
