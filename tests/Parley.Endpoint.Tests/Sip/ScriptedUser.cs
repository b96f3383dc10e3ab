using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>A transaction user that writes down what it hears, and answers as the test says.</summary>
internal sealed class ScriptedUser(SipLane lane) : ITransactionUser
{
    public delegate void RequestScript(in SipIncomingRequest request);

    public SipLane Lane { get; } = lane;

    public List<string> Heard { get; } = [];

    public List<SipServerTransaction> Servers { get; } = [];

    public RequestScript? Script { get; set; }

    public string? LastRequest { get; private set; }

    public string? LastResponse { get; private set; }

    public void OnRequest(in SipIncomingRequest request)
    {
        Heard.Add(Encoding.ASCII.GetString(request.Message.MethodBytes));
        LastRequest = Encoding.UTF8.GetString(request.Message.Bytes);
        Script?.Invoke(request);
    }

    public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
    {
        Heard.Add($"{response.StatusCode} to {transaction.Method}");
        LastResponse = Encoding.UTF8.GetString(response.Bytes);
    }

    public void OnResponseAgain(in SipMessageView response, in SipFlow upstream) => Heard.Add($"{response.StatusCode} again for {upstream}");

    public void OnTimeout(SipClientTransaction transaction) => Heard.Add($"timeout of {transaction.Method}");

    public void OnTransportFailed(SipClientTransaction transaction) => Heard.Add($"failure of {transaction.Method}");

    public void OnServerFailed(SipServerTransaction transaction) => Heard.Add($"server failure of {transaction.Method}");

    public void OnStrayResponse(in SipMessageView response, in SipFlow flow) => Heard.Add($"stray {response.StatusCode}");

    /// <summary>Takes the request and answers with statuses, one after the other.</summary>
    public RequestScript Answering(params int[] statuses) => (in SipIncomingRequest request) =>
    {
        if (request.Message.Method == SipMethod.Ack) return;
        SipServerTransaction? transaction = request.CreateTransaction(this);
        if (transaction is null) return;
        Servers.Add(transaction);
        foreach (int status in statuses) transaction.Respond(new SipReply(status));
    };

    /// <summary>Sends a request of this user in a transaction.</summary>
    public SipClientTransaction? Send(SipMethod method, SipFlow target, string callId = "call@test", int bodyLength = 0, string headers = "")
    {
        SipFlow flow = Lane.FlowFor(target, 400 + bodyLength);
        byte[] branch = new byte[SipLane.MaxBranchBytes];
        int branchLength = Lane.WriteBranch(branch);
        byte[] via = new byte[SipLane.MaxViaBytes + branchLength];
        int viaLength = Lane.WriteVia(via, flow, branch.AsSpan(0, branchLength));
        string name = Encoding.ASCII.GetString(method.Name);
        string text =
            $"{name} sip:bob@{target.Remote} SIP/2.0\r\nVia: {Encoding.ASCII.GetString(via, 0, viaLength)}\r\nMax-Forwards: 70\r\n"
            + $"From: <sip:alice@a.example>;tag=a1\r\nTo: <sip:bob@b.example>\r\nCall-ID: {callId}\r\nCSeq: 1 {name}\r\n{headers}"
            + $"Content-Length: {bodyLength}\r\n\r\n{new string('x', bodyLength)}";
        PooledBuffer request = Lane.Loop.Buffers.Copy(Encoding.ASCII.GetBytes(text));
        return Lane.SendRequest(method, branch.AsSpan(0, branchLength), request, flow, this, state: null);
    }
}

/// <summary>A datagram socket that sends what a test writes and keeps what comes.</summary>
internal sealed class RawPeer : IDatagramHandler
{
    private readonly IDatagramSocket _socket;

    public RawPeer(INetworkLoop loop, NetworkAddress local) => _socket = loop.OpenDatagram(local, this);

    public List<string> Received { get; } = [];

    public NetworkAddress Address => _socket.LocalAddress;

    public void Send(string text, NetworkAddress to) => _socket.Send(Encoding.UTF8.GetBytes(text), to);

    public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) =>
        Received.Add(Encoding.UTF8.GetString(datagram));

    public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
    {
    }
}
