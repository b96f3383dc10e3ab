using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sdp;
using Parley.TestSupport;
using Parley.Voice;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Calls between two hosts of the virtual network: offers, answers, sockets, sound.</summary>
public class AudioEndpointTests
{
    private static readonly short[] Speech = TestSound.Speech(3);

    [Theory]
    [InlineData(false, "10.0.0.1", "10.0.0.2")]
    [InlineData(true, "10.0.0.1", "10.0.0.2")]
    [InlineData(false, "2001:db8::1", "2001:db8::2")]
    public void A_call_is_heard_bit_by_bit_and_nothing_is_left_over(bool mux, string aliceAddress, string bobAddress)
    {
        VirtualNetwork network = new(1) { Conditions = LinkConditions.Good with { Jitter = TimeSpan.FromMilliseconds(10) } };
        Side alice = new(network.AddHost("alice", aliceAddress)), bob = new(network.AddHost("bob", bobAddress));
        alice.Open(mux);
        bob.Open(mux);
        Assert.Equal(0, alice.Endpoint.LocalAddress.Rtp.Port % 2);
        Assert.Equal(alice.Endpoint.LocalAddress.Rtp.Port + 1, alice.Endpoint.LocalAddress.Rtcp.Port);
        Call(alice, bob, Negotiated.Source(Speech));

        Assert.True(network.Run(() => alice.SourceEnded, TimeSpan.FromSeconds(5)), network.ToString());
        Task<AudioStatistics> aliceEnded = alice.Endpoint.StopAsync();
        network.RunFor(TimeSpan.FromMilliseconds(30));
        Task<AudioStatistics> bobEnded = bob.Endpoint.StopAsync();
        Assert.True(network.RunUntilIdle(TimeSpan.FromSeconds(5)), network.ToString());

        Assert.True(aliceEnded.IsCompletedSuccessfully && bobEnded.IsCompletedSuccessfully);
        AudioComparison comparison = AudioComparison.Compare(Negotiated.Coded(Speech), bob.Heard.Samples.ToArray(), 8000);
        Assert.True(comparison is { DifferentSamples: 0, MissingSamples: 0 }, $"{comparison} {network}");
        Assert.True(bob.Heard.HasEnded);
        Assert.NotNull(bob.Final);
        Assert.Equal(0, bob.Final.Rtp.PacketsLost);
        Assert.Equal((0, 0), (alice.Ports.Rented, bob.Ports.Rented));
        Assert.Equal((0L, 0, 0), (network.Buffers.Outstanding, network.OpenSockets, network.ScheduledTimers));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reports_go_to_their_own_port_or_share_that_of_the_media(bool mux)
    {
        VirtualNetwork network = new(1);
        Side alice = new(network.AddHost("alice", "10.0.0.1")), bob = new(network.AddHost("bob", "10.0.0.2"));
        alice.Open(mux);
        bob.Open(mux);
        Call(alice, bob, new SilenceSource());
        network.RunFor(TimeSpan.FromSeconds(30));

        Assert.NotNull(alice.Endpoint.Statistics.Rtp.RoundTrip);
        Assert.NotNull(bob.Endpoint.Statistics.Rtp.RoundTrip);
        Assert.Equal(0, bob.Endpoint.Statistics.Discarded + bob.Endpoint.Statistics.Foreign);
        Stop(network, alice, bob);
    }

    [Theory]
    [InlineData(NatKind.FullCone)]
    [InlineData(NatKind.RestrictedCone)]
    [InlineData(NatKind.PortRestrictedCone)]
    [InlineData(NatKind.Symmetric)]
    public void Who_is_behind_a_NAT_is_answered_where_he_comes_from(NatKind kind)
    {
        VirtualNetwork network = new(1);
        VirtualNat nat = network.AddNat("nat", "192.0.2.1", kind);
        Side alice = new(nat.AddHost("alice", "10.0.0.1")), bob = new(network.AddHost("bob", "192.0.2.2"));
        alice.Open();
        bob.Open();
        Call(alice, bob, Negotiated.Source(Speech), Negotiated.Source(Speech));
        network.RunFor(TimeSpan.FromSeconds(4));

        Assert.Equal("192.0.2.1", bob.Endpoint.Statistics.RemoteRtp.HostToString());
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), bob.Heard.Samples.ToArray(), 8000).DifferentSamples);
        // Bob's first packets went to an address that does not exist out there; from then on everything is heard.
        AudioComparison back = AudioComparison.Compare(Negotiated.Coded(Speech), alice.Heard.Samples.ToArray(), 8000);
        Assert.True(back.DifferentSamples <= 4 * 160 && back.LargestShiftSamples == 0, back.ToString());
        Stop(network, alice, bob);
    }

    [Fact]
    public void Digits_go_both_ways()
    {
        VirtualNetwork network = new(1) { Conditions = LinkConditions.Good with { Loss = 0.05, Duplicate = 0.05, Reorder = 0.05 } };
        Side alice = new(network.AddHost("alice", "10.0.0.1")), bob = new(network.AddHost("bob", "10.0.0.2"));
        alice.Open();
        bob.Open();
        Call(alice, bob, new SilenceSource());
        alice.Endpoint.SendDtmf("12#");
        alice.Endpoint.SendDtmf("*a");
        bob.Endpoint.SendDtmf("0");
        network.RunFor(TimeSpan.FromSeconds(3));

        Assert.Equal("12#*A", bob.Digits);
        Assert.Equal("0", alice.Digits);
        Assert.Throws<ArgumentException>(() => alice.Endpoint.SendDtmf("12x"));
        Stop(network, alice, bob);
    }

    [Fact]
    public void A_bad_network_costs_sound_but_never_more()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            VirtualNetwork network = new(seed)
            {
                Conditions = new LinkConditions { Delay = TimeSpan.FromMilliseconds(40), Jitter = TimeSpan.FromMilliseconds(40), Loss = 0.02, BurstStart = 0.002, Duplicate = 0.05, Reorder = 0.05 },
            };
            Side alice = new(network.AddHost("alice", "10.0.0.1")), bob = new(network.AddHost("bob", "10.0.0.2"));
            alice.Open();
            bob.Open();
            short[] speech = TestSound.Speech(10, seed: seed);
            Call(alice, bob, Negotiated.Source(speech), Negotiated.Source(speech));
            network.RunFor(TimeSpan.FromSeconds(11));
            Stop(network, alice, bob);

            // Periods may be left out or played twice, so it is not compared sample by sample.
            double score = Intelligibility.Of(speech, 8000, bob.Heard.Samples.ToArray(), 8000).Score;
            Assert.True(score > 0.9, $"{score} {network} {bob.Final}");
            Assert.InRange(bob.Final!.Playout.Played, 450, 550);
        }
    }

    [Fact]
    public void Hold_and_resume_go_by_new_negotiations()
    {
        VirtualNetwork network = new(1);
        Side alice = new(network.AddHost("alice", "10.0.0.1")), bob = new(network.AddHost("bob", "10.0.0.2"));
        alice.Open();
        bob.Open();
        Call(alice, bob, new SilenceSource());
        network.RunFor(TimeSpan.FromSeconds(1));

        Renegotiate(alice, bob, MediaDirection.SendOnly);
        Assert.True(bob.Negotiation.Audio!.IsHeldByRemote);
        network.RunFor(TimeSpan.FromSeconds(0.1));
        long sent = bob.Endpoint.Statistics.Rtp.PacketsSent;
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(sent, bob.Endpoint.Statistics.Rtp.PacketsSent);

        Renegotiate(alice, bob, MediaDirection.SendReceive);
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.InRange(bob.Endpoint.Statistics.Rtp.PacketsSent - sent, 49, 51);
        Stop(network, alice, bob);
    }

    [Fact]
    public void Ports_that_others_hold_are_passed_over()
    {
        VirtualNetwork network = new(1);
        VirtualHost host = network.AddHost("alice", "10.0.0.1");
        // Of 20 pairs only one is whole.
        for (ushort port = 30000; port < 30040; port++)
        {
            if (port is 30012 or 30013 || (port % 4 == 0 && port != 30012)) continue;
            host.Loop.OpenDatagram(host.Address.WithPort(port), new Nobody());
        }

        AudioEndpoint endpoint = Open(host, new MediaPorts(30000, 30039), seed: 3);

        Assert.Equal(30012, endpoint.LocalAddress.Rtp.Port);
    }

    [Fact]
    public void When_there_is_no_port_the_reason_is_told()
    {
        VirtualNetwork network = new(1);
        VirtualHost host = network.AddHost("alice", "10.0.0.1");
        MediaPorts ports = new(30000, 30003);
        AudioEndpoint one = Open(host, ports), two = Open(host, ports);
        Assert.NotEqual(one.LocalAddress, two.LocalAddress);

        MediaPortsException exhausted = Assert.Throws<MediaPortsException>(() => Open(host, ports));
        Assert.Equal("All ports for media are in use (30000-30003).", exhausted.Message);

        host.Loop.OpenDatagram(host.Address.WithPort(40001), new Nobody());
        MediaPorts held = new(40000, 40001);
        MediaPortsException taken = Assert.Throws<MediaPortsException>(() => Open(host, held));
        Assert.StartsWith("Other programs hold the ports for media (40000-40001)", taken.Message, StringComparison.Ordinal);
        Assert.Equal(0, held.Rented);

        MediaPortsException elsewhere = Assert.Throws<MediaPortsException>(() => AudioEndpoint.Open(host.Loop, Options(NetworkAddress.FromIPv4(0x0A000063, 0), ports: new MediaPorts(1000, 1001))));
        Assert.StartsWith("No port for media can be opened on 10.0.0.99", elsewhere.Message, StringComparison.Ordinal);

        _ = one.StopAsync();
        network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(1, ports.Rented);
        Assert.Equal(one.LocalAddress, Open(host, ports).LocalAddress);
    }

    [Theory]
    [InlineData("20000-29999", 20000, 29999)]
    [InlineData(" 20001 - 20003 ", 20001, 20003)]
    public void A_range_is_read(string text, int first, int last)
    {
        MediaPorts ports = MediaPorts.TryParse(text)!;
        Assert.Equal((first, last), (ports.First, ports.Last));
    }

    [Theory]
    [InlineData("")]
    [InlineData("20000")]
    [InlineData("20000-20000")]
    [InlineData("20001-20002")]
    [InlineData("20000-65536")]
    [InlineData("30000-20000")]
    [InlineData("a-b")]
    [InlineData("0-10")]
    public void What_is_no_range_or_has_no_pair_is_refused(string text) => Assert.Null(MediaPorts.TryParse(text));

    [Fact]
    public void Every_pair_of_a_range_is_used_once()
    {
        MediaPorts ports = new(20001, 20101);
        Random random = new(1);
        HashSet<ushort> rented = [];
        while (ports.TryRent(random, out ushort port)) Assert.True(rented.Add(port) && port % 2 == 0 && port is >= 20002 and <= 20100);

        Assert.Equal(50, rented.Count);
        foreach (ushort port in rented) ports.Return(port);
        ports.Return(20002);
        Assert.Equal(0, ports.Rented);
    }

    [Fact]
    public void A_static_mapping_is_what_others_are_told()
    {
        VirtualNetwork network = new(1);
        VirtualHost host = network.AddHost("alice", "10.0.0.1");
        AudioEndpointOptions options = Options(NetworkAddress.FromIPv4(0, 0)) with { Advertised = NetworkAddress.FromIPv4(0xC0000207, 0) };
        AudioEndpoint endpoint = AudioEndpoint.Open(host.Loop, options, random: new Random(1));

        Assert.Equal("192.0.2.7", endpoint.LocalAddress.Rtp.HostToString());
        Assert.InRange(endpoint.LocalAddress.Rtp.Port, 20000, 29999);
    }

    [Fact]
    public void Codecs_that_were_not_negotiated_are_the_callers_mistake()
    {
        VirtualNetwork network = new(1);
        AudioEndpoint endpoint = Open(network.AddHost("alice", "10.0.0.1"), new MediaPorts(30000, 30003));
        AudioCodecs onlyMuLaw = new([new MuLawCodec()]);

        Assert.Throws<ArgumentException>(() => endpoint.Start(Negotiated.With(Negotiated.Bob, "PCMA"), onlyMuLaw, new SilenceSource(), new NullSink()));
        Assert.Throws<InvalidOperationException>(() => endpoint.Update(Negotiated.With(Negotiated.Bob)));
    }

    private static void Call(Side alice, Side bob, IAudioSource source, IAudioSource? back = null)
    {
        Assert.Equal(NegotiationFailure.None, Exchange(alice, bob, MediaDirection.SendReceive));
        bob.Endpoint.Start(bob.Negotiation.Audio!, AudioCodecs.All, back ?? new SilenceSource(), bob.Heard);
        alice.Endpoint.Start(alice.Negotiation.Audio!, AudioCodecs.All, source, alice.Heard);
    }

    private static void Renegotiate(Side alice, Side bob, MediaDirection direction)
    {
        Assert.Equal(NegotiationFailure.None, Exchange(alice, bob, direction));
        alice.Endpoint.Update(alice.Negotiation.Audio!);
        bob.Endpoint.Update(bob.Negotiation.Audio!);
    }

    private static NegotiationFailure Exchange(Side alice, Side bob, MediaDirection direction)
    {
        // By their texts, as SIP carries them.
        SessionDescription offer = Sdp.SdpVectors.Read(alice.Negotiation.CreateOffer(alice.Endpoint.LocalAddress, direction).ToBytes());
        Assert.Equal(NegotiationFailure.None, bob.Negotiation.Answer(offer, bob.Endpoint.LocalAddress, MediaDirection.SendReceive, out SessionDescription? answer, out _));
        return alice.Negotiation.ProcessAnswer(Sdp.SdpVectors.Read(answer!.ToBytes()), out _);
    }

    private static void Stop(VirtualNetwork network, params Side[] sides)
    {
        foreach (Side side in sides) _ = side.Endpoint.StopAsync();
        Assert.True(network.RunUntilIdle(TimeSpan.FromSeconds(5)), network.ToString());
        Assert.Equal((0L, 0, 0), (network.Buffers.Outstanding, network.OpenSockets, network.ScheduledTimers));
    }

    private static AudioEndpoint Open(VirtualHost host, MediaPorts ports, int seed = 1) =>
        AudioEndpoint.Open(host.Loop, Options(host.Address, ports), random: new Random(seed));

    private static AudioEndpointOptions Options(NetworkAddress local, MediaPorts? ports = null) =>
        new() { Local = local, Ports = ports ?? MediaPorts.TryParse(MediaPorts.DefaultRange)!, Audio = SessionPair.Patient };

    private sealed class Side(VirtualHost host) : IAudioHandler
    {
        public MediaPorts Ports { get; } = MediaPorts.TryParse(MediaPorts.DefaultRange)!;

        public OfferAnswer Negotiation { get; private set; } = null!;

        public AudioEndpoint Endpoint { get; private set; } = null!;

        public MemorySink Heard { get; } = new();

        public bool SourceEnded { get; private set; }

        public string Digits { get; private set; } = "";

        public AudioStatistics? Final { get; private set; }

        public void Open(bool mux = false)
        {
            Negotiation = new OfferAnswer(AudioCodecs.All.Select("pcmu,pcma", out _)!.ToCapabilities() with { OfferRtcpMux = mux }, 1);
            Endpoint = AudioEndpoint.Open(host.Loop, Options(host.Address, Ports), this, new Random(5));
        }

        public void OnEvent(Instant now, AudioEvent audioEvent)
        {
            if (audioEvent.IsEnd) Digits += audioEvent.Digit;
        }

        public void OnSourceEnded(Instant now) => SourceEnded = true;

        public void OnEnded(Instant now, AudioStatistics statistics) => Final = statistics;
    }

    private sealed class Nobody : IDatagramHandler
    {
        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
        {
        }

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
        }
    }
}
