using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>Lanes on real loops: the system gives a message to the lane of its Call-ID.</summary>
public sealed class LaneSteeringTests : IDisposable
{
    private const int Lanes = 3, Messages = 240;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly NetworkLoop[] _loops = [.. Enumerable.Range(0, Lanes).Select(_ => NetworkLoop.Start())];
    private readonly NetworkLoop _peerLoop = NetworkLoop.Start();

    [Theory]
    [InlineData("Call-ID", 0)]                              // by the system
    [InlineData("i", (Messages / 4) + 1)]                   // by hand where the system does not find it: what one address brings is for all lanes
    public async Task A_message_comes_to_the_lane_of_its_call(string fieldName, int leastHandedOver)
    {
        using SipEndpoint endpoint = SipEndpoint.Start(
            new SipEndpointOptions { Listen = [new SipListen(SipTransport.Udp, NetworkAddress.FromIPv4(0x7F000001, 0))] },
            _loops,
            lane =>
            {
                var user = new ScriptedUser(lane);
                user.Script = (in SipIncomingRequest request) => request.Reply(new SipReply(200));
                return user;
            });
        NetworkAddress server = endpoint.ListenPoints[0].Address;
        var answers = new Answers();
        IDatagramSocket peer = _peerLoop.OpenDatagram(NetworkAddress.FromIPv4(0x7F000001, 0), answers);
        foreach (int[] part in Enumerable.Range(0, Messages).Chunk(40))
        {
            var send = new Work(() => Array.ForEach(part, number => peer.Send(Request(fieldName, number, peer.LocalAddress), server)));
            Assert.True(_peerLoop.Post(send));
            Assert.True(SpinWait.SpinUntil(() => answers.Count == part[^1] + 1, Limit), $"{answers.Count} answers");
        }

        long handedOver = 0;
        foreach (SipLane lane in endpoint.Lanes)
        {
            var heard = new TaskCompletionSource<(int Requests, long HandedOver)>(TaskCreationOptions.RunContinuationsAsynchronously);
            Assert.True(lane.Post(new Work(() => heard.SetResult((((ScriptedUser)lane.User).Heard.Count, lane.Counters.HandedOver)))));
            (int requests, long fromHere) = await heard.Task.WaitAsync(Limit);
            Assert.InRange(requests, Messages / 10, Messages * 6 / 10);
            handedOver += fromHere;
        }

        if (leastHandedOver == 0) Assert.Equal(0, handedOver);
        else Assert.InRange(handedOver, leastHandedOver, Messages);
    }

    public void Dispose()
    {
        foreach (NetworkLoop loop in _loops) loop.Dispose();
        _peerLoop.Dispose();
    }

    private static byte[] Request(string fieldName, int number, NetworkAddress from) => Encoding.ASCII.GetBytes(
        $"OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bKsteer{number}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
        + $"To: <sip:bob@example.com>\r\n{fieldName}: {number}@steering.example\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");

    private sealed class Answers : IDatagramHandler
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
        {
            if (datagram.StartsWith("SIP/2.0 200"u8)) Interlocked.Increment(ref _count);
        }

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
        }
    }

    private sealed class Work(Action action) : ILoopWork
    {
        public void Run(Instant now) => action();
    }
}
