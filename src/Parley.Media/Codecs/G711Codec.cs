namespace Parley.Media.Codecs;

/// <summary>G.711 mu-law as RTP's PCMU.</summary>
/// <remarks>Source: RFC 3551 4.5.14.</remarks>
public sealed class MuLawCodec : IAudioCodec
{
    /// <inheritdoc/>
    public AudioFormat Format { get; } = new("PCMU", 0, 8000, 8000);

    /// <inheritdoc/>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new G711Stream(isALaw: false);

    /// <inheritdoc/>
    public IAudioDecoder CreateDecoder() => new G711Stream(isALaw: false);
}

/// <summary>G.711 A-law as RTP's PCMA.</summary>
/// <remarks>Source: RFC 3551 4.5.14.</remarks>
public sealed class ALawCodec : IAudioCodec
{
    /// <inheritdoc/>
    public AudioFormat Format { get; } = new("PCMA", 8, 8000, 8000);

    /// <inheritdoc/>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new G711Stream(isALaw: true);

    /// <inheritdoc/>
    public IAudioDecoder CreateDecoder() => new G711Stream(isALaw: true);
}

/// <summary>Both directions of G.711: it has no state, so it knows nothing of what does not come.</summary>
internal sealed class G711Stream(bool isALaw) : IAudioEncoder, IAudioDecoder
{
    public int Encode(ReadOnlySpan<short> samples, Span<byte> payload)
    {
        if (payload.Length < samples.Length) throw new ArgumentException("The payload does not fit.", nameof(payload));
        if (isALaw) G711.EncodeALaw(samples, payload);
        else G711.EncodeMuLaw(samples, payload);
        return samples.Length;
    }

    public int SampleCount(ReadOnlySpan<byte> payload) => payload.Length;

    public int Decode(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        if (isALaw) G711.DecodeALaw(payload, samples);
        else G711.DecodeMuLaw(payload, samples);
        return payload.Length;
    }

    public bool Conceals => false;

    public void Conceal(Span<short> samples) => samples.Clear();

    public void Dispose()
    {
    }
}
