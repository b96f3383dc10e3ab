using Parley.Media.Codecs;
using Parley.Media.Files;
using Parley.Media.Processing;

namespace Parley.Voice;

/// <summary>What is put in the place of a packet that was lost.</summary>
internal enum Filling
{
    /// <summary>What the next packet holds of it, else the codec's own concealment.</summary>
    Fec,

    /// <summary>The codec's own concealment.</summary>
    Conceal,

    /// <summary>The last packet again, half as loud each time.</summary>
    Repeat,
}

/// <summary>A call without a playout buffer: every packet that comes is there in time.</summary>
internal static class PerfectPlayout
{
    private const int PacketMilliseconds = 20;

    /// <summary>Says something over a wire that loses packets.</summary>
    /// <returns>What was heard, at the codec's rate.</returns>
    public static short[] Run(PcmAudio speech, IAudioCodec codec, Filling filling, NetworkConditions conditions, int seed)
    {
        int rate = codec.Format.SampleRate, length = rate * PacketMilliseconds / 1000;
        var resampler = new Resampler(speech.SampleRate, rate);
        short[] said = new short[resampler.MaxOutput(speech.Samples.Length) + resampler.MaxFlush + length];
        int count = resampler.Process(speech.Samples.Span, said);
        count += resampler.Flush(said.AsSpan(count));
        using IAudioEncoder encoder = codec.CreateEncoder(codec.Format.Parameters);
        using IAudioDecoder decoder = codec.CreateDecoder();
        if (filling == Filling.Fec) encoder.SetExpectedLoss((int)conditions.LossPercent);
        LossyWire wire = new(conditions, seed);
        List<byte[]?> packets = [];
        byte[] payload = new byte[4000];
        for (int first = 0; first + length <= count; first += length)
        {
            int bytes = encoder.Encode(said.AsSpan(first, length), payload);
            packets.Add(wire.Pass(TimeSpan.FromMilliseconds(packets.Count * PacketMilliseconds)) is null ? null : payload[..bytes]);
        }

        short[] heard = new short[packets.Count * length];
        for (int i = 0; i < packets.Count; i++)
        {
            Span<short> place = heard.AsSpan(i * length, length);
            if (packets[i] is { } packet)
            {
                decoder.Decode(packet, place);
            }
            else if (filling == Filling.Repeat)
            {
                if (i > 0) for (int k = 0; k < length; k++) place[k] = (short)(heard[((i - 1) * length) + k] / 2);
            }
            else if (filling != Filling.Fec || i + 1 == packets.Count || packets[i + 1] is not { } next || decoder.DecodeRedundancy(next, place) == 0)
            {
                decoder.Conceal(place);
            }
        }

        return heard;
    }
}
