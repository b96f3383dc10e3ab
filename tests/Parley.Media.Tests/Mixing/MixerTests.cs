using Parley.Media.Mixing;
using Parley.Media.Streams;
using static Parley.Media.Tests.Mixing.MixingRoom;

namespace Parley.Media.Tests.Mixing;

public class MixerTests
{
    [Fact]
    public void Each_hears_exactly_the_sum_of_the_others_and_not_itself()
    {
        MixingRoom room = new();
        Random random = new(1);
        short[][] said = [.. Enumerable.Range(0, 5).Select(_ => Noise(random, 160 * 20, 4000))];
        for (int i = 0; i < said.Length; i++)
        {
            short[] mine = said[i];
            room.Add(8000, beat => mine[(int)(beat * 160)..(int)((beat + 1) * 160)]);
        }

        room.Run(20);

        for (int i = 0; i < said.Length; i++)
        {
            short[] others = [.. Enumerable.Range(0, 160 * 20).Select(at => (short)(said.Sum(one => one[at]) - said[i][at]))];
            Assert.Equal(others, room.Talkers[i].Heard);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whenever_their_beats_are_each_hears_all_others_without_a_gap(int seed)
    {
        // Party i speaks in every fifth sample only, and says the number of the beat there: so it can be told who is heard and when it was said.
        const int Parties = 5;
        Random random = new(seed);
        MixingRoom room = new();
        int[] phases = [.. Enumerable.Range(0, Parties + 1).Select(_ => random.Next(20))];
        for (int i = 0; i < Parties; i++)
        {
            int place = i;
            room.Add(8000, beat => [.. Enumerable.Range(0, 160).Select(at => at % Parties == place ? (short)(1000 + beat) : (short)0)]);
        }

        // Threads come up to 3 ms late or early.
        var due = new PriorityQueue<int, double>();
        for (int i = 0; i <= Parties; i++)
        {
            for (int beat = 0; beat < 400; beat++) due.Enqueue(i, (beat * 20) + phases[i] + (random.NextDouble() * 3));
        }

        while (due.TryDequeue(out int who, out _))
        {
            if (who == Parties)
            {
                room.Mixer.Mix();
                continue;
            }

            room.Talkers[who].Write();
            room.Talkers[who].Read();
        }

        foreach ((int listener, Talker heard) in room.Talkers.Index())
        {
            Assert.True(heard.Party.MissedBeats <= 2 && heard.Party.LateBeats <= 2 && heard.Party.LeftOutBeats == 0, $"seed {seed}, phases {string.Join(' ', phases)}: {heard.Party.MissedBeats} {heard.Party.LateBeats} {heard.Party.LeftOutBeats}");
            for (int speaker = 0; speaker < Parties; speaker++)
            {
                int[] beats = [.. Enumerable.Range(0, 400).Select(beat => (int)heard.Heard[(beat * 160) + speaker])];
                if (speaker == listener)
                {
                    Assert.All(beats, value => Assert.Equal(0, value));
                    continue;
                }

                // At most three beats late, and one more than the last from the first second on.
                Assert.InRange(beats[^1] - 1000, 396, 399);
                for (int beat = 51; beat < 400; beat++) Assert.Equal(beats[beat - 1] + 1, beats[beat]);
            }
        }
    }

    [Fact]
    public void Silence_stays_silence_and_what_is_nearly_silence_becomes_it()
    {
        MixingRoom room = new();
        Random random = new(1);
        room.Add(8000);
        room.Add(16000, _ => Noise(random, 320, 40));
        room.Add(48000);
        room.Run(50);
        Assert.All(room.Talkers, talker => Assert.All(talker.Heard, sample => Assert.Equal(0, sample)));
    }

    [Fact]
    public void The_soft_end_of_a_word_is_heard()
    {
        MixingRoom room = new();
        Func<long, short[]> loud = Sine(400, 8000), soft = Sine(400, 8000, 20);
        room.Add(8000, beat => beat < 10 ? loud(beat) : soft(beat));
        Talker listener = room.Add(8000);
        room.Run(40);
        Assert.Contains(listener.Heard[(12 * 160)..(13 * 160)], sample => sample != 0);
        Assert.All(listener.Heard[(30 * 160)..], sample => Assert.Equal(0, sample));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(100)]
    public void Many_who_shout_are_turned_down_and_not_cut_off(int shouting)
    {
        MixingRoom room = new();
        for (int i = 0; i < shouting; i++) room.Add(8000, Sine(300, 8000, 32_000));
        Talker listener = room.Add(8000);
        room.Run(20);

        Func<long, short[]> reference = Sine(300, 8000, 32_000);
        float gain = 32_767f / (32_000f * shouting);
        for (int beat = 1; beat < 20; beat++)
        {
            short[] one = reference(beat);
            for (int i = 0; i < 160; i++) Assert.InRange(listener.Heard[(beat * 160) + i], (one[i] * shouting * gain) - 2, (one[i] * shouting * gain) + 2);
        }

        // In the first beat the gain still falls; nothing jumps.
        Assert.All(listener.Heard[..160].Zip(reference(0)), pair => Assert.True(Math.Sign(pair.First) == Math.Sign(pair.Second) && Math.Abs((int)pair.First) >= Math.Abs(pair.Second) - 2));
    }

    [Fact]
    public void After_it_was_too_loud_the_mix_comes_back_to_what_it_was()
    {
        MixingRoom room = new();
        Func<long, short[]> loud = Sine(300, 8000, 32_000), usual = Sine(300, 8000, 8_000);
        for (int i = 0; i < 4; i++) room.Add(8000, beat => beat < 10 ? loud(beat) : usual(beat));
        Talker listener = room.Add(8000);
        room.Run(60);
        short[] last = usual(59);
        Assert.Equal(last.Select(sample => (short)(sample * 4)), listener.Heard[(59 * 160)..]);
    }

    [Fact]
    public void Who_stalls_does_not_stall_the_others_and_comes_back_in_time()
    {
        MixingRoom room = new();
        Talker stalling = room.Add(8000, beat => Enumerable.Repeat((short)(1000 + beat), 160).ToArray());
        Talker talking = room.Add(8000, beat => Enumerable.Repeat((short)(10_000 + beat), 160).ToArray());
        Talker listening = room.Add(8000);
        room.Run(10);
        for (int i = 0; i < 30; i++)
        {
            talking.Write();
            room.Mixer.Mix();
            talking.Read();
            listening.Read();
        }

        Assert.Equal(10_000 + 39, listening.Heard[^1]);
        Assert.Equal(0, talking.Heard[^1]);
        Assert.Equal(30, stalling.Party.MissedBeats);

        // All that it wants to say and hear at once.
        for (int i = 0; i < 30; i++)
        {
            stalling.Write();
            stalling.Read();
        }

        room.Run(10);
        int delay = 1000 + (int)stalling.Written - 1 - talking.Heard[^1];
        Assert.True(delay is >= 0 and <= 30, $"{delay} beats behind");
        Assert.True(stalling.Party.LeftOutBeats > 0);
        Assert.InRange(10_000 + (int)talking.Written - 1 - stalling.Heard[^1], 0, 2);
    }

    [Fact]
    public void Eight_sixteen_and_48_kHz_hear_each_other_and_not_themselves()
    {
        MixingRoom room = new();
        (int Rate, double Hertz)[] parties = [(8000, 440), (16000, 1000), (44100, 1700), (48000, 2500)];
        foreach ((int rate, double hertz) in parties) room.Add(rate, Sine(hertz, rate));
        room.Run(120);
        Assert.Equal(48_000, room.Mixer.SampleRate);
        foreach ((Talker listener, (int _, double own)) in room.Talkers.Zip(parties))
        {
            foreach ((int _, double hertz) in parties)
            {
                double level = listener.Level(hertz, fromBeat: 10);
                if (hertz == own) Assert.True(level < 5, $"{listener.Rate} Hz hears itself: {level:0.0}");
                else Assert.InRange(level, 4950, 5050);
            }
        }
    }

    [Theory]
    [InlineData(8000, 48000)]
    [InlineData(16000, 48000)]
    [InlineData(48000, 8000)]
    public void What_is_heard_goes_on_when_the_listener_begins_and_ends_to_speak(int listening, int speaking)
    {
        MixingRoom room = new();
        Func<long, short[]> word = Sine(2000, listening, 3000);
        Talker listener = room.Add(listening, beat => beat % 40 < 10 ? word(beat) : new short[listening / 50]);
        room.Add(speaking, Sine(500, speaking));
        room.Run(200);

        // A sine satisfies x[n + 1] = 2 cos(w) x[n] - x[n - 1]: what does not is a click.
        double cosine = 2 * Math.Cos(2 * Math.PI * 500 / listening);
        List<short> heard = listener.Heard;
        for (int i = listening / 10; i < heard.Count - 1; i++) Assert.InRange(heard[i + 1] - ((cosine * heard[i]) - heard[i - 1]), -8, 8);
    }

    [Fact]
    public void Louder_softer_and_muted()
    {
        MixingRoom room = new();
        Talker talker = room.Add(8000, Sine(400, 8000, 1000));
        Talker listener = room.Add(8000);
        talker.Party.Gain = 2;
        room.Run(50);
        Assert.InRange(listener.Level(400, 1), 1990, 2010);
        talker.Party.IsMuted = true;
        room.Run(50);
        Assert.All(listener.Heard[(51 * 160)..], sample => Assert.Equal(0, sample));
        talker.Party.IsMuted = false;
        talker.Party.Gain = 0.5f;
        room.Run(50);
        Assert.InRange(listener.Level(400, 101), 495, 505);
        Assert.Throws<ArgumentOutOfRangeException>(() => talker.Party.Gain = 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => talker.Party.Gain = float.NaN);
    }

    [Fact]
    public void The_rate_of_the_mix_follows_who_is_there()
    {
        MixingRoom room = new();
        bool isSilent = false;
        Talker low = room.Add(8000, beat => isSilent ? new short[160] : Sine(400, 8000)(beat));
        Talker other = room.Add(8000);
        room.Run(10);
        Assert.Equal(8000, room.Mixer.SampleRate);
        MixerParty high = room.Mixer.Join();
        high.Sink.Start(96_000);
        room.Run(60);
        Assert.Equal(48_000, room.Mixer.SampleRate);
        Assert.InRange(other.Level(400, 20), 4950, 5050);
        room.Mixer.Leave(high);
        room.Run(10);
        Assert.Equal(48_000, room.Mixer.SampleRate);     // somebody speaks
        isSilent = true;
        room.Run(30);
        Assert.Equal(8000, room.Mixer.SampleRate);
        Assert.All(low.Heard, sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void A_party_may_change_its_rate()
    {
        MixingRoom room = new();
        Talker listener = room.Add(16000);
        MixerParty changing = room.Mixer.Join();
        changing.Sink.Start(8000);
        changing.Source.Start(8000);
        for (int beat = 0; beat < 100; beat++)
        {
            int rate = beat < 50 ? 8000 : 48000;
            if (beat == 50)
            {
                changing.Sink.Start(rate);
                changing.Source.Start(rate);
            }

            changing.Sink.Write(Sine(400, rate)(beat));
            room.Run(1);
            Assert.Equal(rate / 50, changing.Source.Read(new short[rate / 50]));
        }

        Assert.InRange(listener.Level(400, 60), 4950, 5050);
    }

    [Fact]
    public void Something_is_played_to_all_beside_what_they_say()
    {
        MixingRoom room = new();
        Talker talker = room.Add(8000, Sine(400, 8000));
        Talker listener = room.Add(16000);
        Assert.True(room.Mixer.Play(new ChimeSource(-20, (1000, TimeSpan.FromMilliseconds(200)))));
        room.Run(12);
        Assert.InRange(talker.Level(1000), 300, 3000);
        Assert.InRange(listener.Level(1000), 300, 3000);
        int heard = talker.Heard.Count;
        room.Run(5);
        Assert.All(talker.Heard[heard..], sample => Assert.Equal(0, sample));
        for (int i = 0; i < 8; i++) Assert.True(room.Mixer.Play(new ToneSource(400, 0, TimeSpan.FromSeconds(1), TimeSpan.Zero)));
        Assert.False(room.Mixer.Play(new SilenceSource()));
    }

    [Fact]
    public void A_beat_allocates_nothing()
    {
        MixingRoom room = new();
        short[][] beats = [.. new[] { 8000, 16000, 48000, 8000, 48000 }.Select(rate => Sine(400, rate)(0))];
        MixerParty[] parties = [.. beats.Select(_ => room.Mixer.Join())];
        foreach ((MixerParty party, short[] beat) in parties.Zip(beats))
        {
            party.Sink.Start(beat.Length * 50);
            party.Source.Start(beat.Length * 50);
        }

        short[] heard = new short[960];
        Steady.AllocatesNothing(() =>
        {
            for (int round = 0; round < 50; round++)
            {
                for (int i = 0; i < 3; i++) parties[i].Sink.Write(beats[i]);
                room.Mixer.Mix();
                for (int i = 0; i < parties.Length; i++) parties[i].Source.Read(heard.AsSpan(0, beats[i].Length));
            }
        });
    }

    [Fact]
    public async Task Threads_of_their_own_do_no_harm()
    {
        const int Parties = 4, Rounds = 20_000;
        Mixer mixer = new();
        MixerParty[] parties = [.. Enumerable.Range(0, Parties).Select(_ => mixer.Join())];
        foreach (MixerParty party in parties)
        {
            party.Sink.Start(8000);
            party.Source.Start(8000);
        }

        Task[] talking = [.. parties.Select((party, place) => Task.Run(() =>
        {
            short[] says = new short[160], hears = new short[160];
            for (int at = place; at < 160; at += Parties) says[at] = 5000;
            for (int round = 0; round < Rounds; round++)
            {
                party.Sink.Write(says);
                party.Source.Read(hears);
                for (int at = 0; at < 160; at++)
                {
                    if (at % Parties == place ? hears[at] != 0 : hears[at] is not (0 or 5000)) return at + (round * 1000);
                }
            }

            return -1;
        }))];
        Task mixing = Task.Run(() =>
        {
            while (!Array.TrueForAll(talking, task => task.IsCompleted)) mixer.Mix();
        });
        await Task.WhenAll([.. talking, mixing]).WaitAsync(TimeSpan.FromMinutes(2));
        foreach (Task<int> task in talking.Cast<Task<int>>()) Assert.Equal(-1, await task);
    }

    private static short[] Noise(Random random, int count, int amplitude) => [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(-amplitude, amplitude))];
}
