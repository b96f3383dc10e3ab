using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>Where bindings survive a restart: a log of changes, whose beginning is forgotten now and then.</summary>
/// <remarks>
/// A change is the new record of an address of record (<see cref="BindingSet"/>), or its <see cref="RecordHeader"/> alone when nothing
/// is bound to it any more. So that the log does not grow for ever, the writer begins a generation, commits everything that is bound once more, and then lets the
/// store forget the earlier generations, of which nothing is needed any more. A crash in between loses nothing: until then they are there.
/// One thread at a time calls it, but for <see cref="Maintain"/>, which one other thread may call beside the others.
/// </remarks>
internal interface IBindingStore : IDisposable
{
    /// <summary>How many changes it holds, those included that later ones have replaced.</summary>
    long ChangeCount { get; }

    /// <summary>Reads every change that was committed, in the order of their commits. Once, before the first commit.</summary>
    /// <param name="receive">Gets each change.</param>
    /// <returns>In how many places it is damaged: changes that were there are left out.</returns>
    /// <exception cref="StorageException">It cannot be read.</exception>
    int Load(RecordReceiver receive);

    /// <summary>Makes changes last: when it returns they survive the death of the process.</summary>
    /// <exception cref="StorageException">None of them is kept.</exception>
    void Commit(RecordBatch changes);

    /// <summary>What is committed from now on belongs to a new generation.</summary>
    /// <exception cref="StorageException">It does not.</exception>
    void BeginGeneration();

    /// <summary>Everything that is bound has been committed since <see cref="BeginGeneration"/>: what is older may go.</summary>
    void ForgetEarlierGenerations();

    /// <summary>Does what takes time: forces what is committed onto the disk, and deletes what may go. Also the last thing before the store is closed.</summary>
    /// <exception cref="StorageException">It could not; nothing is lost, and the next call tries again.</exception>
    void Maintain();
}
