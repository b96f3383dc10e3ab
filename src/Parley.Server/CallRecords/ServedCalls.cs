using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.CallRecords;

/// <summary>Records the calls that a service of this server takes: echo, conferences, mailboxes.</summary>
/// <remarks>Stands between the service's user agent and the service. Belongs to a lane; has as many calls as the user agent.</remarks>
internal sealed class ServedCalls(CallRecordStore store, TimeProvider time, IIncomingCallHandler service) : IIncomingCallHandler, ICallObserver
{
    private readonly Dictionary<CallLeg, CallRecord> _calls = [];

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        _calls[call] = new CallRecord(call.CallId, "", call.RemoteUri, call.RequestUri, "", time.GetUtcNow());
        service.OnIncomingCall(call);
    }

    /// <inheritdoc/>
    public void OnEstablished(CallLeg call)
    {
        if (_calls.TryGetValue(call, out CallRecord? record)) _calls[call] = record with { Answered = time.GetUtcNow(), Status = 200, Codec = call.Codec ?? "" };
    }

    /// <inheritdoc/>
    public void OnEnded(CallLeg call, CallEnd end)
    {
        if (!_calls.Remove(call, out CallRecord? record)) return;
        bool isCallers = end.Reason is CallEndReason.HungUpByPeer or CallEndReason.Cancelled;
        store.Add(record with
        {
            Ended = time.GetUtcNow(),
            Status = record.Answered is null ? (end.Reason == CallEndReason.Cancelled ? 487 : end.StatusCode) : record.Status,
            EndedBy = isCallers ? CallEnder.Caller : CallEnder.Server,
            Targets = [record.Callee],
        });
    }
}
