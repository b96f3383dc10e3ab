using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Services;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>User agents that share a lane with somebody else, as the services of a server do.</summary>
public sealed class ServiceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly MediaPorts _ports = new(30000, 30999);
    private readonly VirtualPhone _phone;
    private readonly SipEndpoint _server;
    private Switch? _switch;

    public ServiceTests()
    {
        _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060");
        NetworkAddress address = VirtualPhone.At("192.0.2.2:5060");
        _server = SipEndpoint.Start(
            new SipEndpointOptions { Listen = SipUserAgentOptions.ListenOn(address) },
            [_network.AddHost("server", "192.0.2.2").Loop],
            lane =>
            {
                var options = new UserAgentCoreOptions { MediaAddress = address.WithPort(0), Codecs = VirtualPhone.G711, AliveInterval = TimeSpan.FromMinutes(1) };
                return _switch = new Switch(new UserAgentCore(lane, _ports, options, new EchoService()), new UserAgentCore(lane, _ports, options, new MusicService()));
            });
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.Equal(0, _switch!.Echo.CallCount + _switch.Music.CallCount);
        Assert.Equal(0, _server.Lanes[0].DeadlineCount);
        Assert.Equal(0, _ports.Rented);
        _server.Dispose();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    [Fact]
    public void The_echo_service_sends_sound_and_keys_back()
    {
        short[] speech = SampleSource.Noise(1, 8000);
        SampleSink sink = new();
        CallLeg call = _phone.Call(SipUri.Parse("sip:echo@192.0.2.2"), new CallOptions { Audio = new CallAudio { Source = new SampleSource(speech), Sink = sink } });
        Assert.True(_network.Run(() => call.State == CallState.Established, Limit));
        Assert.True(call.SendDigits("42"));
        Assert.True(_network.Run(() => _phone.Heard.Contains("digit 2"), Limit));
        _network.RunFor(TimeSpan.FromMinutes(3));       // long enough to be asked whether it is there
        Assert.Equal(CallState.Established, call.State);
        call.HangUp();
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal(speech.AsSpan().Trim((short)0).ToArray(), sink.Trimmed());
        Assert.Equal(["digit 4", "digit 2"], _phone.Heard.Where(heard => heard.StartsWith("digit ", StringComparison.Ordinal)));
        Assert.Equal("HungUp 200", _phone.Heard[^1]);
        AssertNothingLeft();
    }

    [Fact]
    public void The_music_service_plays_until_the_caller_hangs_up()
    {
        SampleSink sink = new();
        CallLeg call = _phone.Call(SipUri.Parse("sip:music@192.0.2.2"), new CallOptions { Audio = new CallAudio { Sink = sink } });
        _network.RunFor(TimeSpan.FromSeconds(10));
        call.HangUp();
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.InRange(sink.Samples.Count, 9 * 8000, 11 * 8000);
        Assert.True(sink.Samples.Max() > 2000);
        AssertNothingLeft();
    }

    [Fact]
    public void What_no_service_has_is_left_to_others()
    {
        CallLeg call = _phone.Call(SipUri.Parse("sip:nobody@192.0.2.2"));
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal(["Refused 404"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void The_end_of_a_server_hangs_up_what_is_there()
    {
        CallLeg call = _phone.Call(SipUri.Parse("sip:music@192.0.2.2"));
        Assert.True(_network.Run(() => call.State == CallState.Established && _switch!.Music.Calls.Single().State == CallState.Established, Limit));
        _switch!.Music.HangUpAll();
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal(["established", "HungUpByPeer 200"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_phone_that_crashed_is_noticed()
    {
        CallLeg call = _phone.Call(SipUri.Parse("sip:music@192.0.2.2"));
        Assert.True(_network.Run(() => call.State == CallState.Established, Limit));
        _network.Hosts[0].IsDown = true;
        Assert.True(_network.Run(() => _switch!.Music.CallCount == 0, Limit));
        call.HangUp();
        AssertNothingLeft();
    }

    /// <summary>Gives requests to the service that is called, and those of a call to the service that has it.</summary>
    private sealed class Switch(UserAgentCore echo, UserAgentCore music) : ITransactionUser
    {
        public UserAgentCore Echo { get; } = echo;

        public UserAgentCore Music { get; } = music;

        public void OnRequest(in SipIncomingRequest request)
        {
            if (Echo.Owns(request)) Echo.OnRequest(request);
            else if (Music.Owns(request)) Music.OnRequest(request);
            else if (request.Message.TryGetRequestUri(out SipUriView uri) == HeaderStatus.Ok && uri.User.SequenceEqual("echo"u8)) Echo.OnRequest(request);
            else if (uri.User.SequenceEqual("music"u8)) Music.OnRequest(request);
            else request.Reply(new SipReply(404));
        }

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
}
