namespace Parley.Server.Registrar;

/// <summary>Where bindings survive a restart: a log of changes, whose beginning is forgotten now and then. Called by the location service's one writer.</summary>
/// <remarks>
/// A change is the new record of an address of record (<see cref="BindingSet"/>), or its <see cref="Storage.RecordHeader"/> alone when nothing
/// is bound to it any more. So that the log does not grow for ever, the writer begins a generation, commits everything that is bound once more, and then lets the
/// store forget the earlier generations, of which nothing is needed any more. A crash in between loses nothing: until then they are there.
/// </remarks>
internal interface IBindingStore : IDisposable
{
    /// <summary>How many changes it holds, those included that later ones have replaced.</summary>
    long ChangeCount { get; }

    /// <summary>Reads every change that was committed, in the order of their commits. Once, before the first commit.</summary>
    /// <param name="receive">Gets each change; the array is its own.</param>
    /// <exception cref="Storage.StorageException">It cannot be read.</exception>
    void Load(Action<byte[]> receive);

    /// <summary>Makes changes last, all or none: when it returns they survive the death of the process.</summary>
    /// <exception cref="Storage.StorageException">Nothing was changed.</exception>
    void Commit(ReadOnlySpan<byte[]> changes);

    /// <summary>What is committed from now on belongs to a new generation.</summary>
    void BeginGeneration();

    /// <summary>Everything that is bound has been committed since <see cref="BeginGeneration"/>: what is older may go, with the next commits.</summary>
    void ForgetEarlierGenerations();
}
