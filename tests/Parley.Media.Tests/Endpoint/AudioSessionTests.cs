using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Media.Tests.Codecs;
using Parley.Rtp;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

public class AudioSessionTests
{
    private static readonly short[] Speech = TestSound.Speech(3);

    [Theory]
    [InlineData("PCMU", 20)]
    [InlineData("PCMA", 20)]
    [InlineData("PCMU", 10)]
    [InlineData("PCMU", 30)]
    [InlineData("PCMA", 40)]
    [InlineData("PCMU", 60)]
    [InlineData("PCMU", 5)]         // shorter than anything that is sent: 10
    [InlineData("PCMU", 200)]       // longer than anything that is sent: 100
    public void What_is_said_is_heard_bit_by_bit_from_the_first_sample_to_the_last(string codec, int packetMilliseconds)
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob, codec, packetMilliseconds), AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice, codec), AudioCodecs.All, new SilenceSource(), heard);

        pair.RunFor(4);
        pair.Alice.Stop(pair.Now);
        pair.Bob.Stop(pair.Now);
        pair.RunFor(1);

        AudioComparison comparison = AudioComparison.Compare(Negotiated.Coded(Speech, codec), heard.Samples.ToArray(), 8000);
        Assert.True(comparison is { DifferentSamples: 0, MissingSamples: 0, LargestShiftSamples: 0 }, comparison.ToString());
        Assert.True(heard.HasEnded);
        Assert.Equal((0, 0, 0), (pair.Bob.Statistics.Playout.Lost, pair.Bob.Statistics.Playout.Late, pair.Bob.Statistics.Rtp.PacketsLost));
        Assert.Equal(AudioSessionState.Ended, pair.Bob.State);
        Assert.Single(pair.AliceHeard, o => o.Kind == AudioOutputKind.SourceEnded);
        Assert.Single(pair.BobHeard, o => o.Kind == AudioOutputKind.RemoteLeft);
        Assert.Single(pair.BobHeard, o => o.Kind == AudioOutputKind.Ended);
    }

    [Theory]
    [InlineData(16000)]
    [InlineData(44100)]
    [InlineData(48000)]
    public void A_source_of_another_rate_is_converted(int rate)
    {
        using SessionPair pair = new();
        short[] speech = TestSound.Speech(2, rate);
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(speech, rate), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(3);

        short[] reference = Negotiated.Coded(Parley.Media.Processing.Resampler.Convert(speech, rate, 8000));
        Assert.Equal(0, AudioComparison.Compare(reference, heard.Samples.ToArray(), 8000).DifferentSamples);
    }

    [Fact]
    public void A_call_to_warm_up_does_all_that_calls_do()
    {
        AudioStatistics statistics = AudioWarmUp.Run();
        Assert.InRange(statistics.Rtp.PacketsReceived, 230, 310);
        Assert.InRange(statistics.Playout.Lost, 10, 60);
        Assert.NotNull(statistics.Rtp.RemoteVoipMetrics);
        Assert.NotNull(statistics.Quality);
    }

    [Fact]
    public void A_good_network_is_found_out_in_time_and_a_bad_one_from_the_start()
    {
        Assert.InRange(DelayAfter(1.5, jitterMilliseconds: 0), 45, 80);
        Assert.InRange(DelayAfter(6, jitterMilliseconds: 0), 10, 40);
        Assert.InRange(DelayAfter(6, jitterMilliseconds: 90), 85, 130);

        static double DelayAfter(double seconds, int jitterMilliseconds)
        {
            Random random = new(5);
            using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x" });
            pair.Wire = (_, _) => TimeSpan.FromMilliseconds(15 + random.Next(jitterMilliseconds + 1));
            pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(Vowels.Speak(TimeSpan.FromSeconds(25), 8000)), new NullSink());
            pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
            pair.RunFor(seconds);
            return pair.Bob.Statistics.PlayoutDelay.TotalMilliseconds;
        }
    }

    [Fact]
    public void The_end_is_played_before_the_sink_hears_that_it_was_all()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        Start(pair, Negotiated.Source(Speech[..1600]), heard);
        while (!pair.AliceHeard.Exists(o => o.Kind == AudioOutputKind.SourceEnded)) pair.RunFor(0.001);

        // The caller hangs up as soon as its file is over, and its BYE overtakes what is in the buffer.
        pair.RunFor(0.016);
        pair.Bob.Stop(pair.Now);
        Assert.Equal(AudioSessionState.Draining, pair.Bob.State);
        pair.RunFor(0.2);

        Assert.Equal(AudioSessionState.Ended, pair.Bob.State);
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech.AsSpan(0, 1600)), heard.Samples.ToArray(), 8000).MissingSamples);
    }

    [Fact]
    public void Packets_leave_on_a_beat_that_does_not_drift()
    {
        using SessionPair pair = new();
        Instant start = pair.Now;
        List<Instant> sent = [];
        pair.Wire = (_, number) =>
        {
            if (number >= 0) sent.Add(pair.Now);
            return null;
        };
        pair.Alice.Start(start, Negotiated.With(Negotiated.Bob), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(10);

        Assert.Equal(501, sent.Count);
        for (int i = 0; i < sent.Count; i++) Assert.Equal(start + TimeSpan.FromMilliseconds(20 * i), sent[i]);
        RtpHeader first = Header(pair.AliceSent[0]), last = Header(pair.AliceSent[^1]);
        Assert.True(first.Marker);
        Assert.False(last.Marker);
        Assert.Equal(500 * 160, RtpSequence.Difference(last.Timestamp, first.Timestamp));
        Assert.Equal(500, RtpSequence.Difference(last.SequenceNumber, first.SequenceNumber));
    }

    [Theory]
    [InlineData(300)]       // made up for at once
    [InlineData(3000)]      // made up for by going on later
    public void After_a_pause_of_the_process_no_sound_is_left_out(int milliseconds)
    {
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.RunFor(1);
        Instant late = pair.Now + TimeSpan.FromMilliseconds(milliseconds);
        pair.Alice.OnDeadline(late);
        pair.RunUntil(late + TimeSpan.FromSeconds(3));

        List<short> sent = [];
        for (int i = 0; i < pair.AliceSent.Count; i++)
        {
            Assert.Equal(i, RtpSequence.Difference(Header(pair.AliceSent[i]).SequenceNumber, Header(pair.AliceSent[0]).SequenceNumber));
            Assert.Equal(i * 160, RtpSequence.Difference(Header(pair.AliceSent[i]).Timestamp, Header(pair.AliceSent[0]).Timestamp));
            short[] samples = new short[160];
            G711.DecodeMuLaw(pair.AliceSent[i].AsSpan(12), samples);
            sent.AddRange(samples);
        }

        Assert.Equal(Negotiated.Coded(Speech), sent[..Speech.Length]);
    }

    [Fact]
    public void Loss_is_concealed_and_everything_else_in_its_place()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            Random random = new(seed);
            using SessionPair pair = new(seed);
            // The first packet is a fast one: playout then waits as long as it should from the beginning, and nothing is left out to make that shorter.
            pair.Wire = (_, number) => number > 0 && random.Next(20) == 0 ? null : TimeSpan.FromMilliseconds(15 + (number > 0 ? random.Next(30) : 0));
            MemorySink heard = new();
            Start(pair, Negotiated.Source(Speech), heard);
            pair.RunFor(4);

            short[] reference = Negotiated.Coded(Speech);
            AudioComparison comparison = AudioComparison.Compare(reference, heard.Samples.ToArray(), 8000);
            Assert.True(comparison.LargestShiftSamples == 0 && comparison.SignalToNoise > 15, $"seed {seed}: {comparison}");
            // What was lost is made up, what follows may be faded in, and the rest is exact.
            int different = 0;
            for (int i = 0; i < reference.Length; i++)
            {
                if (heard.Samples[i + comparison.OffsetSamples] != reference[i]) different++;
            }

            Assert.InRange(different, 1, pair.Bob.Statistics.Playout.Lost * (160 + 48));
            AudioStatistics statistics = pair.Bob.Statistics;
            Assert.InRange(statistics.Playout.Lost, 1, 30);
            Assert.InRange(statistics.Rtp.PacketsLost - statistics.Playout.Lost, 0, 3);       // the last ones are not yet missed
        }
    }

    [Fact]
    public void Playout_waits_as_long_as_it_should_whenever_packets_come()
    {
        for (int delay = 15; delay < 35; delay++)
        {
            using SessionPair pair = new();
            pair.Wire = (_, _) => TimeSpan.FromMilliseconds(delay);
            MemorySink heard = new();
            Start(pair, Negotiated.Source(Speech), heard);
            pair.RunFor(2);

            Assert.Equal(TimeSpan.FromMilliseconds(60), pair.Bob.Statistics.PlayoutDelay);
            AudioComparison comparison = AudioComparison.Compare(Negotiated.Coded(Speech).AsSpan(0, 8000), heard.Samples.ToArray(), 8000);
            Assert.Equal((((delay + 60) * 8), 0), (comparison.OffsetSamples, comparison.DifferentSamples));
        }
    }

    [Fact]
    public void Both_sides_know_how_it_goes()
    {
        using SessionPair pair = new();
        pair.Wire = (isAlice, number) => isAlice && number % 10 == 5 ? null : TimeSpan.FromMilliseconds(40);
        Start(pair, Negotiated.Source(TestSound.Speech(30)), new NullSink());
        pair.RunFor(30);

        AudioStatistics alice = pair.Alice.Statistics, bob = pair.Bob.Statistics;
        Assert.Equal("PCMU", alice.Codec);
        Assert.Equal(Negotiated.Bob, alice.RemoteRtp);
        Assert.Equal(1501, alice.Rtp.PacketsSent);
        Assert.Equal(1501 * 160, alice.Rtp.OctetsSent);
        Assert.Equal(150, bob.Rtp.PacketsLost);
        Assert.InRange(alice.Rtp.RemotePacketsLost!.Value, 100, 150);
        Assert.Equal(0.1, alice.Rtp.RemoteFractionLost!.Value, 2);
        Assert.Equal(80, alice.Rtp.RoundTrip!.Value.TotalMilliseconds, 0);
        Assert.Equal(80, bob.Rtp.RoundTrip!.Value.TotalMilliseconds, 0);
        Assert.InRange(bob.Rtp.Jitter.TotalMilliseconds, 0, 0.2);
    }

    [Fact]
    public void Digits_are_heard_once_each_in_both_directions_while_the_sound_goes_on()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        Start(pair, Negotiated.Source(Speech), heard);
        foreach (byte code in new byte[] { 1, 2, 2, 11 }) Assert.True(pair.Alice.SendEvent(code));
        pair.RunFor(0.3);
        Assert.True(pair.Bob.SendEvent(5));
        pair.RunFor(4);

        Assert.Equal(["1", "2", "2", "#"], Digits(pair.BobHeard));
        Assert.Equal(["5"], Digits(pair.AliceHeard));
        Assert.All(pair.BobHeard.Where(o => o.Event.IsEnd), o => Assert.Equal(TimeSpan.FromMilliseconds(100), o.Event.Duration));
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.Equal((0, 0), (pair.Bob.Statistics.Playout.Lost, pair.Bob.Statistics.Rtp.PacketsLost));
    }

    [Fact]
    public void Digits_survive_loss_and_reordering()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            using SessionPair pair = new(seed);
            pair.Wire = (_, _) => random.Next(5) == 0 ? null : TimeSpan.FromMilliseconds(10 + random.Next(50));
            Start(pair, new SilenceSource(), new NullSink());
            for (byte code = 0; code < 16; code++) pair.Alice.SendEvent(code);
            pair.RunFor(6);

            Assert.True(Digits(pair.BobHeard).SequenceEqual("0123456789*#ABCD".Select(c => c.ToString())), $"seed {seed}: {string.Join("", Digits(pair.BobHeard))}");
        }
    }

    [Fact]
    public void Comfort_noise_that_nobody_asked_for_is_heard_as_noise_and_no_loss()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        for (int i = 0; i < 50; i++)
        {
            // Half a second of sound, and a packet of noise every 100 ms from then on.
            bool isSound = i < 25;
            if (isSound || i % 5 == 0)
            {
                byte[] packet = new byte[isSound ? 172 : 13];
                new byte[] { 0x80, (byte)(isSound ? 0 : 13), 0, (byte)(isSound ? i : 25 + ((i - 25) / 5)) }.CopyTo(packet, 0);
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), i * 160);
                packet.AsSpan(12).Fill((byte)(isSound ? 0x10 : 40));
                pair.Bob.OnRtp(pair.Now, packet, Negotiated.Alice);
            }

            pair.RunFor(0.02);
        }

        Assert.Equal((0, 0, 0), (pair.Bob.Statistics.Rtp.PacketsLost, pair.Bob.Statistics.Playout.Lost, pair.Bob.Statistics.Discarded));
        // Half a second of loud sound, and then noise 40 dB below full scale until the end.
        Assert.InRange(heard.Samples.Count(sample => Math.Abs((int)sample) > 5000), 24 * 160, 25 * 160);
        short[] noise = [.. heard.Samples.Skip(5600).Take(2000)];
        Assert.InRange(Math.Sqrt(noise.Average(sample => (double)sample * sample)), 300, 355);
    }

    [Fact]
    public void Digits_are_heard_as_tones_when_the_other_side_knows_no_events()
    {
        using SessionPair pair = new();
        Assert.False(pair.Alice.SendTone(1));
        Assert.False(pair.Alice.SendEvent(1));
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob) with { TelephoneEvent = null }, AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice) with { TelephoneEvent = null }, AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(0.5);
        foreach (byte code in new byte[] { 1, 2, 10, 11, 15 }) Assert.True(pair.Alice.SendTone(code));
        Assert.False(pair.Alice.SendTone(16));      // a flash is no tone
        Assert.False(pair.Alice.SendEvent(1));      // and nothing is an event
        pair.RunFor(3);

        Assert.All(pair.AliceSent, packet => Assert.Equal(0, packet[1] & 0x7F));
        AudioEvent[] keys = [.. pair.BobHeard.Where(o => o.Kind == AudioOutputKind.Event).Select(o => o.Event)];
        Assert.Equal("12*#D", string.Concat(keys.Where(key => key.IsEnd).Select(key => key.Digit)));
        Assert.Equal(5, keys.Count(key => !key.IsEnd));
        Assert.All(keys.Where(key => key.IsEnd), key => Assert.InRange(key.Duration.TotalMilliseconds, 85, 115));
    }

    [Fact]
    public void Tones_are_not_listened_for_where_keys_come_as_events()
    {
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob) with { TelephoneEvent = null }, AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
        Assert.True(pair.Alice.SendTone(1));
        pair.RunFor(1);

        Assert.DoesNotContain(pair.BobHeard, o => o.Kind == AudioOutputKind.Event);
    }

    [Fact]
    public void On_hold_the_file_waits_and_the_time_line_goes_on()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        Start(pair, Negotiated.Source(Speech), heard);
        pair.RunFor(1);
        int sent = pair.AliceSent.Count;
        uint timestamp = Header(pair.AliceSent[^1]).Timestamp;

        pair.Alice.Update(Negotiated.With(Negotiated.Bob, direction: MediaDirection.ReceiveOnly));
        pair.RunFor(1);
        Assert.Equal(sent, pair.AliceSent.Count);
        pair.Alice.Update(Negotiated.With(Negotiated.Bob));
        pair.RunFor(3);

        RtpHeader resumed = Header(pair.AliceSent[sent]);
        Assert.True(resumed.Marker);
        Assert.InRange(RtpSequence.Difference(resumed.Timestamp, timestamp), 50 * 160, 52 * 160);
        // All was heard, with a second of silence in between.
        short[] reference = Negotiated.Coded(Speech);
        short[] all = [.. heard.Samples];
        int cut = sent * 160;
        Assert.Equal(0, AudioComparison.Compare(reference.AsSpan(0, cut), all, 8000).DifferentSamples);
        Assert.Equal(0, AudioComparison.Compare(reference.AsSpan(cut), all, 8000).DifferentSamples);
        Assert.Equal(0, pair.Bob.Statistics.Playout.Lost);
    }

    [Fact]
    public void Who_does_not_listen_hears_silence()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice, direction: MediaDirection.Inactive), AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(1);

        Assert.All(heard.Samples, s => Assert.Equal(0, s));
        Assert.Equal(51 * 160, heard.Samples.Count);
        Assert.InRange(pair.Bob.Statistics.Rtp.PacketsReceived, 45, 51);
        Assert.Equal(0, pair.Bob.Statistics.Rtp.PacketsSent);
    }

    [Fact]
    public void Held_by_an_address_of_zeros_nothing_at_all_is_sent()
    {
        using SessionPair pair = new();
        int sent = 0;
        pair.Wire = (isAlice, _) =>
        {
            if (isAlice) sent++;
            return TimeSpan.FromMilliseconds(5);
        };
        pair.Alice.Start(pair.Now, Negotiated.With(default, direction: MediaDirection.ReceiveOnly), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(30);
        pair.Alice.Stop(pair.Now);
        pair.RunFor(1);

        Assert.Equal(0, sent);
        Assert.InRange(pair.Alice.Statistics.Playout.Played, 1500, 1551);
    }

    [Fact]
    public void What_comes_before_the_answer_is_heard_too()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.RunFor(0.2);
        Assert.Equal(AudioSessionState.Idle, pair.Bob.State);
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(4);

        // All of it is played, a little faster until what had waited is caught up with.
        AudioStatistics statistics = pair.Bob.Statistics;
        Assert.Equal((0, 0), (statistics.Playout.Lost, statistics.Playout.Late));
        Assert.Equal(statistics.Rtp.PacketsReceived, statistics.Playout.Queued);
        Assert.InRange(statistics.Shortened.TotalMilliseconds, 100, 240);
        Assert.InRange(statistics.PlayoutDelay.TotalMilliseconds, 20, 120);
        Assert.True(AudioComparison.Compare(Negotiated.Coded(Speech).AsSpan(8000).ToArray(), heard.Samples.Skip(8000).ToArray(), 8000).SignalToNoise > 20);
    }

    [Fact]
    public void What_came_long_before_the_start_is_forgotten()
    {
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(30);
        Assert.True(pair.Pool.Outstanding <= 50);
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());

        Assert.InRange(pair.Bob.Statistics.Rtp.PacketsReceived, 14, 16);     // 300 ms
    }

    [Fact]
    public void The_other_side_may_change_among_the_negotiated_codecs_at_any_time()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        Start(pair, Negotiated.Source(Speech), heard);
        pair.RunFor(1);
        pair.Alice.Update(Negotiated.With(Negotiated.Bob, "PCMA"));
        pair.RunFor(3);

        AudioComparison comparison = AudioComparison.Compare(Speech, heard.Samples.ToArray(), 8000);
        Assert.True(comparison is { MissingSamples: 0, SignalToNoise: > 30 }, comparison.ToString());
        Assert.Equal([8000], heard.Rates);
    }

    [Fact]
    public void Numbers_may_differ_in_each_direction()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        MediaFormat pcmu = new(0, "PCMU", 8000);
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob) with { Codecs = [new NegotiatedFormat(pcmu, 97, 0)] }, AudioCodecs.All, Negotiated.Source(Speech), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice) with { Codecs = [new NegotiatedFormat(pcmu, 0, 97)] }, AudioCodecs.All, Negotiated.Source(Speech), heard);
        pair.RunFor(4);

        Assert.Equal(97, Header(pair.AliceSent[0]).PayloadType);
        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.InRange(pair.Alice.Statistics.Playout.Played, 190, 201);
    }

    [Fact]
    public void An_echo_gives_everything_back()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        EchoAudio echo = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(Speech), heard);
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, echo, echo);
        pair.RunFor(4);

        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(Speech), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.Equal(0, echo.Dropped);
    }

    [Fact]
    public void What_is_no_media_is_counted_and_does_no_harm()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        Start(pair, Negotiated.Source(Speech), heard);
        Random random = new(1);
        byte[] bytes = new byte[200];
        for (int i = 0; i < 3000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0) bytes[0] = 0x80;
            int length = random.Next(bytes.Length);
            // From the right address: whoever is on the way can do that.
            pair.Bob.OnRtp(pair.Now, bytes.AsSpan(0, length), Negotiated.Alice);
            pair.Bob.OnRtcp(pair.Now, bytes.AsSpan(0, length), Negotiated.Alice.WithPort(4001));
            pair.RunFor(0.001);
        }

        pair.RunFor(1);
        Assert.True(pair.Bob.Statistics.Discarded > 3000);
        Assert.True(heard.Samples.Count > 0);
    }

    [Fact]
    public void A_session_that_never_started_ends_at_once()
    {
        using SessionPair pair = new();
        pair.Alice.Stop(pair.Now);
        pair.Drain();

        Assert.Equal(AudioSessionState.Ended, pair.Alice.State);
        Assert.Equal([AudioOutputKind.Ended], pair.AliceHeard.Select(o => o.Kind));
        Assert.True(pair.Alice.NextDeadline.IsNever);
        pair.Alice.Stop(pair.Now);
        pair.Alice.OnRtp(pair.Now, new byte[20], Negotiated.Bob);
        pair.Alice.OnDeadline(pair.Now);
        Assert.Throws<InvalidOperationException>(() => Start(pair, new SilenceSource(), new NullSink()));
    }

    [Fact]
    public void Nothing_is_allocated_in_the_steady_state()
    {
        using SessionPair pair = new();
        Start(pair, new SilenceSource(), new NullSink());
        Instant now = pair.Now;
        byte[] datagram = new byte[172];
        ushort sequence = 0;
        Steady.AllocatesNothing(() => Cycle(500));

        void Cycle(int beats)
        {
            for (int i = 0; i < beats; i++)
            {
                now += AudioSession.Beat;
                RtpPacket.Write(datagram, new RtpHeader(0, false, sequence, (uint)sequence * 160, 7), datagram.AsSpan(12));
                sequence++;
                pair.Alice.OnRtp(now, datagram, Negotiated.Bob);
                pair.Alice.OnDeadline(now);
                while (pair.Alice.TryTake(out AudioOutput output)) output.Datagram?.Release();
            }
        }
    }

    private static void Start(SessionPair pair, IAudioSource source, IAudioSink heardByBob)
    {
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, source, new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heardByBob);
    }

    private static RtpHeader Header(byte[] datagram)
    {
        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
        return packet.Header;
    }

    private static IEnumerable<string> Digits(List<AudioOutput> outputs) =>
        outputs.Where(o => o.Kind == AudioOutputKind.Event && o.Event.IsEnd).Select(o => $"{o.Event.Digit}");
}
