using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>Requests to multicast groups and their answers: RFC 3261 18.1.1, 18.2.2, 17.1.3.</summary>
public sealed class MulticastTests
{
    private const string GroupAddress = "224.0.1.75:5060";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _asking;
    private readonly VirtualHost _one;
    private readonly VirtualHost _other;

    public MulticastTests()
    {
        _asking = _network.AddHost("asking", "192.0.2.1");
        _one = _network.AddHost("one", "192.0.2.2");
        _other = _network.AddHost("other", "192.0.2.3");
    }

    private static SipFlow Group => new(SipTransport.Udp, At(GroupAddress));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_request_reaches_all_members_and_the_first_answer_counts(int lanes)
    {
        (SipEndpoint asking, ScriptedUser a) = Start(_asking, "192.0.2.1:5070", joins: true, lanes: lanes);
        (SipEndpoint one, ScriptedUser b) = Start(_one, "192.0.2.2:5060", listensTo: GroupAddress);
        (SipEndpoint other, ScriptedUser c) = Start(_other, "192.0.2.3:5060", listensTo: GroupAddress);
        b.Script = b.Answering(200);
        c.Script = c.Answering(404);

        string[] calls = [.. Enumerable.Range(0, 100).Select(i => $"call-{i}").Where(call => asking.LaneOf(Encoding.ASCII.GetBytes(call)) == a.Lane).Take(4)];
        foreach (string call in calls) Assert.NotNull(a.Send(SipMethod.Options, Group, callId: call));

        Assert.True(_network.Run(() => a.Heard.Count == 4, Limit), _network.ToString());
        Assert.Contains("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK", b.LastRequest, StringComparison.Ordinal);
        Assert.Contains(";rport;maddr=224.0.1.75;ttl=1\r\n", b.LastRequest, StringComparison.Ordinal);
        AssertNothingLeft(asking, one, other);
        Assert.Equal(4, b.Heard.Count(heard => heard == "OPTIONS"));
        Assert.Equal(4, c.Heard.Count(heard => heard == "OPTIONS"));
        Assert.Equal(4, a.Heard.Count);
    }

    [Fact]
    public void Nobody_is_sent_to_a_group_that_is_not_listened_on()
    {
        (SipEndpoint asking, ScriptedUser a) = Start(_asking, "192.0.2.1:5060");
        (SipEndpoint one, ScriptedUser b) = Start(_one, "192.0.2.2:5060", listensTo: GroupAddress);
        a.Send(SipMethod.Options, Group);
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["failure of Options"], a.Heard);
        AssertNothingLeft(asking, one);
        Assert.Empty(b.Heard);
    }

    [Fact]
    public void Who_listens_on_a_group_sends_to_it_too()
    {
        (SipEndpoint asking, ScriptedUser a) = Start(_asking, "192.0.2.1:5060", listensTo: GroupAddress);
        (SipEndpoint one, ScriptedUser b) = Start(_one, "192.0.2.2:5060", listensTo: GroupAddress);
        b.Script = b.Answering(200);
        a.Send(SipMethod.Options, Group);
        Assert.True(_network.Run(() => a.Heard.Contains("200 to Options"), Limit));
        AssertNothingLeft(asking, one);
    }

    /// <summary>Otherwise anybody could have answers sent to everybody.</summary>
    [Theory]
    [InlineData("192.0.2.2:5060", "maddr=224.0.1.75")]      // it came to one
    [InlineData(GroupAddress, "maddr=224.0.1.76")]          // it came to another group
    [InlineData(GroupAddress, "maddr=192.0.2.3")]
    [InlineData(GroupAddress, "x=y")]
    public void An_answer_goes_to_a_group_only_when_its_request_came_there(string to, string parameter)
    {
        (SipEndpoint one, ScriptedUser b) = Start(_one, "192.0.2.2:5060", listensTo: GroupAddress);
        b.Script = b.Answering(200);
        var member = new RawPeer(_other.Loop, At(GroupAddress));
        var peer = new RawPeer(_asking.Loop, At("192.0.2.1:5060"));
        peer.Send(Options($"192.0.2.1:5060;branch=z9hG4bK1;{parameter}"), At(to));
        Assert.True(_network.Run(() => peer.Received.Count > 0, Limit));
        Assert.StartsWith("SIP/2.0 200 ", peer.Received[0], StringComparison.Ordinal);
        Assert.DoesNotContain(member.Received, text => text.StartsWith("SIP/2.0", StringComparison.Ordinal));
        AssertNothingLeft(one);
    }

    [Fact]
    public void Who_only_sent_to_a_group_answers_nobody_there()
    {
        (SipEndpoint asking, ScriptedUser a) = Start(_asking, "192.0.2.1:5060", joins: true);
        a.Script = a.Answering(200);
        a.Send(SipMethod.Options, Group);
        var peer = new RawPeer(_other.Loop, At("192.0.2.3:5060"));
        peer.Send(Options("192.0.2.3:5060;branch=z9hG4bK1"), At(GroupAddress));
        AssertNothingLeft(asking);
        Assert.Equal(["timeout of Options"], a.Heard);
        Assert.Empty(peer.Received);
    }

    [Theory]
    [InlineData("sip:bob@a.example;maddr=224.0.1.75", "192.0.2.1:5060", 1)]
    [InlineData("sip:bob@a.example;maddr=224.0.1.75;ttl=0", "192.0.2.1:5060", 1)]
    [InlineData("sip:bob@a.example:5070;maddr=224.0.1.75;ttl=7", "192.0.2.1:5070", 7)]
    [InlineData("sip:bob@224.0.1.75;ttl=255", "192.0.2.1:5060", 15)]
    public void A_uri_says_which_group_and_how_far(string uri, string sentBy, int ttl)
    {
        (SipEndpoint asking, ScriptedUser a) = Start(_asking, "192.0.2.1:5060", joins: true);
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(uri), out SipUriView view));
        Assert.True(SipLane.TryLocate(view, out SipFlow flow));
        Span<byte> via = new byte[SipLane.MaxViaBytes + 32];
        via = via[..a.Lane.WriteVia(via, flow, "z9hG4bK1"u8)];
        Assert.Equal($"SIP/2.0/UDP {sentBy};branch=z9hG4bK1;rport;maddr=224.0.1.75;ttl={ttl}", Encoding.ASCII.GetString(via));
        AssertNothingLeft(asking);
    }

    [Theory]
    [InlineData("sip:bob@a.example;maddr=224.0.1.75;transport=tcp")]
    [InlineData("sips:bob@a.example;maddr=224.0.1.75")]
    [InlineData("sip:bob@a.example;maddr=[ff02::1]")]       // not defined (18.1.1)
    public void Groups_are_reached_by_datagrams_of_IPv4_alone(string uri)
    {
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(uri), out SipUriView view));
        Assert.False(SipLane.TryLocate(view, out _));
    }

    private static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);

    private static string Options(string via) =>
        $"OPTIONS sip:all@224.0.1.75 SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nMax-Forwards: 70\r\nFrom: <sip:a@a.example>;tag=a\r\nTo: <sip:all@224.0.1.75>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

    private static (SipEndpoint Endpoint, ScriptedUser User) Start(VirtualHost host, string address, string? listensTo = null, bool joins = false, int lanes = 1)
    {
        List<SipListen> listen = [new(SipTransport.Udp, At(address))];
        if (listensTo is not null) listen.Add(new SipListen(SipTransport.Udp, At(listensTo)));
        List<Net.INetworkLoop> loops = [host.Loop];
        while (loops.Count < lanes) loops.Add(host.AddLoop());
        ScriptedUser? last = null;
        SipEndpoint endpoint = SipEndpoint.Start(new SipEndpointOptions { Listen = listen, JoinsGroups = joins }, loops, lane => last = new ScriptedUser(lane));
        return (endpoint, last!);
    }

    private void AssertNothingLeft(params SipEndpoint[] endpoints)
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.All(endpoints.SelectMany(endpoint => endpoint.Lanes), lane => Assert.Equal(0, lane.ClientTransactionCount + lane.ServerTransactionCount));
        foreach (SipEndpoint endpoint in endpoints) endpoint.Dispose();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }
}
