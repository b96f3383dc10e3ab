using Parley.Media.Codecs;
using Parley.Media.Files.Ogg;

namespace Parley.Media.Files;

/// <summary>Decodes the Opus of a file, page by page.</summary>
/// <remarks>
/// <code>
///                 its OpusHead             its OpusTags
/// (nothing yet) --------------> Head ---------------> Sound ---+
///                                ^                      |      | packets
///                                |  a next OpusHead     |&lt;-----+
///                                +----------------------+
/// </code>
/// </remarks>
/// <param name="maxLengthBytes">The most sound that is kept.</param>
internal sealed class OpusStreamReader(int maxLengthBytes) : IDisposable
{
    private const int MaxPacketBytes = 61_440;      // 48 frames of 1275 bytes and their lengths: RFC 7845 6

    private readonly int _maxSamples = maxLengthBytes / sizeof(short);
    private readonly byte[] _packet = new byte[MaxPacketBytes];
    private LibOpus.Decoder? _decoder;
    private int _channels;                  // of all that is read: those of the first stream
    private short[] _decoded = [];          // of one packet
    private short[] _samples = new short[48_000];
    private int _count;
    private uint _serial, _nextSequence;
    private float _gain;
    private int _packets;                   // of this stream
    private int _packetLength = -1;         // of the packet that goes on on the next page; -1 when none does, more than there is room for when it is too long
    private int _streamStart;               // where its sound begins
    private int _skip;                      // samples of a channel that are still to be left out
    private long _total;                    // decoded of this stream, per channel, with what was left out
    private long? _origin;                  // the granule position at its beginning, once a page has told
    private bool _hasEnded;

    /// <summary>True once a stream of Opus was found.</summary>
    public bool HasBegun => _decoder is not null;

    /// <summary>True when nothing more is to be read.</summary>
    public bool IsOver => Error.Reason != AudioFileErrorReason.None;

    /// <summary>Why the sound cannot be had.</summary>
    public AudioFileError Error { get; private set; }

    /// <summary>True when there is no sample.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>All sound.</summary>
    public PcmAudio ToAudio() => new(_samples.AsMemory(0, _count), OpusPacket.SampleRate, _channels);

    /// <summary>Takes the first page of a stream.</summary>
    /// <returns>False when it is no Opus.</returns>
    public bool TryBegin(in OggPage page)
    {
        ReadOnlySpan<byte> packet = page.Segments.IsEmpty ? [] : page.Body[..Math.Min(page.Body.Length, page.Segments[0])];
        if (!OpusHead.IsOne(packet)) return false;
        // A stream beside one that has not spoken yet is another track of the same time.
        if (HasBegun && _packets < 2 && !_hasEnded) return true;
        if (!OpusHead.TryParse(packet, out OpusHead head, out AudioFileError error))
        {
            if (HasBegun) _hasEnded = true;         // what follows the sound cannot be played: it ends here
            else Error = error;
            return true;
        }

        if (_channels == 0) _channels = head.Channels;
        _decoder?.Dispose();
        _decoder = LibOpus.opus_decoder_create(OpusPacket.SampleRate, _channels, out int failure);
        if (failure != 0) throw new InvalidOperationException($"libopus made no decoder ({failure}).");
        _decoded = new short[OpusPacket.MaxSamples * _channels];
        (_serial, _nextSequence, _packets, _packetLength, _skip) = (page.Serial, page.Sequence + 1, 1, -1, head.PreSkip);
        (_streamStart, _total, _origin, _hasEnded) = (_count, 0, null, false);
        _gain = head.OutputGain == 0 ? 1 : MathF.Pow(10, head.OutputGain / (20f * 256));
        return true;
    }

    /// <summary>Takes a page; one of another stream is passed over.</summary>
    public void Take(in OggPage page)
    {
        if (!HasBegun || _hasEnded || page.IsFirst || page.Serial != _serial) return;
        if (page.Sequence != _nextSequence || !page.IsContinued) _packetLength = -1;       // its end is lost
        _nextSequence = page.Sequence + 1;
        bool isRest = page.IsContinued && _packetLength < 0;       // of a packet whose beginning is lost
        ReadOnlySpan<byte> body = page.Body;
        bool hasPacket = false;
        foreach (byte length in page.Segments)
        {
            if (!isRest) Collect(body[..length]);
            body = body[length..];
            if (length == 255) continue;
            if (!isRest)
            {
                OnPacket();
                hasPacket = true;
            }

            isRest = false;
            if (IsOver) return;
        }

        if (hasPacket && _packets > 2) OnGranulePosition(page.GranulePosition, page.IsLast);
        if (page.IsLast) _hasEnded = true;
    }

    public void Dispose() => _decoder?.Dispose();

    private void Collect(ReadOnlySpan<byte> piece)
    {
        int at = Math.Max(0, _packetLength);
        _packetLength = at + piece.Length;
        if (_packetLength <= MaxPacketBytes) piece.CopyTo(_packet.AsSpan(at));
        else _packetLength = MaxPacketBytes + 1;
    }

    private void OnPacket()
    {
        int length = _packetLength;
        _packetLength = -1;
        // The second packet has titles and such.
        if (_packets++ == 1 || length > MaxPacketBytes) return;
        ReadOnlySpan<byte> packet = _packet.AsSpan(0, length);
        int samples = OpusPacket.SampleCount(packet);
        if (samples == 0) return;
        Span<short> decoded = _decoded.AsSpan(0, samples * _channels);
        if (LibOpus.opus_decode(_decoder!, packet, length, decoded, samples, 0) != samples) decoded.Clear();
        _total += samples;
        int skipped = Math.Min(_skip, samples);
        _skip -= skipped;
        Append(decoded[(skipped * _channels)..]);
    }

    private void Append(Span<short> samples)
    {
        if (_count + samples.Length > _maxSamples)
        {
            Error = new AudioFileError(AudioFileErrorReason.TooLong, $"more than {maxLengthBytes >> 20} MiB of sound");
            return;
        }

        if (_gain != 1f)
        {
            for (int i = 0; i < samples.Length; i++) samples[i] = (short)Math.Clamp(MathF.Round(samples[i] * _gain), short.MinValue, short.MaxValue);
        }

        if (_samples.Length - _count < samples.Length) Array.Resize(ref _samples, (int)Math.Min(_maxSamples, (_samples.Length * 2L) + samples.Length));
        samples.CopyTo(_samples.AsSpan(_count));
        _count += samples.Length;
    }

    /// <summary>The position of a last page that is short of what was decoded says how much of that is not to be heard.</summary>
    /// <remarks>A stream need not begin at 0: one that was cut out of another says so by its first page. Source: RFC 7845 4.4, 4.5.</remarks>
    private void OnGranulePosition(long position, bool isLast)
    {
        if (position < 0) return;
        // Pages tell it anew, so that one that is lost does not stand for samples at the end.
        if (!isLast) _origin = Math.Max(0, position - _total);
        long surplus = _total - (position - (_origin ?? Math.Max(0, position - _total)));
        if (isLast && surplus > 0) _count -= (int)Math.Min(Math.Min(surplus, _total) * _channels, _count - _streamStart);
    }
}
