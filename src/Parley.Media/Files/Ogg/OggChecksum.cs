namespace Parley.Media.Files.Ogg;

/// <summary>The checksum of a page: a CRC of 32 bits, polynomial 0x04C11DB7, highest bit first, from 0.</summary>
/// <remarks>Source: RFC 3533 6, field 7.</remarks>
internal static class OggChecksum
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>Goes on from the checksum of what stands before.</summary>
    public static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes) checksum = (checksum << 8) ^ Table[(checksum >> 24) ^ value];
        return checksum;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint remainder = i << 24;
            for (int bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ ((remainder >> 31) * 0x04C11DB7);
            table[i] = remainder;
        }

        return table;
    }
}
