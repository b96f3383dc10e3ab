using Parley.Rtp.Redundancy;

namespace Parley.Media.Tests.Rtp.Redundancy;

public class RedundantPayloadTests
{
    // RFC 2198 7: a DVI4 block (PT 5) of 84 bytes, and before it one of LPC (PT 7) of 14 bytes, 20 ms older.
    [Fact]
    public void The_example_of_RFC_2198_is_read()
    {
        byte[] payload = [0x87, 0x02, 0x80, 14, 0x05, .. Enumerable.Repeat((byte)0x11, 14), .. Enumerable.Repeat((byte)0x22, 84)];

        Assert.True(RedundantPayload.TryParse(payload, out RedundantPayload redundant));

        Assert.Equal(1, redundant.RedundantBlocks);
        Assert.True(redundant.TryReadRedundant(out RedundantBlock block));
        Assert.Equal((7, 160u, 14, false), (block.PayloadType, block.TimestampOffset, block.Payload.Length, block.IsPrimary));
        Assert.Equal(0x11, block.Payload[13]);
        Assert.False(redundant.TryReadRedundant(out _));
        Assert.Equal((5, 0u, 84, true), (redundant.Primary.PayloadType, redundant.Primary.TimestampOffset, redundant.Primary.Payload.Length, redundant.Primary.IsPrimary));
        Assert.Equal(0x22, redundant.Primary.Payload[0]);
    }

    [Fact]
    public void The_largest_numbers_are_read()
    {
        byte[] payload = [0xFF, 0xFF, 0xFF, 0xFF, 0x7F, .. new byte[1023]];

        Assert.True(RedundantPayload.TryParse(payload, out RedundantPayload redundant));

        Assert.True(redundant.TryReadRedundant(out RedundantBlock block));
        Assert.Equal((127, RedundantPayload.MaxTimestampOffset, RedundantPayload.MaxBlockLengthBytes), (block.PayloadType, block.TimestampOffset, block.Payload.Length));
        Assert.Equal((127, 0), (redundant.Primary.PayloadType, redundant.Primary.Payload.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("80000001")]            // no header of a primary block
    [InlineData("8000000105")]          // a block that is not there
    [InlineData("800003FF0501")]
    [InlineData("800000008000000080000000800000008000000080000000800000008000000080000000" + "05")]     // nine blocks
    public void What_is_cut_off_or_has_too_many_blocks_is_refused(string payload) =>
        Assert.False(RedundantPayload.TryParse(Convert.FromHexString(payload), out _));

    [Fact]
    public void A_default_value_has_no_blocks()
    {
        RedundantPayload none = default;
        Assert.False(none.TryReadRedundant(out _));
        Assert.Equal(0, none.RedundantBlocks);
    }

    [Fact]
    public void Random_bytes_are_read_or_refused_and_never_beyond_their_end()
    {
        Random random = new(1);
        byte[] bytes = new byte[40];
        int read = 0;
        for (int i = 0; i < 200_000; i++)
        {
            Span<byte> payload = bytes.AsSpan(0, random.Next(bytes.Length));
            random.NextBytes(payload);
            if (payload.Length > 4 && random.Next(2) == 0) (payload[2], payload[3]) = ((byte)(payload[2] & 0xFC), (byte)random.Next(20));
            if (!RedundantPayload.TryParse(payload, out RedundantPayload redundant)) continue;
            (int blocks, int length) = (0, redundant.Primary.Payload.Length + 1);
            while (redundant.TryReadRedundant(out RedundantBlock block)) (blocks, length) = (blocks + 1, length + block.Payload.Length + 4);
            Assert.Equal((redundant.RedundantBlocks, payload.Length), (blocks, length));
            if (blocks > 0) read++;
        }

        Assert.True(read > 1000, $"{read}");
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(1, 6)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void What_is_written_is_read_again(int depth, int spacing)
    {
        RedundancyWriter writer = new();
        byte[] buffer = new byte[700];
        for (int n = 0; n < 50; n++)
        {
            int length = Fill(buffer, n);
            int whole = writer.Write(buffer, length, 96, Timestamp(n), 160, new RedundancyPlan(depth, spacing));

            int expected = Math.Min(n / spacing, depth);
            if (expected == 0)
            {
                Assert.Equal(0, whole);
                AssertIs(n, buffer.AsSpan(0, length));
                continue;
            }

            Assert.True(RedundantPayload.TryParse(buffer.AsSpan(0, whole), out RedundantPayload redundant));
            Assert.Equal(expected, redundant.RedundantBlocks);
            for (int before = expected; before > 0; before--)
            {
                Assert.True(redundant.TryReadRedundant(out RedundantBlock block));
                Assert.Equal((96, 160u * (uint)(before * spacing)), (block.PayloadType, block.TimestampOffset));
                AssertIs(n - (before * spacing), block.Payload);
            }

            AssertIs(n, redundant.Primary.Payload);
        }

        static uint Timestamp(int n) => uint.MaxValue - 1000 + ((uint)n * 160);     // it wraps on the way

        static int Fill(Span<byte> buffer, int n)
        {
            int length = 40 + n;
            buffer[..length].Fill((byte)n);
            return length;
        }

        static void AssertIs(int n, ReadOnlySpan<byte> payload)
        {
            Assert.Equal(40 + n, payload.Length);
            Assert.Equal(-1, payload.IndexOfAnyExcept((byte)n));
        }
    }

    [Fact]
    public void What_is_from_before_a_silence_is_not_repeated()
    {
        RedundancyWriter writer = new();
        byte[] buffer = new byte[700];
        Assert.Equal(0, writer.Write(buffer, 20, 0, 1000, 160, new RedundancyPlan(2, 1)));
        Assert.Equal(0, writer.Write(buffer, 20, 0, 1000 + 320, 160, new RedundancyPlan(2, 1)));
        Assert.Equal(20 + 20 + 5, writer.Write(buffer, 20, 0, 1000 + 480, 160, new RedundancyPlan(2, 1)));
        writer.Clear();
        Assert.Equal(0, writer.Write(buffer, 20, 0, 1000 + 640, 160, new RedundancyPlan(2, 1)));
    }

    [Fact]
    public void There_is_as_much_redundancy_as_there_is_room_for()
    {
        RedundancyWriter writer = new();
        byte[] buffer = new byte[1400];
        for (uint n = 0; n < 4; n++) writer.Write(buffer, 160, 0, n * 160, 160, new RedundancyPlan(3, 1));
        Assert.Equal((2 * (4 + 160)) + 1 + 160, writer.Write(buffer, 160, 0, 640, 160, new RedundancyPlan(3, 1)));     // three would be longer than a packet should get

        // Blocks that are longer than a header can say are left out; so is what would make the packet too long.
        writer.Clear();
        Assert.Equal(0, writer.Write(buffer, 1100, 0, 0, 160, new RedundancyPlan(3, 1)));
        Assert.Equal(0, writer.Write(buffer, 100, 0, 160, 160, new RedundancyPlan(3, 1)));
        Assert.Equal(0, writer.Write(buffer.AsSpan(0, 200), 100, 0, 320, 160, new RedundancyPlan(3, 1)));
    }

    [Fact]
    public void Writing_and_reading_allocates_nothing()
    {
        RedundancyWriter writer = new();
        byte[] buffer = new byte[700];
        Steady.AllocatesNothing(() =>
        {
            for (uint n = 0; n < 100; n++)
            {
                int length = writer.Write(buffer, 160, 0, n * 160, 160, new RedundancyPlan(2, 1));
                if (!RedundantPayload.TryParse(buffer.AsSpan(0, length), out RedundantPayload redundant)) continue;
                while (redundant.TryReadRedundant(out _)) { }
            }
        });
    }
}
