using System.Buffers;
using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

/// <summary>A location service with a batch that fills until it is told to run, as a lane's does in a round.</summary>
internal sealed class TestLocation(IBindingStore? store, LocationOptions options, IContactComparer comparer, TimeProvider time, RecordingLogger log) : IDisposable
{
    public BindingBatch Batch { get; } = new();

    public LocationService Service { get; } = new(store, options, new RegistrarOptions(), comparer, time, log);

    public int Count => Service.Count;

    public void Submit(BindingUpdate update) => Batch.Add(update);

    /// <summary>Applies what was submitted, and does what the service's thread would.</summary>
    public void Run()
    {
        Service.Apply(Batch);
        Service.Maintain();
    }

    /// <summary>Finds bindings; the view has memory of its own.</summary>
    public BindingSet Find(string addressOfRecord) => Service.Find(TestUpdate.Utf8(addressOfRecord), new ArrayBufferWriter<byte>());

    public void Dispose() => Service.Dispose();
}
