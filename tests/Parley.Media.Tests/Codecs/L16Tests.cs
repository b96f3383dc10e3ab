using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

public sealed class L16Tests
{
    [Fact]
    public void Samples_go_in_network_byte_order()
    {
        using IAudioEncoder encoder = new L16Codec(8000).CreateEncoder();
        using IAudioDecoder decoder = new L16Codec(8000).CreateDecoder();
        byte[] payload = new byte[8];
        short[] samples = new short[4];

        Assert.Equal(8, encoder.Encode([1, -1, short.MinValue, 0x1234], payload));
        Assert.Equal("0001FFFF80001234", Convert.ToHexString(payload));
        Assert.Equal(4, decoder.Decode(payload, samples));
        Assert.Equal([1, -1, short.MinValue, 0x1234], samples);
        Assert.Equal(0, decoder.SampleCount(new byte[3]));
        Assert.Equal(0, decoder.Decode(new byte[3], samples));
        Assert.Throws<ArgumentException>(() => encoder.Encode(samples, new byte[7]));
    }

    // RFC 3551 table 4 has a number for one rate; packets are whole 10 ms and fit into a datagram.
    [Theory]
    [InlineData(8000, 160, 160)]
    [InlineData(8000, 800, 640)]
    [InlineData(16000, 320, 320)]
    [InlineData(16000, 960, 640)]
    [InlineData(44100, 882, 441)]
    [InlineData(48000, 960, 480)]
    [InlineData(48000, 480, 480)]
    public void Packets_fit_into_a_datagram(int rate, int wished, int expected)
    {
        var codec = new L16Codec(rate);

        Assert.Equal(expected, codec.PacketSamples(wished));
        Assert.Equal(rate == 44100, codec.Format.PayloadType == 11);
        Assert.Equal((rate, rate, 1), (codec.Format.SampleRate, codec.Format.ClockRate, codec.Format.Channels));
    }

    [Theory]
    [InlineData("l16", "L16/16000 L16/48000 L16/44100 L16/8000")]
    [InlineData("L16/48000,pcmu", "L16/48000 PCMU/8000")]
    [InlineData("g722/8000", "G722/8000")]
    [InlineData("l16/11025", null)]
    [InlineData("l16/x", null)]
    public void A_rate_chooses_among_codecs_of_one_name(string names, string? chosen)
    {
        AudioCodecs? codecs = AudioCodecs.All.Select(names, out string? unknown);

        Assert.Equal(chosen, codecs is null ? null : string.Join(' ', codecs.Span.ToArray().Select(c => $"{c.Format.Name}/{c.Format.ClockRate}")));
        Assert.Equal(chosen is null ? names : null, unknown);
    }
}
