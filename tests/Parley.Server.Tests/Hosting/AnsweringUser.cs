using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Hosting;

/// <summary>Answers every request with 200.</summary>
internal sealed class AnsweringUser : ITransactionUser
{
    public void OnRequest(in SipIncomingRequest request) => request.Reply(new SipReply(200));

    public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
    {
    }

    public void OnTimeout(SipClientTransaction transaction)
    {
    }

    public void OnTransportFailed(SipClientTransaction transaction)
    {
    }

    public void OnServerFailed(SipServerTransaction transaction)
    {
    }

    public void OnStrayResponse(in SipMessageView response, in SipFlow flow)
    {
    }
}
