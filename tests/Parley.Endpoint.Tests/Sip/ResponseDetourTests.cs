using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>RFC 3261 18.2.2 and RFC 3263 5: responses whose request came over a connection that is over.</summary>
public sealed class ResponseDetourTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _asking;
    private readonly VirtualHost _standIn;
    private readonly VirtualHost _server;
    private readonly Dictionary<string, SipFlow[]> _names = [];

    public ResponseDetourTests()
    {
        _asking = _network.AddHost("asking", "192.0.2.1");
        _server = _network.AddHost("server", "192.0.2.2");
        _standIn = _network.AddHost("stand-in", "192.0.2.3");
        _names["pair.example"] = [Tcp("192.0.2.1:5060"), Tcp("192.0.2.3:5060")];
    }

    [Fact]
    public void Another_server_of_the_name_in_sent_by_gets_it()
    {
        (SipEndpoint server, ScriptedUser user) = Start(_server, "192.0.2.2:5060", follows: true);
        (SipEndpoint standIn, ScriptedUser heard) = Start(_standIn, "192.0.2.3:5060");
        AskAndHangUp("pair.example", user);

        user.Servers[0].Respond(new SipReply(486));

        Assert.True(_network.Run(() => heard.Heard.Count > 0, Limit));
        Assert.Equal(["stray 486"], heard.Heard);
        AssertNothingLeft(server, standIn);
    }

    [Theory]
    [InlineData("pair.example")]
    [InlineData("192.0.2.3")]
    public void Who_asked_gets_it_where_it_listens(string sentBy)
    {
        (SipEndpoint server, ScriptedUser user) = Start(_server, "192.0.2.2:5060", follows: true);
        (SipEndpoint standIn, ScriptedUser other) = Start(_standIn, "192.0.2.3:5060");
        (SipEndpoint asking, ScriptedUser heard) = Start(_asking, "192.0.2.1:5060");
        AskAndHangUp(sentBy, user);

        user.Servers[0].Respond(new SipReply(486));

        Assert.True(_network.Run(() => heard.Heard.Count > 0, Limit));
        Assert.Equal(["stray 486"], heard.Heard);
        AssertNothingLeft(server, standIn, asking);
        Assert.Empty(other.Heard);
    }

    [Fact]
    public void The_address_in_sent_by_is_the_last_that_is_tried()
    {
        (SipEndpoint server, ScriptedUser user) = Start(_server, "192.0.2.2:5060", follows: true);
        (SipEndpoint standIn, ScriptedUser heard) = Start(_standIn, "192.0.2.3:5070");
        AskAndHangUp("192.0.2.3:5070", user);

        user.Servers[0].Respond(new SipReply(486));

        Assert.True(_network.Run(() => heard.Heard.Count > 0, Limit));
        AssertNothingLeft(server, standIn);
    }

    [Theory]
    [InlineData("pair.example", false)]
    [InlineData("192.0.2.3", false)]
    [InlineData("nobody.example", true)]
    public void No_host_is_connected_to_that_a_stranger_names_or_that_nobody_knows(string sentBy, bool follows)
    {
        (SipEndpoint server, ScriptedUser user) = Start(_server, "192.0.2.2:5060", follows);
        (SipEndpoint standIn, ScriptedUser heard) = Start(_standIn, "192.0.2.3:5060");
        AskAndHangUp(sentBy, user);

        user.Servers[0].Respond(new SipReply(486));

        AssertNothingLeft(server, standIn);
        Assert.Empty(heard.Heard);
    }

    private static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);

    private static SipFlow Tcp(string address) => new(SipTransport.Tcp, At(address));

    private (SipEndpoint Endpoint, ScriptedUser User) Start(VirtualHost host, string address, bool follows = false)
    {
        ScriptedUser? user = null;
        var options = new SipEndpointOptions
        {
            Listen = [new SipListen(SipTransport.Tcp, At(address))],
            Resolver = new Names(_names),
            FollowsSentBy = follows ? source => source == At("192.0.2.1:0").WithPort(source.Port) : null,
        };
        SipEndpoint endpoint = SipEndpoint.Start(options, [host.Loop], lane => user = new ScriptedUser(lane));
        user!.Script = (in SipIncomingRequest request) => user.Servers.Add(request.CreateTransaction(user)!);
        return (endpoint, user);
    }

    /// <summary>Sends an INVITE over a connection, which is closed before it is answered.</summary>
    private void AskAndHangUp(string sentBy, ScriptedUser asked)
    {
        var peer = new Stream();
        IStreamConnection connection = _asking.Loop.ConnectStream(At("192.0.2.2:5060"), peer);
        PooledBuffer invite = _asking.Loop.Buffers.Copy(Encoding.ASCII.GetBytes(
            $"INVITE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/TCP {sentBy};branch=z9hG4bKx1\r\nMax-Forwards: 70\r\nFrom: <sip:a@a.example>;tag=a1\r\n"
            + "To: <sip:bob@b.example>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"));
        connection.Send(invite);
        invite.Release();
        Assert.True(_network.Run(() => asked.Servers.Count > 0, Limit));
        connection.Close();
        Assert.True(_network.Run(() => asked.Lane.Endpoint.ConnectionCount == 0, Limit));
    }

    private void AssertNothingLeft(params SipEndpoint[] endpoints)
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.All(endpoints.SelectMany(endpoint => endpoint.Lanes), lane => Assert.Equal(0, lane.ServerTransactionCount));
        foreach (SipEndpoint endpoint in endpoints) endpoint.Dispose();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private sealed class Names(Dictionary<string, SipFlow[]> names) : ISipResolver
    {
        public void Resolve(in SipDestination destination, SipLane lane, SipLocateRequest request) => request.Complete(lane, names.GetValueOrDefault(destination.Host) ?? []);
    }

    private sealed class Stream : IStreamHandler
    {
        public void OnConnected(Instant now, IStreamConnection connection)
        {
        }

        public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes)
        {
        }

        public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason)
        {
        }
    }
}
