namespace Parley.Media.Codecs;

/// <summary>G.722 at 64 kbit/s: 7 kHz of sound in as many bits as G.711.</summary>
/// <remarks>Its sample rate is 16 kHz and its RTP clock 8 kHz, by an error that became the rule. Source: ITU-T G.722, RFC 3551 4.5.2.</remarks>
public sealed class G722Codec : IAudioCodec
{
    /// <inheritdoc/>
    public AudioFormat Format { get; } = new("G722", 9, 8000, 16000);

    /// <inheritdoc/>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new G722Encoder();

    /// <inheritdoc/>
    public IAudioDecoder CreateDecoder() => new G722Decoder();
}

/// <summary>The filter that parts a signal into two bands of half its rate, and joins them again.</summary>
/// <remarks>24 taps, of which the second half mirrors the first. Source: ITU-T G.722 table 11.</remarks>
internal static class G722Filter
{
    /// <summary>How many samples the filter looks at.</summary>
    public const int Taps = 24;

    // Those of even places; read backwards they are those of odd ones.
    private static readonly int[] Coefficients = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

    /// <summary>The sums over even and odd places of a window.</summary>
    public static (int Even, int Odd) Apply(ReadOnlySpan<int> window)
    {
        int even = 0, odd = 0;
        for (int i = 0; i < 12; i++)
        {
            even += window[2 * i] * Coefficients[i];
            odd += window[(2 * i) + 1] * Coefficients[11 - i];
        }

        return (even, odd);
    }
}

internal sealed class G722Encoder : IAudioEncoder
{
    private readonly int[] _window = new int[G722Filter.Taps];
    private G722Band _lower = new(isLower: true), _upper = new(isLower: false);

    public int Encode(ReadOnlySpan<short> samples, Span<byte> payload)
    {
        if (samples.Length % 2 != 0) throw new ArgumentException("G.722 codes pairs of samples.", nameof(samples));
        if (payload.Length < samples.Length / 2) throw new ArgumentException("The payload does not fit.", nameof(payload));
        for (int i = 0; i < samples.Length; i += 2)
        {
            _window.AsSpan(2).CopyTo(_window);
            (_window[22], _window[23]) = (samples[i], samples[i + 1]);
            (int even, int odd) = G722Filter.Apply(_window);
            payload[i / 2] = (byte)((_upper.EncodeUpper((odd - even) >> 14) << 6) | _lower.EncodeLower((odd + even) >> 14));
        }

        return samples.Length / 2;
    }

    public void Dispose()
    {
    }
}

internal sealed class G722Decoder : IAudioDecoder
{
    private readonly int[] _window = new int[G722Filter.Taps];
    private G722Band _lower = new(isLower: true), _upper = new(isLower: false);

    public int SampleCount(ReadOnlySpan<byte> payload) => payload.Length * 2;

    public int Decode(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        samples = samples[..(payload.Length * 2)];
        for (int i = 0; i < payload.Length; i++)
        {
            int low = _lower.DecodeLower(payload[i] & 0x3F), high = _upper.DecodeUpper(payload[i] >> 6);
            _window.AsSpan(2).CopyTo(_window);
            (_window[22], _window[23]) = (low + high, low - high);
            (int even, int odd) = G722Filter.Apply(_window);
            samples[2 * i] = Saturate(odd >> 11);
            samples[(2 * i) + 1] = Saturate(even >> 11);
        }

        return samples.Length;
    }

    public bool Conceals => false;

    public void Conceal(Span<short> samples) => samples.Clear();

    public void Dispose()
    {
    }

    private static short Saturate(int value) => (short)Math.Clamp(value, short.MinValue, short.MaxValue);
}
