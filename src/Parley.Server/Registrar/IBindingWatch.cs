namespace Parley.Server.Registrar;

/// <summary>Who wants to hear of bindings before they end.</summary>
internal interface IBindingWatch
{
    /// <summary>How long before.</summary>
    TimeSpan Lead { get; }

    /// <summary>At least one of an address of record's bindings ends within <see cref="Lead"/>, or has ended. Told each minute or more often, under the location service's lock: it may not wait.</summary>
    /// <param name="bindings">All of them; valid during the call.</param>
    /// <param name="now">The wall-clock time.</param>
    void OnExpiring(scoped in BindingSet bindings, DateTimeOffset now);
}
