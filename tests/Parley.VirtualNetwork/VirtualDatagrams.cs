using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>Carries datagrams: draws their fate, translates at NATs, delivers.</summary>
internal sealed class VirtualDatagrams(VirtualNetwork network)
{
    private const int MaxDatagramBytes = 65_507;        // of IPv4

    private readonly Stack<InFlight> _spare = new();
    private readonly byte[] _scratch = new byte[BufferPool.MaxLengthBytes];

    /// <summary>Sends a datagram; the lease is this method's.</summary>
    public void Transmit(VirtualDatagramSocket socket, PooledBuffer datagram, NetworkAddress to)
    {
        network.DatagramsSent++;
        VirtualHost sender = socket.Loop.Host;
        var trace = new DatagramTrace(network.Now, network.Now, socket.LocalAddress, to, datagram.Length, default);
        if (!sender.TryChooseSource(socket.LocalAddress, to, out NetworkAddress source) || datagram.Length > MaxDatagramBytes)
        {
            network.At(network.Now, new Unreachable(socket, to));
            Drop(trace with { Fate = DatagramFate.Refused }, datagram);
            return;
        }

        if (to.IsMulticast)
        {
            foreach (VirtualHost member in network.Hosts)
            {
                if (member.FindSocket(to, source) is not null) Carry(socket, sender, member, datagram.Retain(), trace with { From = source });
            }

            datagram.Release();
            return;
        }

        VirtualNode? target = network.Route(sender, to, ref source);
        trace = trace with { From = source };
        if (target is null)
        {
            Drop(trace with { Fate = DatagramFate.NoRoute }, datagram);
            return;
        }

        Carry(socket, sender, target, datagram, trace);
    }

    private void Carry(VirtualDatagramSocket socket, VirtualHost sender, VirtualNode target, PooledBuffer datagram, DatagramTrace trace)
    {
        VirtualLink link = network.Link(sender, target);
        if (link.IsDown || sender.IsDown)
        {
            Drop(trace with { Fate = DatagramFate.LinkDown }, datagram);
        }
        else if (link.Loses(network.Random))
        {
            Drop(trace with { Fate = DatagramFate.Lost }, datagram);
        }
        else
        {
            if (link.Duplicates(network.Random)) Launch(socket, target, datagram.Retain(), trace with { Fate = DatagramFate.DeliveredAgain }, link);
            Launch(socket, target, datagram, trace with { Fate = DatagramFate.Delivered }, link);
        }
    }

    private void Launch(VirtualDatagramSocket socket, VirtualNode target, PooledBuffer datagram, DatagramTrace trace, VirtualLink link)
    {
        network.DatagramsInFlight++;
        if (!_spare.TryPop(out InFlight? flight)) flight = new InFlight(this);
        (flight.Socket, flight.Target, flight.Datagram, flight.Trace) = (socket, target, datagram, trace);
        network.At(network.Now + link.DrawDelay(network.Random), flight);
    }

    private void Arrive(VirtualDatagramSocket sender, VirtualNode target, PooledBuffer datagram, DatagramTrace trace)
    {
        network.DatagramsInFlight--;
        trace = trace with { At = network.Now };
        NetworkAddress to = trace.To;
        if (!VirtualNetwork.TryEnter(ref target, trace.From, ref to))
        {
            Drop(trace with { Fate = DatagramFate.Filtered }, datagram);
            return;
        }

        var host = (VirtualHost)target;
        if (host.IsDown)
        {
            Drop(trace with { Fate = DatagramFate.LinkDown }, datagram);
            return;
        }

        VirtualDatagramSocket? receiver = host.FindSocket(to, trace.From);
        if (receiver is null)
        {
            // The receiver's ICMP message crosses the same link as any datagram would.
            VirtualLink back = network.Link(host, sender.Loop.Host);
            if (!back.IsDown && !back.Loses(network.Random)) network.At(network.Now + back.DrawDelay(network.Random), new Unreachable(sender, trace.To));
            Drop(trace with { Fate = DatagramFate.PortUnreachable }, datagram);
            return;
        }

        // The handler may write over what it gets, so it gets a copy; and what it keeps of it without a copy is spoilt.
        network.DatagramsDelivered++;
        network.Tracer?.Invoke(trace, datagram.Span);
        Span<byte> bytes = _scratch.AsSpan(0, datagram.Length);
        datagram.Span.CopyTo(bytes);
        datagram.Release();
        receiver.Handler.OnDatagram(network.Now, receiver, bytes, trace.From);
        bytes.Fill(0xDD);
    }

    private void Drop(in DatagramTrace trace, PooledBuffer datagram)
    {
        network.Tracer?.Invoke(trace, datagram.Span);
        datagram.Release();
    }

    private sealed class InFlight(VirtualDatagrams owner) : VirtualEvent
    {
        public VirtualDatagramSocket Socket { get; set; } = null!;

        public VirtualNode Target { get; set; } = null!;

        public PooledBuffer Datagram { get; set; } = null!;

        public DatagramTrace Trace { get; set; }

        public override void Happen()
        {
            (VirtualDatagramSocket socket, VirtualNode target, PooledBuffer datagram, DatagramTrace trace) = (Socket, Target, Datagram, Trace);
            owner._spare.Push(this);
            owner.Arrive(socket, target, datagram, trace);
        }
    }

    private sealed class Unreachable(VirtualDatagramSocket socket, NetworkAddress remote) : VirtualEvent
    {
        public override void Happen()
        {
            if (socket.IsOpen) socket.Handler.OnUnreachable(socket.Loop.Now, socket, remote);
        }
    }
}
