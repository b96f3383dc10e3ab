namespace Parley.Server.Registrar;

/// <summary>Where bindings survive a restart. Called by the location service's one writer.</summary>
internal interface IBindingStore : IDisposable
{
    /// <summary>Reads every record that was committed. Once, before the first commit.</summary>
    /// <param name="receive">Gets each record; the array is its own.</param>
    /// <exception cref="Storage.StorageException">It cannot be read.</exception>
    void Load(Action<byte[]> receive);

    /// <summary>Makes a batch of changes last, in their order, all or none: when it returns they survive the death of the process.</summary>
    /// <exception cref="Storage.StorageException">Nothing was changed.</exception>
    void Commit(ReadOnlySpan<BindingChange> batch);
}

/// <summary>One change of what is stored.</summary>
/// <param name="AddressOfRecord">Whose bindings.</param>
/// <param name="Record">The new record (<see cref="BindingSet"/>); null removes it.</param>
internal readonly record struct BindingChange(byte[] AddressOfRecord, byte[]? Record);
