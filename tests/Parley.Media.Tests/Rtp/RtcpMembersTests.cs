using System.Text;
using Parley.Core;
using Parley.Rtp;
using Parley.Rtp.Rtcp;

namespace Parley.Media.Tests.Rtp;

/// <summary>Who is in a session: RFC 3550 6.2.1, 6.3.3 to 6.3.7 and 8.2.</summary>
public class RtcpMembersTests
{
    private static readonly Instant Start = Instant.FromTicks(1_000_000_000);
    private static readonly NtpClock Clock = new(Start, new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Who_says_its_name_or_is_heard_is_a_member()
    {
        RtpSession session = Session();
        Assert.Equal(1, session.Members);
        session.OnControl(Start, Report(5, "five"));
        session.OnControl(Start, Report(5, "five"));
        Assert.Equal(2, session.Members);
        session.OnControl(Start, Report(6, name: null));        // no name: not believed
        Assert.Equal(2, session.Members);
        Receive(session, Start, 7, 1);
        Assert.Equal(3, session.Members);
    }

    [Fact]
    public void Who_leaves_is_none_any_more_and_its_stragglers_do_not_bring_it_back()
    {
        RtpSession session = Session();
        Receive(session, Start, 5, 1);
        Assert.Equal(RtcpNews.RemoteLeft, session.OnControl(Start, Goodbye(5)));
        Assert.Equal(1, session.Members);
        Receive(session, Start + TimeSpan.FromSeconds(1), 5, 2);
        Assert.Equal(1, session.Members);
        Receive(session, Start + TimeSpan.FromSeconds(3), 5, 3);
        Assert.Equal(2, session.Members);
    }

    [Fact]
    public void Who_is_silent_for_five_intervals_is_none_any_more()
    {
        RtpSession session = Session();
        byte[] datagram = new byte[1200];
        Receive(session, Start, 5, 1);
        Instant gone = Instant.Never;
        for (int i = 0; i < 40 && session.Members > 1; i++)
        {
            Instant now = session.NextReport;
            if (session.TryWriteReport(now, datagram) > 0 && session.Members == 1) gone = now;
        }

        Assert.InRange((gone - Start).TotalSeconds, 25, 34);        // 5 times 5 s, and up to one interval until it is looked at
    }

    [Fact]
    public void A_flood_of_names_is_bounded_and_passes()
    {
        RtpSession session = Session();
        byte[] datagram = new byte[1200];
        for (uint ssrc = 1; ssrc < 5000; ssrc++) session.OnControl(Start, Report(ssrc, "n"));
        Assert.InRange(session.Members, 200, 257);
        for (int i = 0; i < 100 && session.Members > 1; i++) session.TryWriteReport(session.NextReport, datagram);
        Assert.Equal(1, session.Members);
    }

    [Fact]
    public void Of_few_the_goodbye_goes_at_once_and_of_many_it_waits_for_those_of_others()
    {
        byte[] datagram = new byte[1200];
        foreach (int members in (int[])[2, 48, 60, 200])
        {
            RtpSession session = Session();
            session.WriteHeader(new byte[172], 0, false, 0);
            for (uint ssrc = 1; ssrc < members; ssrc++) session.OnControl(Start, Report(ssrc, "n"));
            Assert.Equal(members, session.Members);

            int length = session.WriteGoodbye(Start, datagram);
            if (members < 50)
            {
                Assert.True(HasGoodbye(datagram.AsSpan(0, length)));
                Assert.Equal(Instant.Never, session.NextReport);
                continue;
            }

            Assert.Equal(0, length);
            TimeSpan first = session.NextReport - Start;
            Assert.InRange(first.TotalSeconds, 1, 3.2);             // half the minimum, spread
            // Others leave too: it waits longer for each of them, by what their goodbyes take.
            for (uint ssrc = 1; ssrc < members; ssrc++) session.OnControl(Start, Goodbye(ssrc));
            Instant now;
            do
            {
                now = session.NextReport;
                length = session.TryWriteReport(now, datagram);
            }
            while (length == 0);

            // 60 goodbyes of 44 and 92 bytes at 750 bytes a second take 4 s on average, 200 take 12.
            Assert.InRange((now - Start).TotalSeconds, members / 50, members / 6);
            Assert.True(HasGoodbye(datagram.AsSpan(0, length)));
            Assert.Equal((Instant.Never, 0), (session.NextReport, session.TryWriteReport(now + TimeSpan.FromHours(1), datagram)));
        }
    }

    [Fact]
    public void Who_sent_nothing_says_no_goodbye()
    {
        RtpSession session = Session();
        Receive(session, Start, 5, 1);
        Assert.Equal(0, session.WriteGoodbye(Start, new byte[1200]));
        Assert.Equal(Instant.Never, session.NextReport);

        session = Session();
        byte[] datagram = new byte[1200];
        while (session.TryWriteReport(session.NextReport, datagram) == 0)
        {
        }

        Assert.NotEqual(0, session.WriteGoodbye(session.NextReport, datagram));
    }

    [Fact]
    public void A_name_under_this_sides_number_is_a_collision_and_its_own_name_a_loop()
    {
        RtpSession session = Session();
        session.WriteHeader(new byte[172], 0, false, 0);
        uint before = session.Ssrc;
        session.OnControl(Start, Report(before, "self"));
        Assert.Equal((before, 0, 1), (session.Ssrc, session.Statistics.Collisions, session.Statistics.Looped));

        session.OnControl(Start, Report(before, "somebody else"));
        Assert.NotEqual(before, session.Ssrc);
        Assert.Equal((1, 1), (session.Statistics.Collisions, session.Statistics.Looped));
        byte[] datagram = new byte[1200];
        int length = session.WriteGoodbye(Start, datagram);
        Assert.True(HasGoodbye(datagram.AsSpan(0, length), before));
    }

    [Fact]
    public void Two_others_with_one_number_are_counted_and_this_sides_voice_in_a_mix_too()
    {
        RtpSession session = Session();
        Receive(session, Start, 5, 1);
        session.OnControl(Start, Report(5, "five"));
        Assert.Equal(0, session.Statistics.Collisions);
        session.OnControl(Start, Report(5, "another five"));
        Assert.Equal(1, session.Statistics.Collisions);

        byte[] mixed = new byte[200];
        int length = RtpPacket.Write(mixed, new RtpHeader(0, false, 2, 160, 5), [9, session.Ssrc], null, default, new byte[160]);
        RtpPacket.TryParse(mixed.AsSpan(0, length), out RtpPacket packet);
        Assert.Equal(RtpAcceptance.Accepted, session.OnPacket(Start, packet));
        Assert.Equal(1, session.Statistics.Looped);
    }

    [Theory]
    [InlineData(9_000, 5)]              // 72 kbit/s
    [InlineData(18_000, 2.5)]
    [InlineData(2_000, 5)]
    public void The_reduced_minimum_is_360_through_the_bandwidth(int bytesPerSecond, double expected)
    {
        Assert.Equal(expected, RtcpSchedule.ReducedMinimum(bytesPerSecond).TotalSeconds, 3);
        RtpSession session = new(Start, new RtpSessionOptions { CanonicalName = "self", Clock = Clock, BandwidthBytesPerSecond = bytesPerSecond, UsesReducedMinimum = true }, 8000, new Random(1));
        byte[] datagram = new byte[1200];
        List<Instant> sent = [];
        while (sent.Count < 400)
        {
            Instant now = session.NextReport;
            if (session.TryWriteReport(now, datagram) > 0) sent.Add(now);
        }

        Assert.InRange((sent[^1] - sent[0]).TotalSeconds / 399, expected * 0.8, expected * 1.15);
    }

    private static RtpSession Session() => new(Start, new RtpSessionOptions { CanonicalName = "self", Clock = Clock }, 8000, new Random(1));

    private static void Receive(RtpSession session, Instant now, uint ssrc, ushort sequence)
    {
        byte[] datagram = new byte[172];
        RtpPacket.Write(datagram, new RtpHeader(0, false, sequence, (uint)(sequence * 160), ssrc), datagram.AsSpan(12));
        RtpPacket.TryParse(datagram, out RtpPacket packet);
        session.OnPacket(now, packet);
    }

    private static byte[] Report(uint ssrc, string? name)
    {
        byte[] datagram = new byte[256];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(ssrc);
        if (name is not null) writer.WriteSourceDescription(ssrc, RtcpSdesItem.CanonicalName, Encoding.UTF8.GetBytes(name));
        return datagram[..writer.Length];
    }

    private static byte[] Goodbye(uint ssrc)
    {
        byte[] datagram = new byte[64];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(ssrc);
        writer.WriteGoodbye(ssrc);
        return datagram[..writer.Length];
    }

    private static bool HasGoodbye(ReadOnlySpan<byte> datagram, uint? of = null)
    {
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram, out RtcpReader reader));
        while (reader.TryRead(out RtcpPacket packet))
        {
            if (packet.TryGetGoodbye(0, out uint ssrc) && (of is null || ssrc == of)) return true;
        }

        return false;
    }
}
