using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

public sealed class WavRecorderTests : IDisposable
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
        await using (WavRecorder recorder = WavRecorder.Create(File, _pool))
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
        await using WavRecorder recorder = WavRecorder.Create(File, _pool);
        Assert.False(WavFile.TryRead(File, out _, out WavError empty));
        Assert.Equal(WavErrorReason.NoSound, empty.Reason);         // a header, and nothing behind it
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
        await using (WavRecorder recorder = WavRecorder.Create(File, _pool))
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
        await using (WavRecorder recorder = WavRecorder.Create(File, _pool)) recorder.End();

        Assert.Equal(44, new FileInfo(File).Length);
    }

    [Fact]
    public void A_file_that_cannot_be_made_is_refused_with_the_reason()
    {
        IOException problem = Assert.Throws<IOException>(() => WavRecorder.Create(Path.Combine(_folder, "no", "such.wav")));
        Assert.StartsWith("There is no folder for", problem.Message, StringComparison.Ordinal);
        problem = Assert.Throws<IOException>(() => WavRecorder.Create(_folder));
        Assert.Equal($"'{_folder}' is a folder.", problem.Message);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_refused_with_the_reason()
    {
        Assert.False(WavFile.TryRead(File, out _, out WavError missing));
        Assert.Equal("there is no such file", missing.Text);
        Assert.False(WavFile.TryRead(_folder, out _, out WavError folder));
        Assert.Equal((WavErrorReason.Unreadable, "this is a folder"), (folder.Reason, folder.Text));
        System.IO.File.WriteAllText(File, "not a sound");
        Assert.False(WavFile.TryRead(File, out _, out WavError text));
        Assert.Equal("this is no WAV file", text.Text);
    }

    /// <summary>Gives sound in frames and waits, now and then, until the disk has caught up.</summary>
    private async Task Feed(WavRecorder recorder, short[] samples, int frame)
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

    private PcmAudio Read()
    {
        Assert.True(WavFile.TryRead(File, out PcmAudio? audio, out WavError error), error.Text);
        return audio!;
    }
}
