using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Messages;

/// <summary>Texts that wait for the one before to the same address.</summary>
/// <remarks>Source: RFC 3428 8: "MUST NOT initiate a new out-of-dialog MESSAGE transaction to a given URI if there is a previous [one] pending".</remarks>
internal sealed class MessageQueue(UserAgentCore core)
{
    private const int MaxWaiting = 64;      // per address
    private const int MaxAddresses = 1024;

    private readonly Dictionary<string, Queue<MessageRequest>> _underWay = [];

    /// <summary>Sends a text, at once or behind others.</summary>
    public void Send(SipUri target, string text, IMessageObserver observer)
    {
        var request = new MessageRequest(core, target, text, observer, OnEnded);
        if (_underWay.TryGetValue(request.Target, out Queue<MessageRequest>? waiting))
        {
            if (waiting.Count >= MaxWaiting) observer.OnFailed(RequestFailure.Overloaded);
            else waiting.Enqueue(request);
            return;
        }

        if (_underWay.Count >= MaxAddresses)
        {
            observer.OnFailed(RequestFailure.Overloaded);
            return;
        }

        _underWay.Add(request.Target, new Queue<MessageRequest>());
        request.Start();
    }

    private void OnEnded(MessageRequest request)
    {
        if (_underWay[request.Target].TryDequeue(out MessageRequest? next)) next.Start();
        else _underWay.Remove(request.Target);
    }
}
