namespace Parley.Server.Registrar;

/// <summary>One contact of an address of record: a view into its <see cref="BindingSet"/>.</summary>
/// <remarks>Source: RFC 3261 10.3. All texts are UTF-8 as they came in the REGISTER; empty means absent.</remarks>
internal readonly ref struct Binding
{
    /// <summary>The contact address: a URI without the angle brackets.</summary>
    public ReadOnlySpan<byte> Contact { get; init; }

    /// <summary>The contact's other header parameters, <c>;name=value</c> each: without q, expires and +sip.instance.</summary>
    public ReadOnlySpan<byte> Parameters { get; init; }

    /// <summary>Call-ID of the REGISTER that set it last.</summary>
    public ReadOnlySpan<byte> CallId { get; init; }

    /// <summary>CSeq number of the REGISTER that set it last.</summary>
    public uint CSeq { get; init; }

    /// <summary>User-Agent of that REGISTER.</summary>
    public ReadOnlySpan<byte> UserAgent { get; init; }

    /// <summary>The flow that REGISTER came over (transport and addresses), in the words of who submitted it; empty when the contact is to be followed as it stands.</summary>
    public ReadOnlySpan<byte> Source { get; init; }

    /// <summary>Path of that REGISTER: the route to this contact (RFC 3327).</summary>
    public ReadOnlySpan<byte> Path { get; init; }

    /// <summary>The contact's +sip.instance, with its quotes and brackets (RFC 5626 4.1).</summary>
    public ReadOnlySpan<byte> Instance { get; init; }

    /// <summary>Since when the instance has been bound by one series of REGISTERs: its temporary GRUUs hold that were given since then (RFC 5627 5.1, 5.3).</summary>
    /// <value>Milliseconds since 1970; 0 without an instance, and in bindings that were stored before there were temporary GRUUs.</value>
    public long InstanceSince { get; init; }

    /// <summary>The flow of the instance that it was registered over; such a binding is known by both (RFC 5626 6).</summary>
    /// <value>1 or more; 0 for a binding that is known by its contact.</value>
    public uint RegId => BindingSet.RegIdOf(Parameters);

    /// <summary>The q that was given, in thousandths.</summary>
    /// <value>0 to 1000; <see cref="BindingSet.NoQ"/> when none was given.</value>
    public short Q { get; init; }

    /// <summary>How much this contact is preferred, in thousandths: q, or 1000 without one.</summary>
    public int Preference => Q < 0 ? 1000 : Q;

    /// <summary>When it ends, by the wall clock.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The remaining time, for the expires parameter of a response.</summary>
    /// <returns>Whole seconds, rounded up so that a contact which is listed never says 0; 0 when it has ended.</returns>
    public int ExpiresInSeconds(DateTimeOffset now)
    {
        long left = (ExpiresAt - now).Ticks;
        return left <= 0 ? 0 : (int)((left + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond);
    }
}
