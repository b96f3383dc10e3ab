using Parley.Rtp;

namespace Parley.Media.Tests.Rtp;

public class RtpSourceTests
{
    [Theory]
    // numbers in the order they come, which of them are believed, expected and lost
    [InlineData("10 11 12 13", ".+++", 3, 0)]
    [InlineData("10 12 13 14", "..++", 2, 0)]
    [InlineData("10 11 13 14", ".+++", 4, 1)]
    [InlineData("10 11 13 12 14", ".++++", 4, 0)]                      // reordered
    [InlineData("10 11 12 12 12 13", ".+++++", 3, -2)]                 // duplicates outnumber losses
    [InlineData("65534 65535 0 1", ".+++", 3, 0)]                      // wraps
    [InlineData("65534 65535 1 0", ".+++", 3, 0)]
    [InlineData("0 1 3001 3002", ".+.+", 1, 0)]                        // a jump is believed with the packet after it, and counted anew
    [InlineData("0 1 3000 3001", ".+++", 3001, 2998)]                  // a gap of less than MAX_DROPOUT
    [InlineData("200 201 102", ".++", 1, -1)]                          // less than MAX_MISORDER behind
    [InlineData("200 201 101", ".+.", 1, 0)]
    [InlineData("0 1 40000 2 40001", ".+.++", 1, 0)]
    public void Packets_are_believed_as_in_RFC_3550_A_1(string numbers, string believed, int expected, int lost)
    {
        ushort[] sequence = [.. numbers.Split(' ').Select(ushort.Parse)];
        RtpSource source = new(1, sequence[0]);

        string result = string.Concat(sequence.Select(n => source.OnSequence(n) ? '+' : '.'));

        Assert.Equal(believed, result);
        Assert.Equal(((uint)expected, lost), (source.Expected, source.CumulativeLost));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65535)]
    public void A_trusted_source_counts_from_its_first_packet(int first)
    {
        RtpSource source = new(1, (ushort)first, trusted: true);

        Assert.True(source.IsValid);
        for (int i = 0; i < 3; i++) Assert.True(source.OnSequence((ushort)(first + i)));
        Assert.Equal((3u, 3u, 0), (source.Expected, source.Received, source.CumulativeLost));
    }

    [Fact]
    public void Random_orders_agree_with_the_code_in_the_RFC()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            ushort at = (ushort)random.Next(65536);
            RtpSource source = new(1, at);
            Reference reference = new(at);
            for (int i = 0; i < 200; i++)
            {
                Assert.True(reference.Update(at) == source.OnSequence(at), $"seed {seed}, packet {i}");
                Assert.True(reference.Probation > 0 || (reference.Received == source.Received && reference.Cycles + reference.Max == source.ExtendedHighestSequence), $"seed {seed}, packet {i}");
                at += random.Next(20) switch { 0 => (ushort)random.Next(65536), < 3 => (ushort)random.Next(10), 4 => (ushort)-random.Next(5), _ => 1 };
            }
        }
    }

    [Fact]
    public void The_fraction_lost_is_that_of_the_interval()
    {
        RtpSource source = new(1, 0, trusted: true);
        for (ushort i = 0; i < 100; i++) source.OnSequence(i);
        Assert.Equal(0, source.TakeFractionLost());
        for (ushort i = 100; i < 200; i++)
        {
            if (i % 4 != 0) source.OnSequence(i);
        }

        source.OnSequence(200);
        Assert.Equal((25 << 8) / 101, source.TakeFractionLost());
        Assert.Equal(0, source.TakeFractionLost());
        Assert.Equal(25, source.CumulativeLost);
    }

    [Fact]
    public void Jitter_is_that_of_RFC_3550_A_8()
    {
        RtpSource source = new(1, 0, trusted: true);
        Random random = new(7);
        double jitter = 0;
        int? before = null;
        uint timestamp = uint.MaxValue - 5000;      // wraps on the way
        for (int i = 0; i < 300; i++)
        {
            TimeSpan arrival = TimeSpan.FromMilliseconds((20 * i) + random.Next(30));
            uint units = (uint)(arrival.Ticks * 8000 / TimeSpan.TicksPerSecond);
            source.OnArrival(units, timestamp);
            int transit = (int)(units - timestamp);
            if (before is { } b) jitter += (Math.Abs((double)(transit - b)) - jitter) / 16;
            before = transit;
            Assert.Equal(jitter, source.Jitter, 6);
            timestamp += 160;
        }

        Assert.InRange(source.Jitter, 40, 160);
    }

    /// <summary>RFC 3550 A.1, line by line.</summary>
    private sealed class Reference(ushort first)
    {
        private const int Modulus = 1 << 16;
        private uint _bad = Modulus + 1;
        private ushort _max = (ushort)(first - 1);

        public int Probation { get; private set; } = 2;

        public uint Cycles { get; private set; }

        public uint Received { get; private set; }

        public ushort Max => _max;

        public bool Update(ushort seq)
        {
            ushort udelta = (ushort)(seq - _max);
            if (Probation > 0)
            {
                if (seq == (ushort)(_max + 1))
                {
                    Probation--;
                    _max = seq;
                    if (Probation == 0)
                    {
                        Init(seq);
                        Received++;
                        return true;
                    }
                }
                else
                {
                    Probation = 1;
                    _max = seq;
                }

                return false;
            }

            if (udelta < 3000)
            {
                if (seq < _max) Cycles += Modulus;
                _max = seq;
            }
            else if (udelta <= Modulus - 100)
            {
                if (seq == _bad)
                {
                    Init(seq);
                }
                else
                {
                    _bad = (uint)(seq + 1) & (Modulus - 1);
                    return false;
                }
            }

            Received++;
            return true;
        }

        private void Init(ushort seq) => (_max, _bad, Cycles, Received) = (seq, Modulus + 1, 0, 0);
    }
}
