using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Recording;
using Parley.Media.Tests.Codecs;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

public sealed class AudioRecorderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parley-recorder-").FullName;
    private readonly BufferPool _pool = new();

    private string File => Path.Combine(_folder, "call.wav");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(8000)]
    [InlineData(48000)]
    public async Task What_is_heard_is_in_the_file(int rate)
    {
        short[] speech = TestSound.Speech(3, rate);
        await using (AudioRecorder recorder = AudioRecorder.Create(File, buffers: _pool))
        {
            recorder.Start(rate);
            await Feed(recorder, speech, rate / 50);
            recorder.End();
        }

        PcmAudio audio = Read();
        Assert.Equal((rate, 1), (audio.SampleRate, audio.Channels));
        Assert.Equal(speech, audio.Samples.ToArray());
        Assert.Equal(0, _pool.Outstanding);
    }

    [Fact]
    public async Task The_file_is_valid_before_anything_is_heard_and_while_it_grows()
    {
        await using AudioRecorder recorder = AudioRecorder.Create(File, buffers: _pool);
        Assert.False(AudioFile.TryRead(File, out _, out AudioFileError empty));
        Assert.Equal(AudioFileErrorReason.NoSound, empty.Reason);         // a header, and nothing behind it
        Assert.Equal(44, new FileInfo(File).Length);

        recorder.Start(8000);
        short[] speech = TestSound.Speech(2);
        await Feed(recorder, speech, 160);

        // Without an end, as after a kill: at most the last half second is not there yet.
        PcmAudio audio = Read();
        Assert.InRange(audio.Samples.Length, speech.Length - 4000, speech.Length);
        Assert.Equal(speech[..audio.Samples.Length], audio.Samples.ToArray());
    }

    [Fact]
    public async Task A_change_of_the_codec_keeps_the_rate_of_the_file()
    {
        await using (AudioRecorder recorder = AudioRecorder.Create(File, buffers: _pool))
        {
            recorder.Start(8000);
            await Feed(recorder, TestSound.Sine(400, 1, 8000), 160);
            recorder.Start(16000);
            await Feed(recorder, TestSound.Sine(400, 1, 16000), 320);
            recorder.Start(8000);
            await Feed(recorder, TestSound.Sine(400, 1, 8000), 160);
        }

        PcmAudio audio = Read();
        Assert.Equal(8000, audio.SampleRate);
        Assert.Equal(3 * 8000, audio.Samples.Length);
        // 400 Hz throughout.
        ReadOnlySpan<short> samples = audio.Samples.Span;
        int crossings = 0;
        for (int i = 1; i < samples.Length; i++) crossings += samples[i - 1] < 0 && samples[i] >= 0 ? 1 : 0;
        Assert.InRange(crossings, 1195, 1201);
    }

    [Fact]
    public async Task A_recorder_that_heard_nothing_leaves_a_valid_file()
    {
        await using (AudioRecorder recorder = AudioRecorder.Create(File, buffers: _pool)) recorder.End();

        Assert.Equal(44, new FileInfo(File).Length);
    }

    [OpusTheory]
    [InlineData("both.wav", 2)]
    [InlineData("both.opus", 2)]
    [InlineData("mixed.ogg", 1)]
    public async Task Both_directions_are_in_the_file_and_the_pause_is_not(string name, int channels)
    {
        string path = Path.Combine(_folder, name);
        short[] heard = TestSound.Sine(400, 2, 16_000), said = TestSound.Sine(1000, 2, 16_000);
        Instant start = Instant.FromTicks(55_555_555);
        await using (AudioRecorder recorder = AudioRecorder.Create(path, channels == 2 ? RecordAs.Both : RecordAs.Mixed, _pool))
        {
            for (int beat = 0; beat < 100; beat++)
            {
                Instant at = start + TimeSpan.FromMilliseconds((beat * 20) + (beat < 50 ? 0 : 5000));
                if (beat == 50) recorder.OnPaused();
                recorder.OnReceived(at, 16_000, heard.AsSpan(beat * 320, 320));
                recorder.OnSent(at, 16_000, said.AsSpan(beat * 320, 320));
                if (_pool.Outstanding > 100) await CaughtUp();
            }
        }

        Assert.True(AudioFile.TryRead(path, out PcmAudio? audio, out AudioFileError error), error.Text);
        Assert.Equal((channels, 2.0), (audio!.Channels, audio.Duration.TotalSeconds));
        for (int channel = 0; channel < channels; channel++)
        {
            double low = Loudness(audio, channel, 400), high = Loudness(audio, channel, 1000);
            Assert.True(channels == 1 ? low > 10_000 && high > 10_000 : channel == 0 ? low > 20 * high : high > 20 * low, $"channel {channel}: {low:0} at 400 Hz, {high:0} at 1000 Hz");
        }

        Assert.Equal(0, _pool.Outstanding);
    }

    [OpusTheory]
    [InlineData("call.wav")]
    [InlineData("call.opus")]
    public async Task A_recording_that_is_cut_off_anywhere_has_all_but_its_last_second(string name)
    {
        string path = Path.Combine(_folder, name);
        List<(long Length, double Seconds)> written = [];
        await using (AudioRecorder recorder = AudioRecorder.Create(path, RecordAs.Both, _pool))
        {
            short[] speech = TestSound.Speech(6, 16_000);
            for (int beat = 0; beat < 300; beat++)
            {
                Instant at = Instant.Zero + TimeSpan.FromMilliseconds(beat * 20);
                recorder.OnReceived(at, 16_000, speech.AsSpan(beat * 320, 320));
                recorder.OnSent(at, 16_000, speech.AsSpan(beat * 320, 320));
                if (beat % 25 != 24) continue;
                await CaughtUp();
                written.Add((new FileInfo(path).Length, (beat + 1) * 0.02));

                // What another process sees at this moment, as after a kill.
                if (beat < 60) continue;
                Assert.True(AudioFile.TryRead(path, out PcmAudio? grown, out AudioFileError wrong), wrong.Text);
                Assert.InRange(grown!.Duration.TotalSeconds, written[^1].Seconds - 0.75, written[^1].Seconds);
            }
        }

        byte[] whole = await System.IO.File.ReadAllBytesAsync(path);
        for (int length = (int)written[2].Length; length < whole.Length; length += 977)
        {
            Assert.True(AudioFileReader.TryRead(new MemoryStream(whole[..length]), out PcmAudio? audio, out AudioFileError error), $"{length} bytes: {error}");
            double atLeast = written.Where(at => at.Length <= length).Max(at => at.Seconds) - 1;
            Assert.True(audio!.Duration.TotalSeconds >= atLeast, $"{length} bytes: {audio.Duration} of {atLeast}");
        }
    }

    [Fact]
    public async Task What_is_heard_after_the_end_is_left_alone()
    {
        AudioRecorder recorder = AudioRecorder.Create(File, RecordAs.Both, _pool);
        await recorder.DisposeAsync();
        recorder.OnReceived(Instant.Zero, 8000, new short[160]);
        recorder.OnSent(Instant.Zero, 8000, new short[160]);
        recorder.OnPaused();

        Assert.Equal((0L, 0L), (_pool.Outstanding, recorder.DroppedSamples));
    }

    [FullDeviceFact]
    public void A_disk_without_room_is_told()
    {
        IOException problem = Assert.Throws<IOException>(() => AudioRecorder.Create(FullDeviceFactAttribute.Path));
        Assert.NotEmpty(problem.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_made_is_refused_with_the_reason()
    {
        IOException problem = Assert.Throws<IOException>(() => AudioRecorder.Create(Path.Combine(_folder, "no", "such.wav")));
        Assert.StartsWith("There is no folder for", problem.Message, StringComparison.Ordinal);
        problem = Assert.Throws<IOException>(() => AudioRecorder.Create(_folder));
        Assert.Equal($"'{_folder}' is a folder.", problem.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_refused_with_the_reason()
    {
        Assert.False(AudioFile.TryRead(File, out _, out AudioFileError missing));
        Assert.Equal("there is no such file", missing.Text);
        Assert.False(AudioFile.TryRead(_folder, out _, out AudioFileError folder));
        Assert.Equal((AudioFileErrorReason.Unreadable, "this is a folder"), (folder.Reason, folder.Text));
        System.IO.File.WriteAllText(File, "not a sound");
        Assert.False(AudioFile.TryRead(File, out _, out AudioFileError text));
        Assert.Equal("this is neither a WAV nor an Ogg file", text.Text);
    }

    /// <summary>Gives sound in frames and waits, now and then, until the disk has caught up.</summary>
    private async Task Feed(AudioRecorder recorder, short[] samples, int frame)
    {
        for (int at = 0; at < samples.Length; at += frame)
        {
            recorder.Write(samples.AsSpan(at, Math.Min(frame, samples.Length - at)));
            if (_pool.Outstanding > 100) await CaughtUp();
        }

        await CaughtUp();
        Assert.Equal(0, recorder.DroppedSamples);
    }

    private async Task CaughtUp()
    {
        for (int i = 0; _pool.Outstanding > 0; i++)
        {
            Assert.True(i < 10_000, "The recorder does not catch up.");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    /// <summary>The amplitude of a frequency.</summary>
    private static double Loudness(PcmAudio audio, int channel, double hertz)
    {
        double re = 0, im = 0;
        int count = audio.Samples.Length / audio.Channels;
        for (int i = 0; i < count; i++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * hertz * i / audio.SampleRate);
            short sample = audio.Samples.Span[(i * audio.Channels) + channel];
            (re, im) = (re + (sample * cos), im + (sample * sin));
        }

        return 2 * Math.Sqrt((re * re) + (im * im)) / count;
    }

    private PcmAudio Read()
    {
        Assert.True(AudioFile.TryRead(File, out PcmAudio? audio, out AudioFileError error), error.Text);
        return audio!;
    }
}

/// <summary>A test that needs a device that is always full.</summary>
public sealed class FullDeviceFactAttribute : FactAttribute
{
    public const string Path = "/dev/full";

    public FullDeviceFactAttribute()
    {
        if (!File.Exists(Path)) Skip = $"This system has no {Path}.";
    }
}
