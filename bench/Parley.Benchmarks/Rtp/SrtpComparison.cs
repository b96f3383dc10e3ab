using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Parley.Rtp.Srtp;

namespace Parley.Benchmarks.Rtp;

/// <summary>What a packet with 160 bytes of sound costs here and in libsrtp: each round does the same with both, in turn.</summary>
internal static partial class SrtpComparison
{
    private const int Rounds = 21;
    private const int Batches = 200;
    private const int Packets = 256;            // to a batch: they stay in the processor's cache, as the packets of a call that are in work
    private const int Length = 12 + 160;
    private const int Stride = 256;

    /// <summary>Measures and prints a table.</summary>
    /// <returns>The exit code.</returns>
    public static int Run()
    {
        if (!LibSrtp.IsThere)
        {
            Console.Error.WriteLine("libsrtp is not installed (Debian: libsrtp2-1).");
            return 1;
        }

        Console.WriteLine("| Suite | | libsrtp | Parley | Ratio (least to most) |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (SrtpSuite suite in (SrtpSuite[])[SrtpSuite.AesCm128Tag80, SrtpSuite.AeadAes128Gcm, SrtpSuite.AeadAes256Gcm])
        {
            byte[] secret = new byte[suite.MasterKeyLengthBytes + suite.MasterSaltLengthBytes];
            new Random(1).NextBytes(secret);
            SrtpMasterKey master = new(suite, secret.AsSpan(0, suite.MasterKeyLengthBytes), secret.AsSpan(suite.MasterKeyLengthBytes));
            using SrtpSender sender = new(master);
            using SrtpReceiver receiver = new(master);
            using LibSrtp theirSender = new(suite, secret, isSender: true), theirReceiver = new(suite, secret, isSender: false);
            Side ours = new(
                packet => sender.Protect(packet, Length, out int length) == SrtpError.None ? length : throw new InvalidOperationException("It was not protected."),
                packet => receiver.Unprotect(packet, out int length) == SrtpError.None ? length : throw new InvalidOperationException("It was not let in."));
            Side theirs = new(packet => theirSender.Protect(packet, Length), packet => theirReceiver.Unprotect(packet, packet.Length));

            List<(double Ours, double Theirs)> protect = [], unprotect = [];
            for (int round = -1; round < Rounds; round++)       // the first warms both up
            {
                (Cost first, Cost second) = round % 2 == 0 ? (ours.Run(), theirs.Run()) : Swap(theirs.Run(), ours.Run());
                if (round < 0) continue;
                protect.Add((first.Protect, second.Protect));
                unprotect.Add((first.Unprotect, second.Unprotect));
            }

            Print(suite, "protect", protect);
            Print(suite, "unprotect", unprotect);
        }

        return 0;
    }

    private static (Cost, Cost) Swap(Cost first, Cost second) => (second, first);

    private static void Print(SrtpSuite suite, string what, List<(double Ours, double Theirs)> rounds)
    {
        double[] ratios = [.. rounds.Select(round => round.Ours / round.Theirs).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {suite} | {what} | {Median(rounds.Select(r => r.Theirs)):0} ns | {Median(rounds.Select(r => r.Ours)):0} ns | {Median(ratios):0.00} ({ratios[0]:0.00} to {ratios[^1]:0.00}) |"));
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    /// <summary>The processor time of this thread.</summary>
    private static long Nanoseconds()
    {
        const int ThreadCpuTime = 3;
        _ = clock_gettime(ThreadCpuTime, out TimeSpec time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    private readonly record struct Cost(double Protect, double Unprotect);

    private delegate int Work(Span<byte> packet);

    /// <summary>One of both, with a stream that goes on from round to round.</summary>
    private sealed class Side(Work protect, Work unprotect)
    {
        private readonly byte[] _packets = new byte[Packets * Stride];
        private readonly int[] _lengths = new int[Packets];
        private ushort _number;

        /// <summary>Protects and unprotects some batches.</summary>
        /// <returns>Nanoseconds of the processor per packet.</returns>
        public Cost Run()
        {
            long protecting = 0, unprotecting = 0;
            for (int batch = 0; batch < Batches; batch++)
            {
                for (int i = 0; i < Packets; i++)
                {
                    Span<byte> header = _packets.AsSpan(i * Stride, 12);
                    header.Clear();
                    header[0] = 0x80;
                    BinaryPrimitives.WriteUInt16BigEndian(header[2..], _number++);
                }

                long start = Nanoseconds();
                for (int i = 0; i < Packets; i++) _lengths[i] = protect(_packets.AsSpan(i * Stride, Stride));
                long middle = Nanoseconds();
                for (int i = 0; i < Packets; i++) _ = unprotect(_packets.AsSpan(i * Stride, _lengths[i]));
                unprotecting += Nanoseconds() - middle;
                protecting += middle - start;
            }

            const double All = (double)Batches * Packets;
            return new Cost(protecting / All, unprotecting / All);
        }
    }
}
