namespace Parley.Media.Codecs;

/// <summary>A way to turn sound into payloads and back; makes what does it, one per stream.</summary>
/// <remarks>Samples are 16-bit, mono: a codec that can more mixes down here.</remarks>
public interface IAudioCodec
{
    /// <summary>Its name, numbers and rates.</summary>
    AudioFormat Format { get; }

    /// <summary>The same codec at the sample rate that suits a call with the other side.</summary>
    /// <param name="parameters">The text of its <c>fmtp</c>, null without one.</param>
    /// <returns>The same one for the same rate.</returns>
    IAudioCodec For(string? parameters) => this;

    /// <summary>An encoder for one stream.</summary>
    /// <param name="parameters">The text of the other side's <c>fmtp</c>, null without one: what it wants to be sent. What is unknown or wrong in it is passed over.</param>
    IAudioEncoder CreateEncoder(string? parameters = null);

    /// <summary>A decoder for one stream.</summary>
    IAudioDecoder CreateDecoder();

    /// <summary>True when its payloads are short enough to be sent with later packets again.</summary>
    bool SuitsRedundancy => true;

    /// <summary>True when its encoders leave silence out themselves (<see cref="IAudioEncoder.SuppressSilence"/>): comfort noise of RFC 3389 is not for them.</summary>
    bool SuppressesSilence => false;

    /// <summary>The packet's length nearest to a wish that the codec has.</summary>
    /// <param name="samples">The wish: whole 10 ms, 10 to 100.</param>
    /// <returns>Samples: no more than wished, unless the codec's shortest packet is longer.</returns>
    int PacketSamples(int samples) => samples;
}

/// <summary>Turns the sound of one stream into payloads. Not thread-safe.</summary>
public interface IAudioEncoder : IDisposable
{
    /// <summary>Encodes one packet's sound.</summary>
    /// <param name="samples">At the format's sample rate; a length that the codec has frames of.</param>
    /// <param name="payload">Where the payload goes.</param>
    /// <returns>Bytes written; 0 when nothing is to be sent for them, in silence.</returns>
    /// <exception cref="ArgumentException">The payload does not fit, or the codec has no such frame.</exception>
    int Encode(ReadOnlySpan<short> samples, Span<byte> payload);

    /// <summary>Says how many packets get lost on the way, so that a codec that can sends what was in them a second time.</summary>
    /// <param name="percent">0 to 100.</param>
    void SetExpectedLoss(int percent)
    {
    }

    /// <summary>Has nothing sent for silence, whether the other side asked for that or not, by a codec that can.</summary>
    void SuppressSilence()
    {
    }

    /// <summary>True when its payloads hold the sound before their own a second time as soon as losses are expected.</summary>
    bool SendsRedundancy => false;
}

/// <summary>Turns the payloads of one stream into sound. Not thread-safe.</summary>
public interface IAudioDecoder : IDisposable
{
    /// <summary>How much sound a payload holds, without decoding it.</summary>
    /// <returns>Samples, 0 when it is no payload of this codec.</returns>
    int SampleCount(ReadOnlySpan<byte> payload);

    /// <summary>Decodes a payload.</summary>
    /// <param name="payload">One packet's.</param>
    /// <param name="samples">At least <see cref="SampleCount"/> of them.</param>
    /// <returns>Samples written, 0 when it is no payload of this codec.</returns>
    int Decode(ReadOnlySpan<byte> payload, Span<short> samples);

    /// <summary>True when it makes sound itself for what did not come; else <see cref="Conceal"/> is not called, and that is left to whoever plays.</summary>
    bool Conceals => true;

    /// <summary>Makes sound for a packet that did not come.</summary>
    /// <param name="samples">All are filled.</param>
    void Conceal(Span<short> samples);

    /// <summary>True when a payload also holds the sound before its own, for the case that the packet before it was lost.</summary>
    /// <param name="payload">One packet's.</param>
    bool HasRedundancy(ReadOnlySpan<byte> payload) => false;

    /// <summary>Decodes the sound before a payload's own. The payload itself is decoded afterwards, as ever.</summary>
    /// <param name="payload">The packet's behind the one that was lost.</param>
    /// <param name="samples">All are filled: the last of the gap, whose beginning is concealed when the payload knows less of it.</param>
    /// <returns>Samples written, 0 when the payload has no redundancy or cannot be decoded; the samples are then undefined.</returns>
    int DecodeRedundancy(ReadOnlySpan<byte> payload, Span<short> samples) => 0;
}
