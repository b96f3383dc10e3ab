using Parley.Media.Streams;
using Parley.Phone.Sound.Devices;

namespace Parley.Tests.Phone.Sound;

/// <summary>Between a call and devices: rates, clocks that differ, several calls, and what goes wrong.</summary>
public sealed class DeviceLineTests
{
    [Theory]
    [InlineData(8000, 48000, 48000)]
    [InlineData(48000, 48000, 48000)]
    [InlineData(16000, 44100, 48000)]
    [InlineData(48000, 16000, 8000)]
    public void What_the_microphone_hears_is_said_at_the_rate_of_the_call(int callRate, int microphoneRate, int speakerRate)
    {
        using var bench = new DeviceBench(callRate, microphoneRate, speakerRate);

        bench.Run(seconds: 4);

        // A tone on each side, and no hole in it once it flows.
        Assert.InRange(Purity(bench.Said, callRate, 440), 0.98, 1);
        Assert.InRange(Purity(bench.Heard, speakerRate, 700), 0.98, 1);
        Assert.InRange(bench.Heard.Count, (int)(3.8 * speakerRate), (int)(4.1 * speakerRate));
    }

    // Clocks of crystals differ by up to 100 millionths, cheap ones by more; a thousand millionths in a minute is 60 ms.
    [Theory]
    [InlineData(1.001)]
    [InlineData(0.999)]
    public void Clocks_that_differ_are_followed(double deviceClock)
    {
        using var bench = new DeviceBench(8000, 48000, 48000) { DeviceClock = deviceClock };

        bench.Run(seconds: 120);

        Assert.Equal((0, 0), (bench.SpeakerDry, bench.SpeakerFull));
        Assert.InRange(bench.LongestWait, 0, 48_000 * 110 / 1000);
        // A fast microphone never has to wait for the call, and a slow one runs dry once in a while at most.
        Assert.InRange(bench.MicrophoneFull, 0, 2);
        Assert.InRange(Holes(bench.Said, 8000), 0, deviceClock < 1 ? 5 : 1);
    }

    [Fact]
    public void Two_calls_are_heard_together_and_both_hear_who_speaks()
    {
        using var hub = new DeviceHub();
        DeviceLine one = new(hub, 8000, 8000), other = new(hub, 8000, 8000);
        hub.Add(one);
        hub.Add(other);
        foreach (DeviceLine line in new[] { one, other })
        {
            ((IAudioSource)line).Start(8000);
            ((IAudioSink)line).Start(8000);
            line.Read(new short[160]);
        }

        one.Write(Enumerable.Repeat((short)1000, 160).ToArray());
        other.Write(Enumerable.Repeat((short)200, 160).ToArray());
        short[] piece = new short[80];
        Assert.True(hub.TryMix(piece, waiting: 0));
        Assert.All(piece, sample => Assert.Equal(1200, sample));
        one.Write(Enumerable.Repeat(short.MaxValue, 160).ToArray());
        other.Write(Enumerable.Repeat(short.MaxValue, 160).ToArray());
        Assert.True(hub.TryMix(piece, 0) && hub.TryMix(piece, 0));
        Assert.All(piece, sample => Assert.Equal(short.MaxValue, sample));

        for (int i = 0; i < 4; i++) hub.Give(Enumerable.Repeat((short)77, 80).ToArray(), TimeSpan.Zero);
        short[] said = new short[160];
        foreach (DeviceLine line in new[] { one, other })
        {
            line.Read(said);
            Assert.All(said, sample => Assert.Equal(77, sample));
        }

        Assert.Equal(1, hub.Remove(one));
        Assert.Equal(0, hub.Remove(other));
        Assert.False(hub.TryMix(piece, 0));
        Assert.False(hub.IsRead);
    }

    // On hold nobody asks for what is said: the microphone is off, and what it heard last is not said when the call goes on.
    [Fact]
    public void A_call_that_does_not_ask_does_not_hear_the_microphone()
    {
        using var hub = new DeviceHub();
        DeviceLine line = new(hub, 8000, 8000);
        hub.Add(line);
        ((IAudioSource)line).Start(8000);
        Assert.False(hub.IsRead);
        line.Read(new short[160]);
        Assert.True(hub.IsRead);

        short[] secret = Enumerable.Repeat((short)5555, 80).ToArray();
        for (int i = 0; i < 20; i++) hub.Give(secret, TimeSpan.Zero);
        Assert.False(hub.IsRead);

        short[] said = new short[160];
        for (int i = 0; i < 10; i++)
        {
            line.Read(said);
            Assert.All(said, sample => Assert.NotEqual(5555, sample));
            hub.Give(Enumerable.Repeat((short)1, 160).ToArray(), TimeSpan.Zero);
        }
    }

    [Fact]
    public void A_ring_keeps_the_newest_samples_in_order()
    {
        Random random = new(7);
        var ring = new SoundRing(100);
        Queue<short> expected = new();
        short next = 0;
        for (int i = 0; i < 5000; i++)
        {
            short[] written = [.. Enumerable.Range(0, random.Next(0, i % 50 == 0 ? 150 : 40)).Select(_ => next++)];
            ring.Write(written);
            foreach (short sample in written) expected.Enqueue(sample);
            while (expected.Count > 100) expected.Dequeue();
            short[] read = new short[random.Next(0, 45)];
            int count = ring.Read(read);
            Assert.Equal([.. Enumerable.Range(0, count).Select(_ => expected.Dequeue())], read[..count]);
            Assert.Equal(expected.Count, ring.Count);
            Assert.Equal(100 - expected.Count, ring.Room);
        }
    }

    private static short[] Sine(double hertz, double seconds, int rate, double amplitude) =>
        [.. Enumerable.Range(0, (int)(seconds * rate)).Select(i => (short)(amplitude * Math.Sin(2 * Math.PI * hertz * i / rate)))];

    /// <summary>How much of the power of the last part of a sound is a tone's.</summary>
    private static double Purity(List<short> sound, int rate, double hertz)
    {
        short[] part = [.. sound.Skip(rate).Take(rate)];
        double sine = 0, cosine = 0, power = 0;
        for (int i = 0; i < part.Length; i++)
        {
            double angle = 2 * Math.PI * hertz * i / rate;
            (sine, cosine, power) = (sine + (part[i] * Math.Sin(angle)), cosine + (part[i] * Math.Cos(angle)), power + ((double)part[i] * part[i]));
        }

        return 2 * ((sine * sine) + (cosine * cosine)) / part.Length / power;
    }

    /// <summary>How often a sound is silent for 5 ms and more, once it has begun.</summary>
    private static int Holes(List<short> sound, int rate)
    {
        (int holes, int zeros) = (0, 0);
        foreach (short sample in sound.SkipWhile(sample => sample == 0))
        {
            zeros = sample == 0 ? zeros + 1 : 0;
            if (zeros == rate / 200) holes++;
        }

        return holes;
    }

    /// <summary>A call and devices in virtual time, in steps of a millisecond; the devices' clock may be another.</summary>
    private sealed class DeviceBench(int callRate, int microphoneRate, int speakerRate) : IDisposable
    {
        private const int BufferMilliseconds = 120, CushionMilliseconds = 30;
        private readonly DeviceHub _hub = new();

        public double DeviceClock { get; init; } = 1;

        public List<short> Said { get; } = [];

        public List<short> Heard { get; } = [];

        public int SpeakerDry { get; private set; }

        public int SpeakerFull { get; private set; }

        public int MicrophoneFull { get; private set; }

        public int LongestWait { get; private set; }

        public void Run(double seconds)
        {
            var line = new DeviceLine(_hub, microphoneRate, speakerRate);
            _hub.Add(line);
            ((IAudioSource)line).Start(callRate);
            ((IAudioSink)line).Start(callRate);
            short[] tone = Sine(440, (seconds * DeviceClock) + 1, microphoneRate, 8000), voice = Sine(700, seconds + 1, callRate, 8000);
            short[] beat = new short[callRate / 50], period = new short[speakerRate / 100];
            (int heardAt, int toneAt) = (0, 0);
            double waiting = 0;                 // in the loudspeaker
            bool isOn = false;
            for (int millisecond = 0; millisecond < seconds * 1000; millisecond++)
            {
                double deviceTime = millisecond * DeviceClock / 1000;
                if (millisecond % 20 == 3)
                {
                    line.Read(beat);
                    Said.AddRange(beat);
                }

                if (millisecond % 20 == 11)
                {
                    line.Write(voice.AsSpan(heardAt, beat.Length));
                    heardAt += beat.Length;
                }

                while (toneAt + (microphoneRate / 100) <= deviceTime * microphoneRate)
                {
                    ReadOnlySpan<short> piece = tone.AsSpan(toneAt, microphoneRate / 100);
                    if (!line.TryGive(piece)) MicrophoneFull++;
                    toneAt += microphoneRate / 100;
                }

                if (isOn)
                {
                    waiting -= speakerRate * DeviceClock / 1000;
                    if (waiting < 0) (SpeakerDry, waiting) = (SpeakerDry + 1, 0);
                }

                while (_hub.TryMix(period, isOn ? (int)waiting : 0))
                {
                    if (!isOn) waiting = speakerRate * CushionMilliseconds / 1000.0;
                    isOn = true;
                    waiting += period.Length;
                    LongestWait = Math.Max(LongestWait, (int)waiting);
                    if (waiting > speakerRate * BufferMilliseconds / 1000.0) SpeakerFull++;
                    Heard.AddRange(period);
                }
            }
        }

        public void Dispose() => _hub.Dispose();
    }
}
