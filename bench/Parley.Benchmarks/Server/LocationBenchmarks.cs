using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Benchmarks.Server;

/// <summary>Refreshes of 20,000 phones in random order by the location service's writer, and look-ups beside them.</summary>
[MemoryDiagnoser]
public class LocationBenchmarks : IDisposable
{
    private const int Users = 20_000;
    private const int Operations = 4096;

    private readonly byte[][] _addressesOfRecord = [.. Enumerable.Range(0, Users).Select(i => Encoding.UTF8.GetBytes($"user{i}@example.com"))];
    private readonly byte[][] _callIds = [.. Enumerable.Range(0, Users).Select(i => Encoding.UTF8.GetBytes($"{i:x8}-4d3c2b1a0f9e8d7c@10.0.0.1"))];
    private readonly byte[][] _contacts = [.. Enumerable.Range(0, Users).Select(i => Encoding.UTF8.GetBytes($"sip:user{i}@10.11.12.13:5060;transport=udp"))];
    private readonly Update[] _updates = [.. Enumerable.Range(0, 512).Select(_ => new Update())];
    private readonly BindingBatch _batch = new();
    private readonly ArrayBufferWriter<byte> _found = new();
    private readonly Random _random = new(1);
    private string _folder = "";
    private LocationService _service = null!;
    private uint _cseq;

    /// <summary>How many updates share a commit.</summary>
    [Params(1, 64, 512)]
    public int Batch { get; set; }

    /// <summary>What they are committed to.</summary>
    [Params(BindingStorage.None, BindingStorage.Journal, BindingStorage.Sqlite)]
    public BindingStorage Storage { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("parley-bench-").FullName;
        _service = new LocationService(
            NewStore(), new LocationOptions(), new RegistrarOptions(), new ContactUriComparer(), TimeProvider.System, NullLogger.Instance);
        _service.Load();
        for (int user = 0; user < Users; user++)
        {
            Submit(_updates[user % _updates.Length], user);
            if (user % _updates.Length == _updates.Length - 1) _service.Apply(_batch);
        }

        _service.Apply(_batch);
        _service.Maintain();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _service.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void Refresh()
    {
        for (int done = 0; done < Operations; done += Batch)
        {
            for (int i = 0; i < Batch; i++) Submit(_updates[i], _random.Next(Users));
            _service.Apply(_batch);
        }

        _service.Maintain();
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public int Find()
    {
        int found = 0;
        for (int i = 0; i < Operations; i++) found += _service.Find(_addressesOfRecord[_random.Next(Users)], _found).Count;
        return found;
    }

    private void Submit(Update update, int user)
    {
        update.Begin(_addressesOfRecord[user], _callIds[user], ++_cseq, 3600);
        update.SetUserAgent("Linphone/5.2.4 (belle-sip/5.3.0)"u8);
        update.SetSource("udp/10.11.12.13:5060"u8);
        update.AddContact(_contacts[user], BindingSet.NoQ, null);
        _batch.Add(update);
    }

    private IBindingStore? NewStore() => Storage switch
    {
        BindingStorage.Journal => new JournalBindingStore(_folder),
        BindingStorage.Sqlite => new SqliteBindingStore(_folder),
        _ => null,
    };

    private sealed class Update : BindingUpdate
    {
        protected internal override void OnCompleted()
        {
            if (Outcome != BindingOutcome.Accepted) throw new InvalidOperationException($"Refused: {Outcome}");
        }
    }
}

/// <summary>Where a benchmark's bindings are kept besides in memory.</summary>
public enum BindingStorage
{
    None,
    Journal,
    Sqlite,
}
