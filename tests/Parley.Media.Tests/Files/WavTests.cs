using System.Buffers.Binary;
using System.Text;
using Parley.Media.Files;

namespace Parley.Media.Tests.Files;

public class WavTests
{
    private static readonly byte[] PcmGuid = Convert.FromHexString("0100000000001000800000AA00389B71");

    [Theory]
    [InlineData(8000, 1)]
    [InlineData(8000, 2)]
    [InlineData(44100, 2)]
    [InlineData(192000, 1)]
    public void What_is_written_is_read_as_the_same(int rate, int channels)
    {
        short[] samples = [.. Enumerable.Range(0, 1000 * channels).Select(i => (short)(i * 31))];
        MemoryStream file = new();
        using (WavWriter writer = new(file, rate, channels))
        {
            Assert.True(writer.Write(samples.AsSpan(0, 400 * channels)));
            Assert.True(writer.Write(samples.AsSpan(400 * channels)));
            Assert.Equal(1000.0 / rate, writer.Duration.TotalSeconds, 5);
        }

        PcmAudio audio = Read(file.ToArray());
        Assert.Equal((rate, channels), (audio.SampleRate, audio.Channels));
        Assert.Equal(samples, audio.Samples.ToArray());
    }

    [Fact]
    public void A_file_is_valid_at_every_moment_while_it_grows()
    {
        MemoryStream file = new();
        using WavWriter writer = new(file, 8000);
        Assert.Equal(AudioFileErrorReason.NoSound, Error(file.ToArray()).Reason);     // a header for no sound is there from the start
        Assert.Equal((36, 0), Lengths(file));
        for (int i = 1; i <= 5; i++)
        {
            writer.Write(new short[160]);
            Assert.Equal((36 + (320 * (i - 1)), 320 * (i - 1)), Lengths(file));     // what is not flushed is not yet said to be there
            writer.Flush();
            Assert.Equal((36 + (320 * i), 320 * i), Lengths(file));
            Assert.Equal(160 * i, Read(file.ToArray()).Samples.Length);
            Assert.Equal(44 + (320 * i), file.Position);
        }

        static (int Riff, int Data) Lengths(MemoryStream file) =>
            (BinaryPrimitives.ReadInt32LittleEndian(file.ToArray().AsSpan(4)), BinaryPrimitives.ReadInt32LittleEndian(file.ToArray().AsSpan(40)));
    }

    [Theory]
    [InlineData(8, 1, 8000, 1, "8-bit samples; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedSampleSize)]
    [InlineData(24, 1, 8000, 1, "24-bit samples; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedSampleSize)]
    [InlineData(32, 1, 8000, 3, "floating-point samples; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedCoding)]
    [InlineData(8, 1, 8000, 6, "A-law; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedCoding)]
    [InlineData(4, 1, 8000, 0x11, "IMA ADPCM; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedCoding)]
    [InlineData(16, 1, 8000, 999, "coding 999; 16-bit PCM is what Parley reads", AudioFileErrorReason.UnsupportedCoding)]
    [InlineData(16, 6, 8000, 1, "6 channels; mono and stereo is what Parley reads", AudioFileErrorReason.UnsupportedChannels)]
    [InlineData(16, 0, 8000, 1, "0 channels; mono and stereo is what Parley reads", AudioFileErrorReason.UnsupportedChannels)]
    [InlineData(16, 1, 7999, 1, "7999 samples a second; 8000 to 192000 is what Parley reads", AudioFileErrorReason.UnsupportedSampleRate)]
    [InlineData(16, 1, 192001, 1, "192001 samples a second; 8000 to 192000 is what Parley reads", AudioFileErrorReason.UnsupportedSampleRate)]
    public void Another_format_is_refused_in_words(int bits, int channels, int rate, int coding, string words, AudioFileErrorReason reason)
    {
        AudioFileError error = Error(Riff(Chunk("fmt ", Format(coding, channels, rate, bits)), Chunk("data", new byte[64])));

        Assert.Equal(reason, error.Reason);
        Assert.Equal(words, error.ToString());
    }

    [Fact]
    public void An_extensible_format_that_is_PCM_is_read()
    {
        byte[] format = [.. Format(0xFFFE, 2, 48000, 16), 22, 0, 16, 0, 3, 0, 0, 0, .. PcmGuid];

        Assert.Equal(2, Read(Riff(Chunk("fmt ", format), Chunk("data", [1, 0, 2, 0]))).Samples.Length);

        format[24] = 3;     // floating point
        Assert.Equal(AudioFileErrorReason.UnsupportedCoding, Error(Riff(Chunk("fmt ", format), Chunk("data", [1, 0, 2, 0]))).Reason);
        format[24] = 1;
        format[39] = 0;     // no known sub-format at all
        Assert.Equal("an extensible format without a known coding; 16-bit PCM is what Parley reads", Error(Riff(Chunk("fmt ", format), Chunk("data", [1, 0, 2, 0]))).Text);
    }

    [Fact]
    public void Other_chunks_are_passed_over_odd_ones_with_their_padding()
    {
        byte[] file = Riff(
            Chunk("LIST", "INFOISFT"u8.ToArray()),
            Chunk("odd ", [1, 2, 3]),
            Chunk("fmt ", [.. Format(1, 1, 16000, 16), 0, 0]),
            Chunk("fact", [4, 0, 0, 0]),
            Chunk("data", [1, 0, 2, 0]),
            Chunk("id3 ", [9]));

        Assert.Equal([1, 2], Read(file).Samples.ToArray());
        Assert.Equal([1, 2], Read(new OnceOnly(file)).Samples.ToArray());       // and without seeking
    }

    [Theory]
    [InlineData(1000u, 8)]              // says more than there is
    [InlineData(0u, 8)]                 // never filled in
    [InlineData(0xFFFFFFFFu, 8)]
    [InlineData(8u, 8)]
    [InlineData(6u, 6)]                 // and less
    public void Sound_is_read_as_far_as_it_goes(uint says, int bytes)
    {
        byte[] file = Riff(Chunk("fmt ", Format(1, 1, 8000, 16)), Chunk("data", [1, 0, 2, 0, 3, 0, 4, 0]));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(40), says);

        Assert.Equal(bytes / 2, Read(file).Samples.Length);
    }

    [Fact]
    public void Chunks_behind_sound_of_no_length_are_no_sound()
    {
        byte[] file = Riff(Chunk("fmt ", Format(1, 1, 8000, 16)), Chunk("data", []), Chunk("LIST", [.. "INFO"u8, 1]), Chunk("id3 ", [7, 7]));

        Assert.Equal(AudioFileErrorReason.NoSound, Error(file).Reason);
    }

    [Fact]
    public void Half_a_sample_at_the_end_is_left_out()
    {
        Assert.Equal(2, Read(Riff(Chunk("fmt ", Format(1, 2, 8000, 16)), Chunk("data", [1, 0, 2, 0, 3, 0, 4]))).Samples.Length);
    }

    [Theory]
    [InlineData("", AudioFileErrorReason.NotAudio)]
    [InlineData("RIFF", AudioFileErrorReason.NotAudio)]
    [InlineData("RIFF0000AVI ", AudioFileErrorReason.NotAudio)]
    [InlineData("RIFX0000WAVE", AudioFileErrorReason.NotAudio)]
    [InlineData("RIFF0000WAVE", AudioFileErrorReason.NoSound)]
    [InlineData("RIFF0000WAVEfmt ", AudioFileErrorReason.NoSound)]
    [InlineData("RIFF0000WAVEdata\u0004\0\0\0abcd", AudioFileErrorReason.NoFormat)]
    [InlineData("RIFF0000WAVEfmt \u0004\0\0\0abcd", AudioFileErrorReason.NotAudio)]
    [InlineData("RIFF0000WAVEfmt \u0010\0\0\0abcd", AudioFileErrorReason.NoSound)]
    [InlineData("RIFF0000WAVEjunk\u00FF\u00FF\u00FF\u00FFab", AudioFileErrorReason.NoSound)]
    public void What_is_no_WAV_file_is_refused(string bytes, AudioFileErrorReason expected)
    {
        AudioFileError error = Error(Encoding.Latin1.GetBytes(bytes));

        Assert.Equal(expected, error.Reason);
        Assert.NotEmpty(error.Text);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        byte[] valid = Riff(Chunk("LIST", [1, 2, 3]), Chunk("fmt ", Format(1, 1, 8000, 16)), Chunk("data", new byte[64]));
        for (int seed = 0; seed < 20_000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = [.. valid[..random.Next(valid.Length + 1)]];
            for (int changes = random.Next(6); changes > 0 && bytes.Length > 0; changes--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bool seekable = WavReader.TryRead(new MemoryStream(bytes), out PcmAudio? one, out AudioFileError error);
            bool once = WavReader.TryRead(new OnceOnly(bytes), out PcmAudio? other, out _);
            Assert.True(seekable == (error.Reason == AudioFileErrorReason.None) && seekable == (one is not null), $"seed {seed}");
            Assert.True(seekable == once && (one is null || one.Samples.Span.SequenceEqual(other!.Samples.Span)), $"seed {seed}");
        }
    }

    [Fact]
    public void Stereo_becomes_the_mean()
    {
        PcmAudio stereo = new(new short[] { 100, 200, -3, -5, short.MaxValue, short.MaxValue }, 8000, 2);

        Assert.Equal([150, -4, short.MaxValue], stereo.ToMono().Samples.ToArray());
        Assert.Equal(TimeSpan.FromSeconds(3.0 / 8000), stereo.Duration);
    }

    private static PcmAudio Read(byte[] file) => Read(new MemoryStream(file));

    private static PcmAudio Read(Stream file)
    {
        Assert.True(WavReader.TryRead(file, out PcmAudio? audio, out AudioFileError error), error.Text);
        return audio!;
    }

    private static AudioFileError Error(byte[] file)
    {
        Assert.False(WavReader.TryRead(new MemoryStream(file), out PcmAudio? audio, out AudioFileError error));
        Assert.Null(audio);
        return error;
    }

    private static byte[] Format(int coding, int channels, int rate, int bits)
    {
        byte[] format = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)coding);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(4), rate);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(8), rate * channels * bits / 8);
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        return format;
    }

    private static byte[] Chunk(string name, byte[] content)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, content.Length);
        return [.. Encoding.ASCII.GetBytes(name), .. length, .. content, .. new byte[content.Length % 2]];
    }

    private static byte[] Riff(params byte[][] chunks) => [.. Chunk("RIFF", [.. "WAVE"u8, .. chunks.SelectMany(c => c)])];

    /// <summary>A stream that cannot seek and gives a few bytes at a time, as a pipe does.</summary>
    private sealed class OnceOnly(byte[] bytes) : Stream
    {
        private readonly MemoryStream _bytes = new(bytes);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => _bytes.Read(buffer, offset, Math.Min(count, 3));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
