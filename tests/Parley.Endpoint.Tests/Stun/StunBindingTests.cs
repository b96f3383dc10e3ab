using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Ice.Stun;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.Endpoint.Tests.Sip;

namespace Parley.Endpoint.Tests.Stun;

/// <summary>STUN beside SIP (RFC 5626 8, RFC 8489).</summary>
public sealed class StunBindingTests
{
    private static readonly byte[] Id = Convert.FromHexString("b7e7a701bc34d686fa87dfae");

    /// <summary>The addresses of RFC 5769 2.2 and 2.3.</summary>
    [Theory]
    [InlineData("192.0.2.1:32853", "002000080001a147e112a643")]
    [InlineData("[2001:db8:1234:5678:11:2233:4455:6677]:32853", "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9")]
    public void The_answer_has_the_address_that_the_request_came_from(string source, string attribute)
    {
        Assert.True(StunMessageView.TryParse(Request(), out StunMessageView request));
        Span<byte> answer = stackalloc byte[StunBinding.MaxAnswerBytes];
        int length = StunBinding.WriteAnswer(request, At(source), answer);
        Assert.Equal("0101", Convert.ToHexString(answer[..2]));
        Assert.Equal(attribute, Convert.ToHexStringLower(answer[20..length]));
        Assert.True(StunMessageView.TryParse(answer[..length], out StunMessageView view));
        Assert.True(view.TransactionId.SequenceEqual(Id));
        Assert.True(view.TryGetXorMappedAddress(out NetworkAddress address));
        Assert.Equal(At(source), address);
    }

    /// <summary>RFC 8489 6.3.1.</summary>
    [Fact]
    public void What_has_to_be_understood_and_is_not_is_refused()
    {
        byte[] request = [.. Request(8), 0x00, 0x24, 0, 4, 1, 2, 3, 4];
        Assert.True(StunMessageView.TryParse(request, out StunMessageView view));
        Span<byte> answer = stackalloc byte[StunBinding.MaxAnswerBytes];
        int length = StunBinding.WriteAnswer(view, At("192.0.2.1:5060"), answer);
        Assert.Equal("011100102112a442b7e7a701bc34d686fa87dfae" + "0009000400000414" + "000a000200240000", Convert.ToHexStringLower(answer[..length]));
    }

    [Fact]
    public void What_may_be_left_alone_is()
    {
        byte[] request = [.. Request(8), 0x80, 0x22, 0, 3, 65, 66, 67, 0];
        Assert.True(StunMessageView.TryParse(request, out StunMessageView view));
        Span<byte> answer = stackalloc byte[StunBinding.MaxAnswerBytes];
        Assert.Equal(32, StunBinding.WriteAnswer(view, At("192.0.2.1:5060"), answer));
        Assert.True(view.TryGet(StunAttribute.Software, out ReadOnlySpan<byte> value));
        Assert.Equal("ABC", Encoding.ASCII.GetString(value));
    }

    [Theory]
    [InlineData("0011")]    // an indication
    [InlineData("0101")]    // an answer
    [InlineData("0003")]    // Allocate
    public void Nothing_but_a_binding_request_is_answered(string type)
    {
        byte[] message = Request();
        Convert.FromHexString(type).CopyTo(message, 0);
        Assert.True(StunMessageView.TryParse(message, out StunMessageView view));
        Assert.Equal(0, StunBinding.WriteAnswer(view, At("192.0.2.1:5060"), stackalloc byte[StunBinding.MaxAnswerBytes]));
    }

    [Fact]
    public void What_is_cut_or_wrong_is_no_message()
    {
        byte[] whole = [.. Request(8), 0x80, 0x22, 0, 3, 65, 66, 67, 0];
        for (int length = 0; length < whole.Length; length++) Assert.False(StunMessageView.TryParse(whole.AsSpan(0, length), out _));
        for (int bit = 0; bit < 64; bit++)
        {
            if (bit is >= 2 and < 16) continue;     // another type
            byte[] changed = [.. whole];
            changed[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            Assert.False(StunMessageView.TryParse(changed, out _), $"bit {bit}");
        }

        byte[] tooLong = [.. whole];
        tooLong[23] = 8;
        Assert.False(StunMessageView.TryParse(tooLong, out _));
    }

    [Fact]
    public void A_sip_port_answers_so_many_a_second()
    {
        var network = new VirtualNetwork(1);
        VirtualHost server = network.AddHost("server", "192.0.2.10"), phone = network.AddHost("phone", "192.0.2.1");
        using SipEndpoint endpoint = SipEndpoint.Start(
            new SipEndpointOptions { Listen = [new SipListen(SipTransport.Udp, At("192.0.2.10:5060"))] }, [server.Loop], lane => new ScriptedUser(lane));
        var answers = new Collector();
        using IDatagramSocket socket = phone.Loop.OpenDatagram(At("192.0.2.1:4000"), answers);
        socket.Send(Request(), At("192.0.2.10:5060"));
        socket.Send(new byte[] { 0, 1, 0, 0 }, At("192.0.2.10:5060"));
        Assert.True(network.Run(() => answers.Received.Count == 1, TimeSpan.FromSeconds(3)));
        Assert.True(StunMessageView.TryParse(answers.Received[0], out StunMessageView view));
        Assert.True(view.TryGetXorMappedAddress(out NetworkAddress address));
        Assert.Equal(At("192.0.2.1:4000"), address);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Single(answers.Received);
        Assert.Equal(1, endpoint.Lanes[0].Counters.Dropped);
    }

    private static byte[] Request(int attributeBytes = 0)
    {
        byte[] request = new byte[StunMessageView.HeaderBytes];
        StunBinding.WriteRequest(request, Id);
        request[3] = (byte)attributeBytes;
        return request;
    }

    private static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);

    private sealed class Collector : IDatagramHandler
    {
        public List<byte[]> Received { get; } = [];

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) => Received.Add(datagram.ToArray());

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
        }
    }
}
