using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

/// <summary>A test that needs bcg729.</summary>
public sealed class G729FactAttribute : FactAttribute
{
    public G729FactAttribute()
    {
        if (!G729Codec.IsAvailable) Skip = "bcg729 is not installed.";
    }
}

public sealed class G729Tests
{
    private readonly short[] _speech = Vowels.Speak(TimeSpan.FromSeconds(3), 8000);

    [G729Fact]
    public void Speech_comes_out_as_it_went_in()
    {
        using IAudioEncoder encoder = new G729Codec().CreateEncoder("annexb=yes");
        using IAudioDecoder decoder = new G729Codec().CreateDecoder();
        short[] heard = new short[_speech.Length];
        byte[] payload = new byte[20];
        for (int at = 0; at < _speech.Length; at += 160)
        {
            Assert.Equal(20, encoder.Encode(_speech.AsSpan(at, 160), payload));
            Assert.Equal(160, decoder.Decode(payload, heard.AsSpan(at)));
        }

        Assert.InRange(Vowels.Likeness(_speech, heard, maxShift: 80), 0.8, 1);
    }

    [G729Fact]
    public void A_payload_is_frames_of_speech_and_at_most_one_of_noise()
    {
        using IAudioDecoder decoder = new G729Codec().CreateDecoder();
        short[] samples = new short[240];

        foreach ((int length, int count) in new[] { (10, 80), (20, 160), (2, 80), (12, 160), (22, 240), (0, 0), (1, 0), (3, 0), (9, 0), (14, 0) })
        {
            Assert.Equal(count, decoder.SampleCount(new byte[length]));
            Assert.Equal(count, decoder.Decode(new byte[length], samples));
        }
    }

    [G729Fact]
    public void A_gap_goes_on_as_the_sound_was_and_fades()
    {
        using IAudioEncoder encoder = new G729Codec().CreateEncoder();
        using IAudioDecoder decoder = new G729Codec().CreateDecoder();
        byte[] payload = new byte[10];
        short[] samples = new short[8000];
        for (int at = 0; at < 880; at += 80)
        {
            encoder.Encode(_speech.AsSpan(at, 80), payload);
            decoder.Decode(payload, samples.AsSpan(at));
        }

        double before = Energy(samples.AsSpan(800, 80));
        decoder.Conceal(samples.AsSpan(0, 85));
        decoder.Conceal(samples.AsSpan(100, 7900));

        Assert.InRange(Energy(samples.AsSpan(0, 80)), before / 10, before * 10);
        Assert.InRange(Energy(samples.AsSpan(7900, 80)), 0, before / 100);
    }

    [G729Fact]
    public void Nothing_is_allocated_in_the_steady_state()
    {
        using IAudioEncoder encoder = new G729Codec().CreateEncoder();
        using IAudioDecoder decoder = new G729Codec().CreateDecoder();
        byte[] payload = new byte[20];
        short[] samples = new short[160];
        Steady.AllocatesNothing(() =>
        {
            for (int at = 0; at < 3200; at += 160)
            {
                encoder.Encode(_speech.AsSpan(at, 160), payload);
                decoder.Decode(payload, samples);
                decoder.Conceal(samples.AsSpan(0, 100));
            }
        });
    }

    [G729Fact]
    public void Other_lengths_are_refused()
    {
        using IAudioEncoder encoder = new G729Codec().CreateEncoder();

        Assert.Throws<ArgumentException>(() => encoder.Encode(new short[81], new byte[20]));
        Assert.Throws<ArgumentException>(() => encoder.Encode(new short[160], new byte[19]));
    }

    private static double Energy(ReadOnlySpan<short> samples)
    {
        double sum = 1;
        foreach (short sample in samples) sum += (double)sample * sample;
        return sum;
    }
}
