using System.Buffers.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>Registers without an end and writes the number of each registration that was completed on standard output, until somebody kills it.</summary>
internal static class KilledRegistrar
{
    public const int Users = 700;
    private const int InFlight = 300;

    public static string UserOf(long number) => $"user{number % Users}@example.com";

    public static int Run(string folder, uint first)
    {
        using Stream output = Console.OpenStandardOutput();
        using var service = new LocationService(
            new SqliteBindingStore(folder), new LocationOptions { ReplacedChanges = 1000 }, new RegistrarOptions(), new SameBytes(), TimeProvider.System, new RecordingLogger());
        service.Load();
        service.Start();
        using var free = new SemaphoreSlim(InFlight);
        for (uint number = first; ; number++)
        {
            free.Wait();
            if (!service.TrySubmit(new Registration(number, output, free))) return 1;
        }
    }

    private sealed class Registration : BindingUpdate
    {
        private readonly uint _number;
        private readonly Stream _output;
        private readonly SemaphoreSlim _free;

        public Registration(uint number, Stream output, SemaphoreSlim free)
        {
            (_number, _output, _free) = (number, output, free);
            Begin(TestUpdate.Utf8(UserOf(number)), "call"u8, number, 3600);
            AddContact("sip:phone@192.0.2.1"u8, BindingSet.NoQ, null);
        }

        protected internal override void OnCompleted()
        {
            if (Outcome != BindingOutcome.Accepted) Environment.FailFast($"registration {_number}: {Outcome}");
            Span<byte> line = stackalloc byte[16];
            Utf8Formatter.TryFormat(_number, line, out int length);
            line[length] = (byte)'\n';
            _output.Write(line[..(length + 1)]);
            _free.Release();
        }
    }
}
