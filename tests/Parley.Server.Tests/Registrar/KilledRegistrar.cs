using System.Buffers.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>Registers without an end and writes the number of each registration that was completed on standard output, until somebody kills it.</summary>
internal static class KilledRegistrar
{
    public const int Users = 700;
    private const int Lanes = 2;
    private const int MostInABatch = 100;

    public static string UserOf(long number) => $"user{number % Users}@example.com";

    /// <summary>Two threads, as lanes do; each has users of its own, so that every next number of a user is a newer one.</summary>
    public static int Run(string folder, uint first)
    {
        using Stream output = Console.OpenStandardOutput();
        using var service = new LocationService(
            new JournalBindingStore(folder), new LocationOptions { ReplacedChanges = 1000 }, new RegistrarOptions(), new SameBytes(), TimeProvider.System, new RecordingLogger());
        service.Load();
        service.Start();
        Thread[] lanes = [.. Enumerable.Range(0, Lanes).Select(lane => new Thread(() => Register(service, output, first, lane)))];
        foreach (Thread lane in lanes) lane.Start();
        foreach (Thread lane in lanes) lane.Join();
        return 1;
    }

    private static void Register(LocationService service, Stream output, uint first, int lane)
    {
        var random = new Random(lane);
        var batch = new BindingBatch();
        for (uint number = first + (uint)lane; ;)
        {
            for (int left = random.Next(1, MostInABatch); left > 0; left--, number += Lanes) batch.Add(new Registration(number, output));
            service.Apply(batch);
        }
    }

    private sealed class Registration : BindingUpdate
    {
        private readonly uint _number;
        private readonly Stream _output;

        public Registration(uint number, Stream output)
        {
            (_number, _output) = (number, output);
            Begin(TestUpdate.Utf8(UserOf(number)), "call"u8, number, 3600);
            AddContact("sip:phone@192.0.2.1"u8, BindingSet.NoQ, null);
        }

        protected internal override void OnCompleted()
        {
            if (Outcome != BindingOutcome.Accepted) Environment.FailFast($"registration {_number}: {Outcome}");
            Span<byte> line = stackalloc byte[16];
            Utf8Formatter.TryFormat(_number, line, out int length);
            line[length] = (byte)'\n';
            lock (_output) _output.Write(line[..(length + 1)]);
        }
    }
}
