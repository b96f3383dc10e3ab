using System.Buffers.Binary;

namespace Parley.Media.Codecs;

/// <summary>Sound as it is: 16 bits a sample in network byte order, one channel.</summary>
/// <remarks>Source: RFC 3551 4.5.11.</remarks>
public sealed class L16Codec : IAudioCodec
{
    private const int MaxPayloadBytes = 1400;       // goes through everywhere

    /// <summary>At one of the usual rates.</summary>
    /// <param name="sampleRate">8000, 16000, 44100 or 48000 Hz.</param>
    public L16Codec(int sampleRate)
    {
        byte payloadType = sampleRate switch
        {
            44100 => 11,
            8000 => 112,
            16000 => 113,
            48000 => 114,
            _ => throw new ArgumentOutOfRangeException(nameof(sampleRate), sampleRate, "8000, 16000, 44100 or 48000"),
        };
        Format = new AudioFormat("L16", payloadType, sampleRate, sampleRate);
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; }

    /// <inheritdoc/>
    public bool SuitsRedundancy => false;

    /// <inheritdoc/>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new L16Stream();

    /// <inheritdoc/>
    public IAudioDecoder CreateDecoder() => new L16Stream();

    /// <inheritdoc/>
    /// <remarks>Whole 10 ms that fit into a datagram.</remarks>
    public int PacketSamples(int samples)
    {
        int piece = Format.SampleRate / 100;
        return Math.Max(1, Math.Min(samples, MaxPayloadBytes / 2) / piece) * piece;
    }
}

/// <summary>Both directions of L16: it has no state, so what does not come is silence.</summary>
internal sealed class L16Stream : IAudioEncoder, IAudioDecoder
{
    public int Encode(ReadOnlySpan<short> samples, Span<byte> payload)
    {
        if (payload.Length < samples.Length * 2) throw new ArgumentException("The payload does not fit.", nameof(payload));
        for (int i = 0; i < samples.Length; i++) BinaryPrimitives.WriteInt16BigEndian(payload[(2 * i)..], samples[i]);
        return samples.Length * 2;
    }

    public int SampleCount(ReadOnlySpan<byte> payload) => payload.Length % 2 == 0 ? payload.Length / 2 : 0;

    public int Decode(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        int count = SampleCount(payload);
        for (int i = 0; i < count; i++) samples[i] = BinaryPrimitives.ReadInt16BigEndian(payload[(2 * i)..]);
        return count;
    }

    public bool Conceals => false;

    public void Conceal(Span<short> samples) => samples.Clear();

    public void Dispose()
    {
    }
}
