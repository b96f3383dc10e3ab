using System.Buffers.Binary;
using Parley.Media.Files;
using Parley.Media.Files.Ogg;
using Parley.Media.Tests.Codecs;
using Parley.TestSupport;

namespace Parley.Media.Tests.Files;

/// <summary>Opus in Ogg: what is written is read, and what nobody should have written does no harm.</summary>
public class OpusFileTests
{
    [OpusTheory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(647, 1)]        // with the encoder's delay one sample less than a packet, a packet, and one more
    [InlineData(648, 1)]
    [InlineData(649, 1)]
    [InlineData(960, 2)]
    [InlineData(48_000, 2)]
    [InlineData(150_001, 1)]
    public void What_is_read_is_as_long_as_what_was_written(int samples, int channels)
    {
        byte[] file = Write(new short[samples * channels], channels, flushEach: 20_000);

        if (samples == 0)
        {
            Assert.Equal(AudioFileErrorReason.NoSound, Error(file).Reason);
            return;
        }

        PcmAudio audio = Read(file);
        Assert.Equal((48_000, channels, samples * channels), (audio.SampleRate, audio.Channels, audio.Samples.Length));
    }

    [OpusFact]
    public void What_is_read_sounds_like_what_was_written_and_begins_with_it()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(3), 48_000);

        AudioComparison comparison = AudioComparison.Compare(speech, Read(Write(speech)).Samples.Span, 48_000);

        Assert.InRange(comparison.OffsetSamples, -2, 2);
        Assert.True(comparison is { SignalToNoise: > 10, MissingSamples: 0 }, comparison.ToString());
    }

    [OpusFact]
    public void Two_channels_stay_apart()
    {
        short[] left = Vowels.Speak(TimeSpan.FromSeconds(2), 48_000), right = TestSound.Sine(400, 2, 48_000);
        short[] both = new short[left.Length * 2];
        for (int i = 0; i < left.Length; i++) (both[2 * i], both[(2 * i) + 1]) = (left[i], right[i]);

        short[] read = Read(Write(both, 2)).Samples.ToArray();

        short[] readLeft = [.. read.Where((_, i) => i % 2 == 0)], readRight = [.. read.Where((_, i) => i % 2 == 1)];
        Assert.True(Vowels.Likeness(left, readLeft, 4) > 0.95, "left");
        Assert.True(Vowels.Likeness(right, readRight, 4) > 0.99, "right");
        Assert.True(Vowels.Likeness(right, readLeft, 4) < 0.3, "right is heard at left");
    }

    [OpusFact]
    public void The_file_is_made_of_pages_as_they_have_to_be()
    {
        byte[] file = Write(Vowels.Speak(TimeSpan.FromSeconds(3.51), 48_000), flushEach: 24_000);

        List<Page> pages = PagesOf(file);
        Assert.Equal(file.Length, pages.Sum(page => page.Bytes.Length));
        Assert.Equal(Enumerable.Range(0, pages.Count), pages.Select(page => (int)page.Sequence));
        Assert.Equal((2, 0L, 19), (pages[0].Flags, pages[0].Granule, pages[0].Body.Length));
        Assert.Equal("OpusHead"u8.ToArray(), pages[0].Body[..8]);
        Assert.Equal((0, 0L), (pages[1].Flags, pages[1].Granule));
        Assert.Equal("OpusTags"u8.ToArray(), pages[1].Body[..8]);
        int preSkip = BinaryPrimitives.ReadUInt16LittleEndian(pages[0].Body.AsSpan(10));
        Assert.InRange(preSkip, 1, 960);
        Assert.All(pages.Skip(2).SkipLast(1), page => Assert.Equal((0, 0L), (page.Flags, page.Granule % 960)));
        Assert.Equal(pages.Skip(2).Select(page => page.Granule).Order(), pages.Skip(2).Select(page => page.Granule));
        Assert.Equal((4, preSkip + (long)(3.51 * 48_000)), (pages[^1].Flags, pages[^1].Granule));
    }

    [OpusFact]
    public void A_file_that_is_cut_off_anywhere_is_read_up_to_its_last_whole_page()
    {
        byte[] file = Write(TestSound.Speech(4, 48_000), flushEach: 24_000);
        List<Page> pages = PagesOf(file);
        int preSkip = BinaryPrimitives.ReadUInt16LittleEndian(pages[0].Body.AsSpan(10));
        for (int length = 0; length < file.Length; length += 41)
        {
            long whole = 0;
            int at = 0;
            foreach (Page page in pages)
            {
                if ((at += page.Bytes.Length) > length) break;
                whole = Math.Max(0, page.Granule - preSkip);
            }

            bool isRead = AudioFileReader.TryRead(new MemoryStream(file[..length]), out PcmAudio? audio, out AudioFileError error);
            Assert.True(isRead == whole > 0, $"{length} bytes: {error}");
            if (isRead) Assert.Equal(whole, audio!.Samples.Length);
        }
    }

    [OpusFact]
    public void A_damaged_page_costs_its_own_sound_alone()
    {
        byte[] file = Write(TestSound.Speech(4, 48_000), flushEach: 24_000);
        List<Page> pages = PagesOf(file);
        int at = pages.Take(5).Sum(page => page.Bytes.Length);
        file[at + 200] ^= 0x10;

        Assert.Equal((4 * 48_000) - (pages[5].Granule - pages[4].Granule), Read(file).Samples.Length);

        // And what stands between pages is none.
        Assert.Equal(Read(file).Samples.Length, Read([.. file[..at], .. "OggS, but no page"u8, .. file[at..]]).Samples.Length);
    }

    [OpusFact]
    public void Of_streams_side_by_side_the_first_of_Opus_is_read()
    {
        byte[] file = Write(TestSound.Speech(2, 48_000), flushEach: 24_000), beside = Write(TestSound.Speech(2, 48_000, seed: 2), flushEach: 24_000, serial: 2);
        List<Page> one = PagesOf(file), two = PagesOf(beside);
        List<byte> both = [.. Other("\x01vorbis", serial: 3), .. one[0].Bytes, .. two[0].Bytes];
        for (int i = 1; i < Math.Max(one.Count, two.Count); i++)
        {
            if (i < one.Count) both.AddRange(one[i].Bytes);
            if (i < two.Count) both.AddRange(two[i].Bytes);
        }

        Assert.Equal(Read(file).Samples.ToArray(), Read([.. both]).Samples.ToArray());
    }

    [OpusFact]
    public void Streams_one_after_the_other_are_read_as_one()
    {
        byte[] one = Write(TestSound.Speech(1, 48_000)), two = Write(new short[2 * 31_234], 2, serial: 2);

        PcmAudio audio = Read([.. one, .. two]);

        Assert.Equal((1, 48_000 + 31_234), (audio.Channels, audio.Samples.Length));
        Assert.Equal(Read(one).Samples.ToArray(), audio.Samples[..48_000].ToArray());
    }

    [OpusFact]
    public void A_stream_that_was_cut_out_of_another_one_begins_where_it_begins()
    {
        List<Page> pages = PagesOf(Write(TestSound.Speech(2, 48_000), flushEach: 24_000));
        foreach (Page page in pages.Skip(2)) page.Move(granules: 48_000 * 3600L);

        Assert.Equal(2 * 48_000, Read([.. pages.SelectMany(page => page.Bytes)]).Samples.Length);
    }

    [OpusFact]
    public void The_gain_of_the_header_is_applied()
    {
        byte[] file = Write(TestSound.Sine(400, 1, 48_000, amplitude: 8000));
        List<Page> pages = PagesOf(file);
        BinaryPrimitives.WriteInt16LittleEndian(pages[0].Bytes.AsSpan(28 + 16), -6 * 256);
        pages[0].Seal();

        double plain = Power(Read(file)), softer = Power(Read([.. pages.SelectMany(page => page.Bytes)]));
        Assert.InRange(10 * Math.Log10(plain / softer), 5.9, 6.1);

        static double Power(PcmAudio audio) => audio.Samples.ToArray().Sum(sample => (double)sample * sample);
    }

    [OpusTheory]
    [InlineData(8, 0x10, AudioFileErrorReason.NotAudio, "its header is not one of Opus")]
    [InlineData(9, 0, AudioFileErrorReason.UnsupportedChannels, "0 channels; mono and stereo is what Parley reads")]
    [InlineData(9, 3, AudioFileErrorReason.UnsupportedChannels, "3 channels; mono and stereo is what Parley reads")]
    [InlineData(18, 255, AudioFileErrorReason.UnsupportedChannels, "1 channels; mono and stereo is what Parley reads")]
    public void A_header_that_cannot_be_played_is_refused_in_words(int at, byte value, AudioFileErrorReason reason, string words)
    {
        List<Page> pages = PagesOf(Write(new short[48_000]));
        pages[0].Bytes[28 + at] = value;
        pages[0].Seal();

        Assert.Equal(new AudioFileError(reason, words), Error([.. pages.SelectMany(page => page.Bytes)]));
    }

    [OpusFact]
    public void Another_coding_in_Ogg_is_named()
    {
        Assert.Equal(new AudioFileError(AudioFileErrorReason.UnsupportedCoding, "Vorbis in Ogg; Opus is what Parley reads"), Error(Other("\x01vorbis", serial: 1)));
        Assert.Equal(new AudioFileError(AudioFileErrorReason.NotAudio, "this is no Ogg file"), Error("OggS and nothing else"u8.ToArray()));
        Assert.Equal(new AudioFileError(AudioFileErrorReason.NotAudio, "this is neither a WAV nor an Ogg file"), Error("fLaC"u8.ToArray()));
    }

    [OpusFact]
    public void A_short_file_that_decodes_to_too_much_is_refused()
    {
        // A packet of three bytes can stand for 120 ms: this one has two frames of 60 ms without a bit in them.
        byte[] packet = [0x1B, 2];
        var pages = new MemoryStream();
        foreach (Page page in PagesOf(Write([])).Take(2)) pages.Write(page.Bytes);
        var writer = new OggPageWriter(pages, 1);
        for (int i = 0; i < 2; i++)
        {
            while (writer.TryAdd(packet))
            {
            }

            writer.Write(-1, flags: 0);
        }

        Assert.InRange(pages.Length, 0, 2000);
        pages.Position = 0;
        Assert.False(OpusFileReader.TryRead([], pages, out _, out AudioFileError error, maxLengthBytes: 4 << 20));
        Assert.Equal(new AudioFileError(AudioFileErrorReason.TooLong, "more than 4 MiB of sound"), error);
    }

    [OpusFact]
    public void No_file_throws_or_fills_the_memory()
    {
        byte[] mono = Write(TestSound.Speech(1, 48_000), flushEach: 9600), stereo = Write(TestSound.Speech(1, 48_000), 2, flushEach: 9600);
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            byte[] file = new Mutator(random).Mutate(mono, stereo);
            try
            {
                // Half of them with checksums that are right again, so that what is behind them is reached.
                if (seed % 2 == 0)
                {
                    foreach (Page page in PagesOf(mono))
                    {
                        page.Bytes[random.Next(page.Bytes.Length)] = (byte)random.Next(256);
                        page.Bytes[random.Next(page.Bytes.Length)] ^= (byte)(1 << random.Next(8));
                        page.Bytes.AsSpan(0, 4).Clear();
                        "OggS"u8.CopyTo(page.Bytes);
                        page.Seal();
                        file = seed % 4 == 0 && page.Sequence == 0 ? page.Bytes : [.. file, .. page.Bytes];
                    }
                }

                bool isRead = AudioFileReader.TryRead(new MemoryStream(file), out PcmAudio? audio, out AudioFileError error);
                Assert.Equal(isRead, error.Reason == AudioFileErrorReason.None);
                if (isRead) Assert.InRange(audio!.Samples.Length, 1, WavReader.MaxLengthBytes / 2);
                else Assert.NotEmpty(error.Text);
            }
            catch (Exception problem) when (problem is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}: {problem}");
            }
        }
    }

    private static byte[] Write(short[] samples, int channels = 1, int flushEach = int.MaxValue, uint serial = 1)
    {
        var file = new MemoryStream();
        using (var writer = new OpusFileWriter(file, channels, 48_000, serial))
        {
            for (int at = 0; at < samples.Length; at += Math.Min(flushEach, samples.Length - at) / channels * channels)
            {
                Assert.True(writer.Write(samples.AsSpan(at, Math.Min(flushEach, samples.Length - at) / channels * channels)));
                writer.Flush();
            }

            Assert.Equal((double)samples.Length / channels / 48_000, writer.Duration.TotalSeconds, 5);
        }

        return file.ToArray();
    }

    private static PcmAudio Read(byte[] file)
    {
        Assert.True(AudioFileReader.TryRead(new MemoryStream(file), out PcmAudio? audio, out AudioFileError error), error.Text);
        return audio!;
    }

    private static AudioFileError Error(byte[] file)
    {
        Assert.False(AudioFileReader.TryRead(new MemoryStream(file), out PcmAudio? audio, out AudioFileError error));
        Assert.Null(audio);
        return error;
    }

    /// <summary>The first page of a stream of something else.</summary>
    private static byte[] Other(string begin, uint serial)
    {
        var file = new MemoryStream();
        var writer = new OggPageWriter(file, serial);
        writer.TryAdd([.. System.Text.Encoding.Latin1.GetBytes(begin), .. new byte[23]]);
        writer.Write(0, OggPage.Begins);
        return file.ToArray();
    }

    /// <summary>Finds pages with a reader of the test's own, which trusts their lengths.</summary>
    private static List<Page> PagesOf(byte[] file)
    {
        List<Page> pages = [];
        for (int at = 0; at < file.Length;)
        {
            int segments = file[at + 26], length = 27 + segments + file.AsSpan(at + 27, segments).ToArray().Sum(segment => segment);
            pages.Add(new Page(file[at..(at + length)]));
            at += length;
        }

        return pages;
    }

    private sealed class Page(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        public int Flags => bytes[5];

        public long Granule => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(6));

        public uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(18));

        public byte[] Body => bytes[(27 + bytes[26])..];

        public void Move(long granules)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(6), Granule + granules);
            Seal();
        }

        /// <summary>Makes the checksum right: bit by bit, as RFC 3533 has it.</summary>
        public void Seal()
        {
            bytes.AsSpan(22, 4).Clear();
            uint checksum = 0;
            foreach (byte value in bytes)
            {
                for (int bit = 7; bit >= 0; bit--)
                {
                    uint next = ((checksum >> 31) ^ ((uint)value >> bit)) & 1;
                    checksum = (checksum << 1) ^ (next * 0x04C11DB7u);
                }
            }

            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(22), checksum);
        }
    }
}
