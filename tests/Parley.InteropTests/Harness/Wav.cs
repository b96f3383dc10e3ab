using System.Buffers.Binary;

namespace Parley.InteropTests.Harness;

/// <summary>Reads WAV files with a reader of the tests' own, which is stricter than Parley's: PCM, one channel, 16 bits, sizes that agree.</summary>
internal static class Wav
{
    /// <summary>The samples of a file.</summary>
    /// <returns>Samples, and how many there are a second.</returns>
    public static (short[] Samples, int SampleRate) Read(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        ReadOnlySpan<byte> span = bytes;
        Assert.True(span.Length >= 44 && span[..4].SequenceEqual("RIFF"u8) && span[8..12].SequenceEqual("WAVE"u8), $"{file} is no WAV file.");
        Assert.Equal(span.Length - 8, (int)BinaryPrimitives.ReadUInt32LittleEndian(span[4..]));
        int sampleRate = 0;
        for (int at = 12; at + 8 <= span.Length;)
        {
            int lengthBytes = (int)BinaryPrimitives.ReadUInt32LittleEndian(span[(at + 4)..]);
            ReadOnlySpan<byte> content = span.Slice(at + 8, lengthBytes);
            if (span.Slice(at, 4).SequenceEqual("fmt "u8))
            {
                Assert.Equal((1, 1, 16), (BinaryPrimitives.ReadUInt16LittleEndian(content), BinaryPrimitives.ReadUInt16LittleEndian(content[2..]), BinaryPrimitives.ReadUInt16LittleEndian(content[14..])));
                sampleRate = BinaryPrimitives.ReadInt32LittleEndian(content[4..]);
            }
            else if (span.Slice(at, 4).SequenceEqual("data"u8))
            {
                var samples = new short[lengthBytes / 2];
                for (int i = 0; i < samples.Length; i++) samples[i] = BinaryPrimitives.ReadInt16LittleEndian(content[(2 * i)..]);
                Assert.NotEqual(0, sampleRate);
                return (samples, sampleRate);
            }

            at += 8 + lengthBytes + (lengthBytes & 1);
        }

        throw new InvalidDataException($"{file} has no data.");
    }

    /// <summary>How long a file sounds.</summary>
    public static TimeSpan Duration(string file)
    {
        (short[] samples, int sampleRate) = Read(file);
        return TimeSpan.FromSeconds((double)samples.Length / sampleRate);
    }
}
