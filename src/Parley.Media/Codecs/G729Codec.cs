namespace Parley.Media.Codecs;

/// <summary>G.729 at 8 kbit/s, by bcg729: frames of 10 ms and ten bytes.</summary>
/// <remarks>
/// There only where the library is: see <see cref="IsAvailable"/>. It always says <c>annexb=no</c>, which is right in an offer and as the answer to
/// any; frames of comfort noise are understood all the same. Source: ITU-T G.729, RFC 3551 4.5.6, RFC 4856 2.1.9.
/// </remarks>
public sealed class G729Codec : IAudioCodec
{
    /// <summary>True where bcg729 is installed.</summary>
    public static bool IsAvailable => LibBcg729.IsThere;

    /// <inheritdoc/>
    public AudioFormat Format { get; } = new("G729", 18, 8000, 8000, 1, "annexb=no");

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">bcg729 is not installed, or has no memory.</exception>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new G729Encoder();

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">bcg729 is not installed, or has no memory.</exception>
    public IAudioDecoder CreateDecoder() => new G729Decoder();

    internal static void RequireLibrary()
    {
        if (!IsAvailable) throw new InvalidOperationException($"{NativeCodecs.FileOf(LibBcg729.Library)} is not installed.");
    }
}

internal static class G729Frame
{
    public const int Samples = 80, SpeechBytes = 10, NoiseBytes = 2;
}

internal sealed class G729Encoder : IAudioEncoder
{
    private readonly LibBcg729.Encoder _encoder;

    public G729Encoder()
    {
        G729Codec.RequireLibrary();
        _encoder = LibBcg729.initBcg729EncoderChannel(enableVad: 0);
        if (_encoder.IsInvalid) throw new InvalidOperationException("bcg729 made no encoder.");
    }

    public int Encode(ReadOnlySpan<short> samples, Span<byte> payload)
    {
        int frames = samples.Length / G729Frame.Samples;
        if (frames * G729Frame.Samples != samples.Length) throw new ArgumentException("G.729 has frames of 80 samples.", nameof(samples));
        if (payload.Length < frames * G729Frame.SpeechBytes) throw new ArgumentException("The payload does not fit.", nameof(payload));
        for (int i = 0; i < frames; i++) LibBcg729.bcg729Encoder(_encoder, samples[(i * G729Frame.Samples)..], payload[(i * G729Frame.SpeechBytes)..], out _);
        return frames * G729Frame.SpeechBytes;
    }

    public void Dispose() => _encoder.Dispose();
}

internal sealed class G729Decoder : IAudioDecoder
{
    private readonly LibBcg729.Decoder _decoder;
    private readonly short[] _frame = new short[G729Frame.Samples];

    public G729Decoder()
    {
        G729Codec.RequireLibrary();
        _decoder = LibBcg729.initBcg729DecoderChannel();
        if (_decoder.IsInvalid) throw new InvalidOperationException("bcg729 made no decoder.");
    }

    /// <remarks>Frames of speech, then at most one of noise: RFC 3551 4.5.6.</remarks>
    public int SampleCount(ReadOnlySpan<byte> payload) => (payload.Length % G729Frame.SpeechBytes) switch
    {
        0 => payload.Length / G729Frame.SpeechBytes * G729Frame.Samples,
        G729Frame.NoiseBytes => ((payload.Length / G729Frame.SpeechBytes) + 1) * G729Frame.Samples,
        _ => 0,
    };

    public int Decode(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        samples = samples[..SampleCount(payload)];
        for (int at = 0; at < samples.Length; at += G729Frame.Samples)
        {
            bool isSpeech = payload.Length >= G729Frame.SpeechBytes;
            int length = isSpeech ? G729Frame.SpeechBytes : G729Frame.NoiseBytes;
            LibBcg729.bcg729Decoder(_decoder, payload[..length], (byte)length, 0, isSpeech ? (byte)0 : (byte)1, 0, samples[at..]);
            payload = payload[length..];
        }

        return samples.Length;
    }

    /// <remarks>The codec's own concealment: G.729 4.4.</remarks>
    public void Conceal(Span<short> samples)
    {
        for (; samples.Length >= G729Frame.Samples; samples = samples[G729Frame.Samples..]) Conceal(_decoder, samples);
        if (samples.IsEmpty) return;
        Conceal(_decoder, _frame);
        _frame.AsSpan(0, samples.Length).CopyTo(samples);
    }

    public void Dispose() => _decoder.Dispose();

    private static void Conceal(LibBcg729.Decoder decoder, Span<short> frame) => LibBcg729.bcg729Decoder(decoder, default, 0, 1, 0, 0, frame);
}
