namespace Parley.Media.Codecs;

/// <summary>Opus, by libopus: one channel for speech, at 48 kHz or less.</summary>
/// <remarks>
/// There only where the library is: see <see cref="IsAvailable"/>. In RTP it always has a clock of 48 kHz and two channels,
/// whatever is sent. With who plays no more than 8, 16 or 24 kHz all is encoded and decoded at that rate: at 16 kHz that
/// takes a quarter less than at 48. Source: RFC 6716, RFC 7587.
/// </remarks>
public sealed class OpusCodec : IAudioCodec
{
    /// <summary>Samples per second of what is encoded and decoded when the other side says nothing.</summary>
    public const int SampleRate = OpusPacket.SampleRate;

    /// <summary>The packets that libopus makes, in milliseconds.</summary>
    private static readonly int[] Packets = [10, 20, 40, 60, 80, 100];

    private static readonly OpusCodec[] Slower = [new(8000), new(16000), new(24000)];

    /// <summary>At 48 kHz.</summary>
    public OpusCodec()
        : this(SampleRate)
    {
    }

    private OpusCodec(int sampleRate)
    {
        Format = new("opus", 111, OpusPacket.SampleRate, sampleRate, 2, "useinbandfec=1");
    }

    /// <summary>True where libopus is installed.</summary>
    public static bool IsAvailable => LibOpus.IsThere;

    /// <summary>Cores that the encoders of this process share; where they are many, each tries less hard. Whoever opens media on sockets says it.</summary>
    /// <value>1 or more; 1 unless set.</value>
    public static int Processors { get; set; } = 1;

    /// <inheritdoc/>
    public AudioFormat Format { get; }

    /// <inheritdoc/>
    /// <remarks>The rate is what it plays, or takes in when it says that as well: who plays no more is taken to send no more (RFC 7587 6.1).</remarks>
    public IAudioCodec For(string? parameters)
    {
        OpusParameters receiver = OpusParameters.Parse(parameters);
        int rate = Math.Max(receiver.MaxPlaybackRate, receiver.MaxCaptureRate ?? 0);
        return Array.Find(Slower, codec => codec.Format.SampleRate >= rate) ?? this;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">libopus is not installed, or has no memory.</exception>
    public IAudioEncoder CreateEncoder(string? parameters = null) => new OpusEncoder(OpusParameters.Parse(parameters), Format.SampleRate);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">libopus is not installed, or has no memory.</exception>
    public IAudioDecoder CreateDecoder() => new OpusDecoder(Format.SampleRate);

    /// <inheritdoc/>
    public bool SuppressesSilence => true;

    /// <inheritdoc/>
    public int PacketSamples(int samples)
    {
        int at = Packets.Length - 1, perMillisecond = Format.SampleRate / 1000;
        while (at > 0 && Packets[at] * perMillisecond > samples) at--;
        return Packets[at] * perMillisecond;
    }

    internal static void RequireLibrary()
    {
        if (!IsAvailable) throw new InvalidOperationException($"{NativeCodecs.FileOf(LibOpus.Library)} is not installed.");
    }
}

/// <summary>Encodes for one receiver, as its parameters say.</summary>
internal sealed class OpusEncoder : IAudioEncoder
{
    private const int LookEach = 50;                // frames between two looks at how many encode
    private const int FirstExpectedLoss = 2;        // percent, until a report says how it is: enough for FEC
    private const int MostExpectedLoss = 10;        // beyond it libopus gives FEC so many of the bits that speech sounds worse even at 30 % loss
    private const double MoreWithFec = 1.5;         // bits: libopus takes those of FEC from the speech, which then sounds worse than what it mends
    private const int SmallestSent = 3;             // what is shorter says only that there is silence (opus_encode)

    private static int _encoders;
    private readonly LibOpus.Encoder _encoder;
    private readonly int _bitrate, _mostBitrate;

    private int _expectedLoss = -1, _complexity = -1;
    private bool _knowsLoss;
    private int _frames;
    private bool _usesDtx;
    private bool _isDisposed;

    public OpusEncoder(in OpusParameters receiver, int sampleRate)
    {
        OpusCodec.RequireLibrary();
        _encoder = LibOpus.opus_encoder_create(sampleRate, 1, LibOpus.ApplicationVoip, out int error);
        if (error != 0) throw new InvalidOperationException($"libopus made no encoder ({error}).");
        (int bandwidth, _bitrate) = For(receiver.MaxPlaybackRate);
        _mostBitrate = receiver.MaxAverageBitrate ?? int.MaxValue;
        Set(LibOpus.SetMaxBandwidth, bandwidth);
        Set(LibOpus.SetVbr, receiver.IsCbr ? 0 : 1);
        Set(LibOpus.SetInbandFec, receiver.UsesInbandFec ? 1 : 0);
        if (receiver.UsesDtx) SuppressSilence();
        SendsRedundancy = receiver.UsesInbandFec;
        Interlocked.Increment(ref _encoders);
        Adapt();
    }

    public bool SendsRedundancy { get; }

    public int Encode(ReadOnlySpan<short> samples, Span<byte> payload)
    {
        if (++_frames % LookEach == 0) Adapt();
        int length = LibOpus.opus_encode(_encoder, samples, samples.Length, payload, payload.Length);
        if (length < 0) throw new ArgumentException($"libopus does not encode {samples.Length} samples into {payload.Length} bytes ({length}).", nameof(samples));
        return _usesDtx && length < SmallestSent ? 0 : length;
    }

    public void SuppressSilence()
    {
        _usesDtx = true;
        Set(LibOpus.SetDtx, 1);
    }

    public void SetExpectedLoss(int percent)
    {
        _knowsLoss = true;
        Expect(Math.Clamp(percent, 0, MostExpectedLoss));
    }

    public void Dispose()
    {
        if (!_isDisposed) Interlocked.Decrement(ref _encoders);
        _isDisposed = true;
        _encoder.Dispose();
    }

    /// <summary>How hard an encoder tries: less where many encode at once, so that none has to wait.</summary>
    /// <param name="encoders">How many there are in this process.</param>
    /// <param name="processors">Cores that they share.</param>
    /// <returns>0 to 8; what is above costs half as much again and is hardly heard.</returns>
    internal static int ComplexityFor(int encoders, int processors) => (encoders / Math.Max(1, processors)) switch
    {
        <= 8 => 8,
        <= 40 => 5,
        <= 100 => 2,
        _ => 0,
    };

    private void Adapt()
    {
        int complexity = ComplexityFor(Volatile.Read(ref _encoders), OpusCodec.Processors);
        if (complexity == _complexity) return;
        _complexity = complexity;
        Set(LibOpus.SetComplexity, complexity);
        // FEC is a second encoding, which only those get who are known to need it when there is hardly time for the first.
        if (!_knowsLoss) Expect(complexity > 0 ? FirstExpectedLoss : 0);
    }

    private void Expect(int percent)
    {
        if (percent == _expectedLoss) return;
        _expectedLoss = percent;
        Set(LibOpus.SetPacketLossPercent, percent);
        Set(LibOpus.SetBitrate, (int)Math.Min(_bitrate * (SendsRedundancy && percent > 0 ? MoreWithFec : 1), _mostBitrate));
    }

    /// <summary>The bandwidth that a playback rate makes full use of, and a bit rate at which speech of it sounds well (RFC 7587 3.1.1).</summary>
    private static (int Bandwidth, int Bitrate) For(int playbackRate) => playbackRate switch
    {
        < 12000 => (LibOpus.Narrowband, 12_000),
        < 16000 => (LibOpus.Mediumband, 16_000),
        < 24000 => (LibOpus.Wideband, 20_000),
        < 48000 => (LibOpus.SuperWideband, 28_000),
        _ => (LibOpus.Fullband, 32_000),
    };

    private void Set(int request, int value)
    {
        int error = LibOpus.Set(_encoder, request, value);
        if (error != 0) throw new InvalidOperationException($"libopus refuses {request} = {value} ({error}).");
    }
}

/// <summary>Decodes what comes, in whatever mode and bandwidth, to one channel.</summary>
internal sealed class OpusDecoder : IAudioDecoder
{
    private readonly LibOpus.Decoder _decoder;
    private readonly int _divisor;          // of 48 kHz
    private readonly short[] _grain;        // 2.5 ms: what the library makes has whole ones

    public OpusDecoder(int sampleRate)
    {
        OpusCodec.RequireLibrary();
        _divisor = OpusPacket.SampleRate / sampleRate;
        _grain = new short[sampleRate / 400];
        _decoder = LibOpus.opus_decoder_create(sampleRate, 1, out int error);
        if (error != 0) throw new InvalidOperationException($"libopus made no decoder ({error}).");
    }

    private int MaxSamples => OpusPacket.MaxSamples / _divisor;

    public int SampleCount(ReadOnlySpan<byte> payload) => OpusPacket.SampleCount(payload) / _divisor;

    public int Decode(ReadOnlySpan<byte> payload, Span<short> samples) =>
        payload.IsEmpty ? 0 : Math.Max(0, LibOpus.opus_decode(_decoder, payload, payload.Length, samples, Math.Min(samples.Length, MaxSamples), 0));

    public void Conceal(Span<short> samples)
    {
        while (samples.Length >= _grain.Length)
        {
            Span<short> piece = samples[..Math.Min(samples.Length / _grain.Length * _grain.Length, MaxSamples)];
            Fill(piece);
            samples = samples[piece.Length..];
        }

        if (samples.IsEmpty) return;
        Fill(_grain);
        _grain.AsSpan(0, samples.Length).CopyTo(samples);
    }

    public bool HasRedundancy(ReadOnlySpan<byte> payload) => OpusPacket.HasRedundancy(payload);

    public int DecodeRedundancy(ReadOnlySpan<byte> payload, Span<short> samples)
    {
        if (!HasRedundancy(payload)) return 0;
        // The sound next to the payload is what it knows; what does not fill a grain is at the far end.
        Span<short> whole = samples[(samples.Length % _grain.Length)..];
        if (whole.IsEmpty || whole.Length > MaxSamples) return 0;
        if (whole.Length < samples.Length) Conceal(samples[..^whole.Length]);
        return LibOpus.opus_decode(_decoder, payload, payload.Length, whole, whole.Length, 1) == whole.Length ? samples.Length : 0;
    }

    public void Dispose() => _decoder.Dispose();

    private void Fill(Span<short> samples)
    {
        if (LibOpus.opus_decode(_decoder, default, 0, samples, samples.Length, 0) != samples.Length) samples.Clear();
    }
}
