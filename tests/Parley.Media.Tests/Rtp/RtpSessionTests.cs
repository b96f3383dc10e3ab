using Parley.Core;
using Parley.Rtp;
using Parley.Rtp.Rtcp;

namespace Parley.Media.Tests.Rtp;

public class RtpSessionTests
{
    private static readonly Instant Start = Instant.FromTicks(1_000_000_000);
    private static readonly NtpClock Clock = new(Start, new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Numbers_follow_each_other_and_begin_anywhere()
    {
        RtpSession one = Session(1), other = Session(2);

        RtpHeader first = Send(one, 1000).Header, second = Send(one, 1160).Header;

        Assert.Equal((ushort)(first.SequenceNumber + 1), second.SequenceNumber);
        Assert.Equal(one.Ssrc, first.Ssrc);
        Assert.NotEqual(one.Ssrc, other.Ssrc);
        Assert.NotEqual(one.FirstTimestamp, other.FirstTimestamp);
        Assert.NotEqual(first.SequenceNumber, Send(other, 1).Header.SequenceNumber);
        Assert.InRange(first.SequenceNumber, 0, 32767);     // RFC 3711 3.3.1
    }

    [Fact]
    public void The_round_trip_is_that_of_figure_2()
    {
        // RFC 3550 6.4.1: SR at 0xb705:2000 (n), report back with DLSR 0x0005:4000, received at 0xb710:8000: 6.125 s.
        Instant now = Start;
        uint sent = 0xb7052000, received = 0xb7108000;
        RtpSession session = Session(1);
        Send(session, 1);
        TimeSpan toReceived = TimeSpan.FromSeconds((received - Clock.CompactAt(now)) / 65536.0);

        byte[] report = new byte[64];
        RtcpWriter writer = new(report);
        writer.WriteReceiverReport(7, new RtcpReportBlock(session.Ssrc, 51, 12, 100, 80, sent, 0x00054000));
        session.OnControl(now + toReceived, report.AsSpan(0, writer.Length));

        Assert.Equal(6.125, session.Statistics.RoundTrip!.Value.TotalSeconds, 3);
        Assert.Equal(12, session.Statistics.RemotePacketsLost);
        Assert.Equal(51 / 256.0, session.Statistics.RemoteFractionLost);
        Assert.Equal(TimeSpan.FromMilliseconds(10), session.Statistics.RemoteJitter);
    }

    [Fact]
    public void Two_sessions_learn_of_each_other()
    {
        RtpSession alice = Session(1), bob = Session(2);
        Instant now = Start;
        byte[] datagram = new byte[512];
        for (int i = 0; i < 1000; i++, now += TimeSpan.FromMilliseconds(20))
        {
            byte[] packet = Send(alice, (uint)(i * 160)).Datagram;
            alice.SetMediaClock(now, (uint)(i * 160));
            if (i % 10 != 0) Receive(bob, now + TimeSpan.FromMilliseconds(30), packet);
            Report(alice, bob, now, datagram);
            Report(bob, alice, now, datagram);
        }

        RtpStatistics a = alice.Statistics, b = bob.Statistics;
        Assert.Equal((1000, 160_000), (a.PacketsSent, a.OctetsSent));
        Assert.Equal((900, 144_000), (b.PacketsReceived, b.OctetsReceived));
        Assert.Equal(99, b.PacketsLost);                        // the very first was never known of
        Assert.InRange(a.RemotePacketsLost!.Value, 60, 99);
        Assert.InRange(a.RemoteFractionLost!.Value, 0.08, 0.12);
        Assert.Equal(0.06, a.RoundTrip!.Value.TotalSeconds, 2);
        Assert.Equal(0, b.Jitter.TotalMilliseconds, 1);
        Assert.Equal(alice.Ssrc, bob.RemoteSsrc);
    }

    [Fact]
    public void A_sender_reports_as_one_for_two_reports_after_its_last_packet()
    {
        RtpSession session = Session(1);
        Send(session, 0);
        byte[] datagram = new byte[512];
        List<RtcpPacketType> types = [];
        while (types.Count < 4)
        {
            int length = session.TryWriteReport(session.NextReport, datagram);
            if (length == 0) continue;
            Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, length), out RtcpReader reader));
            reader.TryRead(out RtcpPacket packet);
            types.Add(packet.Type);
            reader.TryRead(out RtcpPacket description);
            Assert.Equal(RtcpPacketType.SourceDescription, description.Type);
        }

        Assert.Equal([RtcpPacketType.SenderReport, RtcpPacketType.SenderReport, RtcpPacketType.ReceiverReport, RtcpPacketType.ReceiverReport], types);
    }

    [Fact]
    public void A_sender_report_relates_the_clocks()
    {
        RtpSession session = Session(1);
        Send(session, 8000);
        session.SetMediaClock(Start, 8000);
        byte[] datagram = new byte[512];
        int length = session.WriteGoodbye(Start + TimeSpan.FromSeconds(1.5), datagram);

        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, length), out RtcpReader reader));
        reader.TryRead(out RtcpPacket report);
        Assert.True(report.TryGetSenderInfo(out RtcpSenderInfo info));
        Assert.Equal(20_000u, info.RtpTimestamp);
        Assert.Equal((1u, 160u), (info.PacketCount, info.OctetCount));
        // 2025-01-01 is 3944678400 s after 1900-01-01.
        Assert.Equal((3944678401ul << 32) | 0x80000000, info.NtpTimestamp);
        reader.TryRead(out _);
        Assert.True(reader.TryRead(out RtcpPacket goodbye));
        Assert.True(goodbye.TryGetGoodbye(0, out uint ssrc));
        Assert.Equal(session.Ssrc, ssrc);
    }

    [Fact]
    public void The_first_source_is_believed_at_once_and_another_after_two_packets()
    {
        RtpSession session = Session(1);
        Assert.Equal(RtpAcceptance.NewSource, Receive(session, Start, ssrc: 5, sequence: 10));
        Assert.Equal(RtpAcceptance.Accepted, Receive(session, Start, ssrc: 5, sequence: 11));
        Assert.Equal(RtpAcceptance.Probation, Receive(session, Start, ssrc: 6, sequence: 90));
        Assert.Equal(RtpAcceptance.Accepted, Receive(session, Start, ssrc: 5, sequence: 12));
        Assert.Equal(RtpAcceptance.Probation, Receive(session, Start, ssrc: 7, sequence: 1));
        Assert.Equal(RtpAcceptance.Probation, Receive(session, Start, ssrc: 6, sequence: 91));       // 7 took 6's place as candidate
        Assert.Equal(RtpAcceptance.NewSource, Receive(session, Start, ssrc: 6, sequence: 92));
        Assert.Equal(6u, session.RemoteSsrc);
        Assert.Equal(4, session.Statistics.PacketsReceived);
    }

    [Fact]
    public void A_source_that_is_silent_or_gone_makes_way_at_once()
    {
        RtpSession session = Session(1);
        Receive(session, Start, ssrc: 5, sequence: 10);
        Assert.Equal(RtpAcceptance.NewSource, Receive(session, Start + TimeSpan.FromSeconds(1), ssrc: 6, sequence: 1));

        byte[] goodbye = new byte[64];
        RtcpWriter writer = new(goodbye);
        writer.WriteReceiverReport(6);
        writer.WriteGoodbye(6);
        Assert.Equal(RtcpNews.RemoteLeft, session.OnControl(Start + TimeSpan.FromSeconds(1), goodbye.AsSpan(0, writer.Length)));
        Assert.Equal(RtpAcceptance.NewSource, Receive(session, Start + TimeSpan.FromSeconds(1), ssrc: 7, sequence: 1));
    }

    [Fact]
    public void A_goodbye_of_somebody_else_means_nothing()
    {
        RtpSession session = Session(1);
        Receive(session, Start, ssrc: 5, sequence: 10);
        byte[] goodbye = new byte[64];
        RtcpWriter writer = new(goodbye);
        writer.WriteReceiverReport(6);
        writer.WriteGoodbye(6);

        Assert.Equal(RtcpNews.Reports, session.OnControl(Start, goodbye.AsSpan(0, writer.Length)));
        Assert.Equal(RtcpNews.Invalid, session.OnControl(Start, goodbye.AsSpan(0, 3)));
    }

    [Fact]
    public void After_a_collision_this_side_goes_on_under_another_name()
    {
        RtpSession session = Session(1);
        RtpHeader sent = Send(session, 0).Header;
        uint before = session.Ssrc;

        Assert.Equal(RtpAcceptance.NewSource, Receive(session, Start, before, (ushort)(sent.SequenceNumber + 30_000)));

        Assert.NotEqual(before, session.Ssrc);
        Assert.Equal(before, session.RemoteSsrc);
        byte[] datagram = new byte[512];
        int length = session.WriteGoodbye(Start, datagram);
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, length), out RtcpReader reader));
        List<uint> left = [];
        while (reader.TryRead(out RtcpPacket packet))
        {
            if (packet.TryGetGoodbye(0, out uint ssrc)) left.Add(ssrc);
        }

        Assert.Equal([before, session.Ssrc], left);
    }

    [Fact]
    public void A_reflector_is_listened_to_and_changes_nothing()
    {
        RtpSession session = Session(1);
        uint before = session.Ssrc;
        for (int i = 0; i < 50; i++)
        {
            (byte[] datagram, _) = Send(session, (uint)(i * 160));
            Assert.Equal(i == 0 ? RtpAcceptance.NewSource : RtpAcceptance.Accepted, Receive(session, Start, datagram));
        }

        Assert.Equal((before, before), (session.Ssrc, session.RemoteSsrc));
        Assert.Equal((50, 0), (session.Statistics.PacketsReceived, session.Statistics.PacketsLost));
    }

    [Fact]
    public void Nobody_can_make_this_side_change_its_name_for_ever()
    {
        RtpSession session = Session(1);
        ushort far = (ushort)(Send(session, 0).Header.SequenceNumber + 30_000);
        HashSet<uint> names = [session.Ssrc];
        for (int i = 0; i < 20; i++)
        {
            Receive(session, Start, session.Ssrc, far);
            names.Add(session.Ssrc);
        }

        Assert.Equal(5, names.Count);
    }

    [Fact]
    public void A_report_on_nothing_heard_has_no_block()
    {
        RtpSession session = Session(1);
        Receive(session, Start, 5, 1);
        byte[] datagram = new byte[512];

        Assert.Equal(1, Blocks(NextReport(session, datagram)));
        Assert.Equal(0, Blocks(NextReport(session, datagram)));     // nothing since

        int Blocks(int length)
        {
            Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, length), out RtcpReader reader));
            reader.TryRead(out RtcpPacket packet);
            return packet.Count;
        }
    }

    private static RtpSession Session(int seed) => new(Start, new RtpSessionOptions { CanonicalName = $"test-{seed}", Clock = Clock }, 8000, new Random(seed));

    private static (byte[] Datagram, RtpHeader Header) Send(RtpSession session, uint timestamp)
    {
        byte[] datagram = new byte[172];
        session.WriteHeader(datagram, 0, false, timestamp);
        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
        return (datagram, packet.Header);
    }

    private static RtpAcceptance Receive(RtpSession session, Instant now, byte[] datagram)
    {
        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
        return session.OnPacket(now, packet);
    }

    private static RtpAcceptance Receive(RtpSession session, Instant now, uint ssrc, ushort sequence)
    {
        byte[] datagram = new byte[172];
        RtpPacket.Write(datagram, new RtpHeader(0, false, sequence, (uint)(sequence * 160), ssrc), datagram.AsSpan(12));
        return Receive(session, now, datagram);
    }

    private static int NextReport(RtpSession session, byte[] datagram)
    {
        int length;
        while ((length = session.TryWriteReport(session.NextReport, datagram)) == 0)
        {
        }

        return length;
    }

    private static void Report(RtpSession from, RtpSession to, Instant now, byte[] datagram)
    {
        if (from.NextReport > now) return;
        int length = from.TryWriteReport(now, datagram);
        if (length > 0) to.OnControl(now + TimeSpan.FromMilliseconds(30), datagram.AsSpan(0, length));
    }
}
