namespace Parley.Server.Registrar;

/// <summary>Updates in the order they came, to be applied together. One thread's; the links live in the updates, so it allocates nothing.</summary>
internal sealed class BindingBatch
{
    private BindingUpdate? _oldest;
    private BindingUpdate? _newest;

    /// <summary>How many updates it has.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an update, which is in no other batch and is left alone until <see cref="BindingUpdate.OnCompleted"/>.</summary>
    public void Add(BindingUpdate update)
    {
        update.Next = null;
        if (_newest is null) _oldest = update;
        else _newest.Next = update;
        _newest = update;
        Count++;
    }

    /// <summary>Empties it.</summary>
    /// <returns>The oldest update, linked to the younger ones; null when there is none.</returns>
    public BindingUpdate? Take()
    {
        BindingUpdate? oldest = _oldest;
        (_oldest, _newest, Count) = (null, null, 0);
        return oldest;
    }
}
