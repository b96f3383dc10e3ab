using Parley.Core;
using Parley.Rtp.Events;

namespace Parley.Media.Tests.Rtp;

public class TelephoneEventTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60);

    [Theory]
    [InlineData("05 8A 0320", 5, true, 10, 800)]
    [InlineData("0B 3F FFFF", 11, false, 63, 65535)]
    [InlineData("00 00 0000", 0, false, 0, 0)]
    public void A_payload_is_read_and_written(string hex, byte code, bool isEnd, byte volume, int duration)
    {
        byte[] payload = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.True(TelephoneEvent.TryParse(payload, out TelephoneEvent read));
        Assert.Equal(new TelephoneEvent(code, isEnd, volume, (ushort)duration), read);
        byte[] written = new byte[4];
        read.Write(written);
        Assert.Equal(payload, written);
        Assert.False(TelephoneEvent.TryParse(payload.AsSpan(0, 3), out _));
    }

    [Fact]
    public void Every_key_has_its_code()
    {
        for (byte code = 0; code < 16; code++)
        {
            Assert.True(Dtmf.TryGetDigit(code, out char digit));
            Assert.True(Dtmf.TryGetCode(digit, out byte back));
            Assert.Equal(code, back);
        }

        Assert.True(Dtmf.TryGetCode('d', out byte lower));
        Assert.Equal(15, lower);
        Assert.False(Dtmf.TryGetCode('x', out _));
        Assert.False(Dtmf.TryGetDigit(16, out _));
    }

    [Fact]
    public void A_digit_is_sent_with_growing_duration_and_three_ends()
    {
        TelephoneEventSender sender = new(8000, Pause);
        Assert.True(sender.TryQueue(5, TimeSpan.FromMilliseconds(90)));

        // Beat, marker, end, duration; all with the timestamp of the first.
        Assert.Equal(
            [
                "0 @1000 M 160", "1 @1000 . 320", "2 @1000 . 480", "3 @1000 . 640",
                "4 @1000 E 720", "5 @1000 E 720", "6 @1000 E 720",
            ],
            Run(sender, 20));
        Assert.False(sender.IsBusy);
    }

    [Fact]
    public void Digits_follow_each_other_after_a_pause()
    {
        TelephoneEventSender sender = new(8000, Pause);
        sender.TryQueue(1, TimeSpan.FromMilliseconds(40));
        sender.TryQueue(1, TimeSpan.FromMilliseconds(20));

        // The first ends after 40 ms, so the next begins 100 ms after its beginning.
        Assert.Equal(
            [
                "0 @1000 M 160", "1 @1000 E 320", "2 @1000 E 320", "3 @1000 E 320",
                "5 @1800 ME 160", "6 @1800 E 160", "7 @1800 E 160",
            ],
            Run(sender, 20));
    }

    [Fact]
    public void A_full_queue_and_a_wrong_duration_are_refused()
    {
        TelephoneEventSender sender = new(8000, Pause);
        for (int i = 0; i < TelephoneEventSender.MaxQueued; i++) Assert.True(sender.TryQueue(1, Pause));
        Assert.False(sender.TryQueue(1, Pause));
        Assert.Throws<ArgumentOutOfRangeException>(() => sender.TryQueue(1, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => sender.TryQueue(1, TimeSpan.FromSeconds(9)));
    }

    // Packets as "timestamp code duration[E]", and what is told: "+code" begins, "-code:duration" ends.
    [Theory]
    [InlineData("100 5 160,100 5 320,100 5 480E,100 5 480E,100 5 480E", "+5 -5:480")]
    [InlineData("100 5 320,100 5 480E", "+5 -5:480")]                                           // the first was lost
    [InlineData("100 5 480E", "+5 -5:480")]                                                     // all but one end
    [InlineData("100 5 480E,100 5 320,100 5 160", "+5 -5:480")]                                 // reordered
    [InlineData("100 5 160,100 5 480,100 5 320,100 5 640E", "+5 -5:640")]
    [InlineData("100 5 160,2000 6 160E", "+5 -5:160 +6 -6:160")]                                // all ends lost
    [InlineData("100 5 480E,2000 5 480E,100 5 480E", "+5 -5:480 +5 -5:480")]                    // the same digit twice
    [InlineData("4294967200 5 160,4294967200 5 320E,200 6 160E", "+5 -5:320 +6 -6:160")]        // timestamps wrap
    [InlineData("100 5 160,100 7 160,100 5 320E", "+5 -5:320")]                                 // another code at the same time is noise
    [InlineData("100 5 65535,65635 5 1000,65635 5 2000E", "+5 -5:67535")]                       // segments
    [InlineData("100 5 160,2000 5 160,2000 5 320E", "+5 -5:160 +5 -5:320")]                     // no segment: there is a gap
    public void Many_packets_are_one_digit(string packets, string told)
    {
        TelephoneEventReceiver receiver = new();
        Instant now = Instant.Zero;
        foreach (string packet in packets.Split(','))
        {
            string[] fields = packet.TrimEnd('E').Split(' ');
            receiver.OnPacket(now, uint.Parse(fields[0]), Payload(byte.Parse(fields[1]), ushort.Parse(fields[2]), packet.EndsWith('E')));
            now += TimeSpan.FromMilliseconds(20);
        }

        Assert.Equal(told, Told(receiver));
        Assert.True(receiver.NextDeadline.IsNever);
    }

    [Fact]
    public void A_digit_whose_ends_are_all_lost_ends_after_a_while()
    {
        TelephoneEventReceiver receiver = new();
        receiver.OnPacket(Instant.Zero, 100, Payload(5, 160, false));
        Instant deadline = receiver.NextDeadline;

        receiver.OnDeadline(deadline - TimeSpan.FromMilliseconds(1));
        Assert.Equal("+5", Told(receiver));
        receiver.OnDeadline(deadline);
        Assert.Equal("-5:160", Told(receiver));

        // What comes later belongs to it and is not another digit.
        receiver.OnPacket(deadline, 100, Payload(5, 480, true));
        Assert.Equal("", Told(receiver));
        Assert.True(receiver.NextDeadline.IsNever);
    }

    [Fact]
    public void Several_events_in_one_packet_follow_on_from_each_other()
    {
        TelephoneEventReceiver receiver = new();
        receiver.OnPacket(Instant.Zero, 100, [.. Payload(1, 800, true), .. Payload(2, 400, true)]);

        Assert.Equal("+1 -1:800 +2 -2:400", Told(receiver));
    }

    [Fact]
    public void Another_source_begins_with_other_timestamps()
    {
        TelephoneEventReceiver receiver = new();
        receiver.OnPacket(Instant.Zero, 1_000_000, Payload(1, 160, false));
        receiver.Reset();
        receiver.OnPacket(Instant.Zero, 50, Payload(2, 160, true));

        Assert.Equal("+1 -1:160 +2 -2:160", Told(receiver));
    }

    [Fact]
    public void What_is_sent_is_received_whatever_is_lost_as_long_as_one_packet_comes_through()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            TelephoneEventSender sender = new(8000, Pause);
            byte[] codes = [.. Enumerable.Range(0, 8).Select(_ => (byte)random.Next(16))];
            foreach (byte code in codes) sender.TryQueue(code, TimeSpan.FromMilliseconds(100));
            TelephoneEventReceiver receiver = new();
            Instant now = Instant.Zero;
            List<byte> begun = [], ended = [];
            HashSet<uint> through = [];
            int sent = 0;
            for (uint beat = 0; beat < 120; beat++, now += TimeSpan.FromMilliseconds(20))
            {
                receiver.OnDeadline(now);
                if (sender.TryNext(beat * 160, 160, out TelephoneEventPacket packet))
                {
                    if (packet.Marker) sent++;
                    bool last = packet.Event.IsEnd && !through.Contains(packet.Timestamp);
                    if (last || random.Next(3) > 0)
                    {
                        through.Add(packet.Timestamp);
                        byte[] payload = new byte[4];
                        packet.Event.Write(payload);
                        for (int copies = random.Next(1, 3); copies > 0; copies--) receiver.OnPacket(now, packet.Timestamp, payload);
                    }
                }

                while (receiver.TryTake(out TelephoneEventNotice notice)) (notice.IsEnd ? ended : begun).Add(notice.Code);
            }

            Assert.True(codes.SequenceEqual(begun) && codes.SequenceEqual(ended) && sent == 8, $"seed {seed}: {string.Join(' ', begun)} for {string.Join(' ', codes)}");
        }
    }

    private static byte[] Payload(byte code, ushort duration, bool isEnd)
    {
        byte[] payload = new byte[4];
        new TelephoneEvent(code, isEnd, 10, duration).Write(payload);
        return payload;
    }

    private static List<string> Run(TelephoneEventSender sender, int beats)
    {
        List<string> packets = [];
        for (uint beat = 0; beat < beats; beat++)
        {
            if (!sender.TryNext(1000 + (beat * 160), 160, out TelephoneEventPacket packet)) continue;
            string flags = (packet.Marker ? "M" : "") + (packet.Event.IsEnd ? "E" : "");
            packets.Add($"{beat} @{packet.Timestamp} {(flags.Length == 0 ? "." : flags)} {packet.Event.Duration}");
        }

        return packets;
    }

    private static string Told(TelephoneEventReceiver receiver)
    {
        List<string> told = [];
        while (receiver.TryTake(out TelephoneEventNotice notice)) told.Add(notice.IsEnd ? $"-{notice.Code}:{notice.DurationUnits}" : $"+{notice.Code}");
        return string.Join(' ', told);
    }
}
