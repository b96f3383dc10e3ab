using System.Text;
using Parley.Core;
using Parley.Net.Virtual;

namespace Parley.Net.Tests.Virtual;

public sealed class VirtualNatTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly List<DatagramFate> _fates = [];

    public VirtualNatTests()
    {
        _network.Tracer = (in DatagramTrace trace, ReadOnlySpan<byte> _) => _fates.Add(trace.Fate);
    }

    /// <summary>Who may answer what the inner host sent to 198.51.100.1:1000 alone: that port, another port there, another host (RFC 3489 5).</summary>
    [Theory]
    [InlineData(NatKind.FullCone, true, true, true)]
    [InlineData(NatKind.RestrictedCone, true, true, false)]
    [InlineData(NatKind.PortRestrictedCone, true, false, false)]
    [InlineData(NatKind.Symmetric, true, false, false)]
    public void Each_kind_lets_in_whom_it_should(NatKind kind, bool samePort, bool otherPort, bool otherHost)
    {
        (Peer inner, _) = Behind(kind);
        Peer server = Public("198.51.100.1:1000"), second = On(server, 2000), stranger = Public("198.51.100.2:1000");
        inner.Send("hello", server.Address);
        _network.RunUntilIdle(Minute);
        NetworkAddress mapped = server.Last().Remote;
        Assert.Equal("203.0.113.1", mapped.HostToString());
        foreach ((Peer peer, bool mayEnter) in ((Peer, bool)[])[(server, samePort), (second, otherPort), (stranger, otherHost)])
        {
            peer.Send($"from {peer.Address}", mapped);
            _network.RunUntilIdle(Minute);
            Assert.Equal(mayEnter, inner.TryLast(out (string Text, NetworkAddress Remote) datagram));
            if (mayEnter) Assert.Equal(($"from {peer.Address}", peer.Address), datagram);
            Assert.Equal(mayEnter ? DatagramFate.Delivered : DatagramFate.Filtered, _fates[^1]);
        }
    }

    [Theory]
    [InlineData(NatKind.FullCone, true)]
    [InlineData(NatKind.RestrictedCone, true)]
    [InlineData(NatKind.PortRestrictedCone, true)]
    [InlineData(NatKind.Symmetric, false)]
    public void Only_a_symmetric_one_maps_each_remote_anew(NatKind kind, bool isSame)
    {
        (Peer inner, _) = Behind(kind);
        Peer one = Public("198.51.100.1:1000"), other = Public("198.51.100.2:1000");
        inner.Send("1", one.Address);
        inner.Send("2", other.Address);
        inner.Send("3", one.Address);
        _network.RunUntilIdle(Minute);
        NetworkAddress atOther = other.Last().Remote, atOne = one.Last().Remote;
        Assert.Equal(isSame, atOne == atOther);
        Assert.Equal(atOne, one.Last().Remote);
        Assert.Equal(isSame, atOne.Port == inner.Address.Port);
    }

    [Fact]
    public void Two_inner_hosts_with_one_port_get_two()
    {
        (Peer inner, VirtualNat nat) = Behind(NatKind.PortRestrictedCone);
        var other = new Peer(nat.AddHost("other", "192.168.1.11"), inner.Address.Port);
        Peer server = Public("198.51.100.1:1000");
        inner.Send("a", server.Address);
        other.Send("b", server.Address);
        _network.RunUntilIdle(Minute);
        (string Text, NetworkAddress Remote) first = server.Last(), second = server.Last();
        Assert.NotEqual(first.Remote, second.Remote);
        server.Send("to a", first.Remote);
        server.Send("to b", second.Remote);
        _network.RunUntilIdle(Minute);
        Assert.Equal(("to a", "to b"), (inner.Last().Text, other.Last().Text));
    }

    [Fact]
    public void Crossing_datagrams_open_both_sides()
    {
        (Peer alice, _) = Behind(NatKind.PortRestrictedCone);
        VirtualNat far = _network.AddNat("far", "203.0.113.2", NatKind.PortRestrictedCone);
        var bob = new Peer(far.AddHost("bob", "10.0.0.5"), 6000);
        NetworkAddress alicesMapping = NetworkAddress.FromIPv4(0xCB007101, alice.Address.Port), bobsMapping = NetworkAddress.FromIPv4(0xCB007102, 6000);
        alice.Send("to bob", bobsMapping);
        bob.Send("to alice", alicesMapping);
        _network.RunUntilIdle(Minute);
        Assert.Equal(("to alice", bobsMapping), alice.Last());
        Assert.Equal(("to bob", alicesMapping), bob.Last());
    }

    [Fact]
    public void Hosts_behind_one_nat_reach_each_other_directly_and_by_their_mappings()
    {
        (Peer inner, VirtualNat nat) = Behind(NatKind.FullCone);
        var other = new Peer(nat.AddHost("other", "192.168.1.11"), 7000);
        Peer server = Public("198.51.100.1:1000");
        inner.Send("direct", other.Address);
        other.Send("map me", server.Address);
        _network.RunUntilIdle(Minute);
        Assert.Equal(("direct", inner.Address), other.Last());
        inner.Send("hairpin", server.Last().Remote);
        _network.RunUntilIdle(Minute);
        Assert.Equal(("hairpin", NetworkAddress.FromIPv4(0xCB007101, inner.Address.Port)), other.Last());
    }

    [Fact]
    public void A_mapping_ends_when_nothing_leaves_by_it()
    {
        (Peer inner, VirtualNat nat) = Behind(NatKind.FullCone);
        nat.MappingLifetime = TimeSpan.FromMinutes(2);
        Peer server = Public("198.51.100.1:1000");
        inner.Send("x", server.Address);
        _network.RunFor(TimeSpan.FromSeconds(110));
        NetworkAddress mapped = server.Last().Remote;
        server.Send("in time", mapped);
        _network.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal("in time", inner.Last().Text);
        server.Send("too late", mapped);
        _network.RunUntilIdle(Minute);
        Assert.False(inner.TryLast(out _));
        inner.Send("again", server.Address);
        _network.RunUntilIdle(Minute);
        server.Send("welcome back", server.Last().Remote);
        _network.RunUntilIdle(Minute);
        Assert.Equal("welcome back", inner.Last().Text);
    }

    [Fact]
    public void A_forwarded_port_is_open_to_everybody()
    {
        (Peer inner, VirtualNat nat) = Behind(NatKind.Symmetric);
        nat.Forward(5060, inner.Address);
        Peer stranger = Public("198.51.100.1:1000");
        stranger.Send("knock", NetworkAddress.FromIPv4(0xCB007101, 5060));
        _network.RunUntilIdle(Minute);
        Assert.Equal(("knock", stranger.Address), inner.Last());
    }

    [Fact]
    public void A_nat_may_stand_behind_another()
    {
        VirtualNat carrier = _network.AddNat("carrier", "203.0.113.9", NatKind.PortRestrictedCone);
        VirtualNat home = carrier.AddNat("home", "100.64.0.7", NatKind.PortRestrictedCone);
        var inner = new Peer(home.AddHost("inner", "192.168.1.10"), 5000);
        Peer server = Public("198.51.100.1:1000");
        inner.Send("x", server.Address);
        _network.RunUntilIdle(Minute);
        NetworkAddress mapped = server.Last().Remote;
        Assert.Equal("203.0.113.9", mapped.HostToString());
        server.Send("y", mapped);
        _network.RunUntilIdle(Minute);
        Assert.Equal(("y", server.Address), inner.Last());
    }

    [Fact]
    public void Connections_go_out_and_come_in_by_forwarded_ports_alone()
    {
        (Peer inner, VirtualNat nat) = Behind(NatKind.PortRestrictedCone);
        Peer server = Public("198.51.100.1:1000");
        StreamRecorder atServer = new(), atInner = new(), refused = new(), client = new();
        server.Host.Loop.ListenStream(server.Address, _ => atServer);
        IStreamConnection connection = inner.Host.Loop.ConnectStream(server.Address, atInner);
        Assert.True(_network.Run(() => atServer.Connected.IsCompleted && atInner.Connected.IsCompleted, Minute));
        Assert.Equal("192.168.1.10", connection.LocalAddress.HostToString());

        NetworkAddress outer = NetworkAddress.FromIPv4(0xCB007101, 5061);
        inner.Host.Loop.ListenStream(NetworkAddress.FromIPv4(0, 5061), _ => new StreamRecorder());
        server.Host.Loop.ConnectStream(outer, refused);
        Assert.True(_network.Run(() => refused.TimesClosed == 1, Minute));
        nat.Forward(5061, inner.Address.WithPort(5061));
        server.Host.Loop.ConnectStream(outer, client);
        Assert.True(_network.Run(() => client.Connected.IsCompleted, Minute));
        connection.Close();
    }

    private (Peer Inner, VirtualNat Nat) Behind(NatKind kind)
    {
        VirtualNat nat = _network.AddNat("nat", "203.0.113.1", kind);
        return (new Peer(nat.AddHost("inner", "192.168.1.10"), 5000), nat);
    }

    private Peer Public(string address)
    {
        Assert.True(NetworkAddress.TryParse(address, out NetworkAddress parsed));
        return new Peer(_network.AddHost(address, parsed.HostToString()), parsed.Port);
    }

    private static Peer On(Peer other, ushort port) => new(other.Host, port);

    private sealed class Peer
    {
        private readonly DatagramRecorder _recorder = new();
        private readonly IDatagramSocket _socket;

        public Peer(VirtualHost host, ushort port)
        {
            Host = host;
            _socket = host.Loop.OpenDatagram(host.Address.WithPort(port), _recorder);
        }

        public VirtualHost Host { get; }

        public NetworkAddress Address => _socket.LocalAddress;

        public void Send(string text, NetworkAddress to) => _socket.Send(Encoding.ASCII.GetBytes(text), to);

        public bool TryLast(out (string Text, NetworkAddress Remote) datagram)
        {
            bool any = _recorder.Datagrams.TryRead(out (byte[] Bytes, NetworkAddress Remote) read);
            datagram = any ? (Encoding.ASCII.GetString(read.Bytes), read.Remote) : default;
            return any;
        }

        public (string Text, NetworkAddress Remote) Last()
        {
            Assert.True(TryLast(out (string Text, NetworkAddress Remote) datagram), "Nothing came.");
            return datagram;
        }
    }
}
