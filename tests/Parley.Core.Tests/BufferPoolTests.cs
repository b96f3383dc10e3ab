namespace Parley.Core.Tests;

public sealed class BufferPoolTests
{
    private readonly BufferPool _pool = new();

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 256)]
    [InlineData(256, 256)]
    [InlineData(257, 512)]
    [InlineData(512, 512)]
    [InlineData(1_500, 2_048)]
    [InlineData(32_769, 65_536)]
    [InlineData(65_536, 65_536)]
    public void A_buffer_has_the_length_asked_for_and_the_next_power_of_two_to_grow_to(int length, int capacity)
    {
        PooledBuffer buffer = _pool.Rent(length);
        Assert.Equal(length, buffer.Length);
        Assert.Equal(length, buffer.Span.Length);
        Assert.Equal(length, buffer.Memory.Length);
        Assert.Equal(capacity, buffer.Capacity);
        Assert.Equal(capacity, buffer.Whole.Length);
        buffer.Length = capacity;
        Assert.Equal(capacity, buffer.Span.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Length = capacity + 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Length = -1);
        buffer.Release();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65_537)]
    public void What_no_buffer_can_hold_is_refused(int length) => Assert.Throws<ArgumentOutOfRangeException>(() => _pool.Rent(length));

    [Fact]
    public void The_last_release_and_no_earlier_one_gives_the_memory_back()
    {
        PooledBuffer buffer = _pool.Copy("abc"u8);
        Assert.Same(buffer, buffer.Retain());
        Assert.Equal(1, _pool.Outstanding);
        buffer.Release();
        Assert.Equal("abc"u8, buffer.Span);
        Assert.Equal(1, _pool.Outstanding);
        buffer.Release();
        Assert.Equal(0, _pool.Outstanding);
        Assert.Same(buffer, _pool.Rent(7));
        buffer.Release();
    }

    [Fact]
    public void Buffers_that_are_out_at_once_share_no_byte()
    {
        const int Seed = 20260101;
        var random = new Random(Seed);
        var held = new List<(PooledBuffer Buffer, byte Mark)>();
        for (int step = 0; step < 5_000; step++)
        {
            if (held.Count < 200 && random.Next(2) == 0)
            {
                PooledBuffer buffer = _pool.Rent(random.Next(3_000));
                byte mark = (byte)random.Next(256);
                buffer.Whole.Fill(mark);
                held.Add((buffer, mark));
            }
            else if (held.Count > 0)
            {
                int index = random.Next(held.Count);
                (PooledBuffer buffer, byte mark) = held[index];
                if (buffer.Whole.IndexOfAnyExcept(mark) >= 0) Assert.Fail($"seed {Seed}, step {step}");
                buffer.Release();
                held.RemoveAt(index);
            }

            Assert.Equal(held.Count, _pool.Outstanding);
        }

        foreach ((PooledBuffer buffer, _) in held) buffer.Release();
        Assert.Equal(0, _pool.Outstanding);
    }

    [Fact]
    public void A_steady_demand_makes_no_memory()
    {
        Turn();
        long made = _pool.AllocatedBytes, before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) Turn();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(made, _pool.AllocatedBytes);

        void Turn()
        {
            PooledBuffer small = _pool.Rent(200), large = _pool.Rent(60_000), middle = _pool.Copy("text"u8);
            large.Release();
            middle.Release();
            small.Release();
        }
    }

    [Fact]
    public async Task Threads_rent_and_release_each_others_buffers()
    {
        var handed = System.Threading.Channels.Channel.CreateBounded<PooledBuffer>(100);
        Task producer = Task.Run(async () =>
        {
            for (int i = 0; i < 20_000; i++) await handed.Writer.WriteAsync(_pool.Copy(BitConverter.GetBytes(i)).Retain());
            handed.Writer.Complete();
        });
        int next = 0;
        await foreach (PooledBuffer buffer in handed.Reader.ReadAllAsync())
        {
            Assert.Equal(next++, BitConverter.ToInt32(buffer.Span));
            buffer.Release();
            buffer.Release();
        }

        await producer;
        Assert.Equal(0, _pool.Outstanding);
        Assert.True(_pool.AllocatedBytes <= 10 * 65_536, $"{_pool.AllocatedBytes} bytes");
    }
}
