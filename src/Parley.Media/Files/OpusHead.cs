using System.Buffers.Binary;

namespace Parley.Media.Files;

/// <summary>The first packet of Opus in Ogg: how the sound is to be played.</summary>
/// <param name="Channels">1 to 255.</param>
/// <param name="PreSkip">Samples at 48 kHz at the beginning that are not to be heard.</param>
/// <param name="InputSampleRate">Of what was encoded, per second; 0 when nobody knows. Decoded is at 48 kHz all the same.</param>
/// <param name="OutputGain">By how much to change the loudness: 1/256 dB.</param>
/// <param name="MappingFamily">How channels are made of streams: 0 is one stream of one or two.</param>
/// <remarks>
/// <code>
///  0  8 "OpusHead"   8  1 version, 1   9  1 channels   10  2 pre-skip   12  4 input sample rate   16  2 output gain
/// 18  1 mapping family; unless it is 0:   19  1 streams   20  1 of which are coupled   21  a byte for each channel
/// </code>
/// Numbers are little-endian. Source: RFC 7845 5.1.
/// </remarks>
internal readonly record struct OpusHead(byte Channels, ushort PreSkip, uint InputSampleRate, short OutputGain, byte MappingFamily)
{
    /// <summary>What stands before the mapping's own bytes.</summary>
    public const int LengthBytes = 19;

    /// <summary>True for a packet that claims to be one.</summary>
    public static bool IsOne(ReadOnlySpan<byte> packet) => packet.StartsWith("OpusHead"u8);

    /// <summary>Reads it.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="head">What it says.</param>
    /// <param name="error">Why its sound cannot be played.</param>
    public static bool TryParse(ReadOnlySpan<byte> packet, out OpusHead head, out AudioFileError error)
    {
        head = default;
        if (packet.Length < LengthBytes || !IsOne(packet) || packet[8] >> 4 != 0)
        {
            error = new AudioFileError(AudioFileErrorReason.NotAudio, "its header is not one of Opus");
            return false;
        }

        head = new OpusHead(
            packet[9], BinaryPrimitives.ReadUInt16LittleEndian(packet[10..]), BinaryPrimitives.ReadUInt32LittleEndian(packet[12..]), BinaryPrimitives.ReadInt16LittleEndian(packet[16..]), packet[18]);
        // Other families may have one stream too, but how its channels are meant is theirs to say.
        bool isMapped = head.MappingFamily == 0 || (head.MappingFamily == 1 && packet.Length >= LengthBytes + 2 && packet[19] == 1);
        error = head.Channels is 1 or 2 && isMapped ? default : new AudioFileError(AudioFileErrorReason.UnsupportedChannels, $"{head.Channels} channels; mono and stereo is what Parley reads");
        return error.Reason == AudioFileErrorReason.None;
    }

    /// <summary>Writes it, for mapping family 0.</summary>
    public void Write(Span<byte> packet)
    {
        "OpusHead"u8.CopyTo(packet);
        (packet[8], packet[9], packet[18]) = (1, Channels, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(packet[10..], PreSkip);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[12..], InputSampleRate);
        BinaryPrimitives.WriteInt16LittleEndian(packet[16..], OutputGain);
    }
}
