namespace Parley.Media.Codecs;

/// <summary>The companding laws of ITU-T G.711: a byte per sample, 8000 samples a second.</summary>
/// <remarks>
/// Mu-law compands 14 bits, A-law 13 of which the lowest never decides; 16-bit samples have them in their upper bits.
/// A negative sample is coded as its one's complement, as in the ITU's software tool library (G.191), so that each code
/// stands for as many samples below zero as above. All is table look-up: 16 KiB and 4 KiB for coding, 512 bytes each for decoding.
/// </remarks>
public static class G711
{
    /// <summary>The byte that decodes to silence in mu-law.</summary>
    public const byte MuLawSilence = 0xFF;

    /// <summary>The byte that is nearest to silence in A-law.</summary>
    public const byte ALawSilence = 0xD5;

    private const int MuLawBias = 33;           // G.711 table 2: the decision values are 2^n segments shifted by 33

    private static readonly byte[] MuLawCodes = MakeCodes(bits: 14, MuLawCode);
    private static readonly byte[] ALawCodes = MakeCodes(bits: 12, ALawCode);
    private static readonly short[] MuLawSamples = MakeSamples(MuLawSample);
    private static readonly short[] ALawSamples = MakeSamples(ALawSample);

    /// <summary>Codes samples in mu-law.</summary>
    /// <param name="samples">Full range 16-bit.</param>
    /// <param name="codes">At least as many bytes.</param>
    public static void EncodeMuLaw(ReadOnlySpan<short> samples, Span<byte> codes)
    {
        codes = codes[..samples.Length];
        byte[] table = MuLawCodes;
        for (int i = 0; i < samples.Length; i++) codes[i] = table[(ushort)samples[i] >> 2];
    }

    /// <summary>Codes samples in A-law.</summary>
    /// <param name="samples">Full range 16-bit.</param>
    /// <param name="codes">At least as many bytes.</param>
    public static void EncodeALaw(ReadOnlySpan<short> samples, Span<byte> codes)
    {
        codes = codes[..samples.Length];
        byte[] table = ALawCodes;
        for (int i = 0; i < samples.Length; i++) codes[i] = table[(ushort)samples[i] >> 4];
    }

    /// <summary>Decodes mu-law.</summary>
    /// <param name="codes">A byte per sample.</param>
    /// <param name="samples">At least as many samples; -32124 to 32124.</param>
    public static void DecodeMuLaw(ReadOnlySpan<byte> codes, Span<short> samples) => Decode(codes, samples, MuLawSamples);

    /// <summary>Decodes A-law.</summary>
    /// <param name="codes">A byte per sample.</param>
    /// <param name="samples">At least as many samples; -32256 to 32256.</param>
    public static void DecodeALaw(ReadOnlySpan<byte> codes, Span<short> samples) => Decode(codes, samples, ALawSamples);

    private static void Decode(ReadOnlySpan<byte> codes, Span<short> samples, short[] table)
    {
        samples = samples[..codes.Length];
        for (int i = 0; i < codes.Length; i++) samples[i] = table[codes[i]];
    }

    private static byte[] MakeCodes(int bits, Func<int, byte> code)
    {
        byte[] codes = new byte[1 << bits];
        for (int i = 0; i < codes.Length; i++) codes[i] = code((short)(i << (16 - bits)) >> (16 - bits));
        return codes;
    }

    private static short[] MakeSamples(Func<byte, short> sample)
    {
        short[] samples = new short[256];
        for (int i = 0; i < samples.Length; i++) samples[i] = sample((byte)i);
        return samples;
    }

    /// <summary>The code of a 14-bit sample: sign, 3 bits of segment, 4 bits within it, all inverted.</summary>
    private static byte MuLawCode(int sample)
    {
        int magnitude = Math.Min(sample < 0 ? ~sample : sample, 8158) + MuLawBias;
        int segment = int.Log2(magnitude) - 5;
        int code = (segment << 4) | ((magnitude >> (segment + 1)) & 0xF);
        return (byte)(~code & (sample < 0 ? 0x7F : 0xFF));
    }

    private static short MuLawSample(byte code)
    {
        int bits = ~code, segment = (bits >> 4) & 7;
        int magnitude = ((((bits & 0xF) << 1) + MuLawBias) << segment) - MuLawBias;
        return (short)((bits & 0x80) != 0 ? -magnitude << 2 : magnitude << 2);
    }

    /// <summary>The code of the upper 12 bits: sign, 3 bits of segment, 4 bits within it, every second bit inverted.</summary>
    private static byte ALawCode(int sample)
    {
        int code = sample < 0 ? ~sample : sample;
        if (code > 31)
        {
            int segment = int.Log2(code) - 3;
            code = (segment << 4) | ((code >> (segment - 1)) & 0xF);
        }

        return (byte)((sample < 0 ? code : code | 0x80) ^ 0x55);
    }

    private static short ALawSample(byte code)
    {
        int bits = code ^ 0x55, segment = (bits >> 4) & 7;
        int magnitude = ((bits & 0xF) << 4) + 8;
        if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
        return (short)((bits & 0x80) != 0 ? magnitude : -magnitude);
    }
}
