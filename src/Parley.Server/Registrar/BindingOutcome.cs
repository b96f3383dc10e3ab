namespace Parley.Server.Registrar;

/// <summary>How a REGISTER's update of bindings ended; whatever is not <see cref="Accepted"/> has changed nothing.</summary>
internal enum BindingOutcome
{
    /// <summary>All of it is done and, where bindings are durable, survives the end of the process: 200 with all contacts.</summary>
    Accepted,

    /// <summary>A <c>*</c> beside other contacts, or without an Expires of 0: 400 (RFC 3261 10.3 step 6).</summary>
    InvalidWildcard,

    /// <summary>A contact asked for less than the minimum: 423 with Min-Expires (RFC 3261 10.3 step 7).</summary>
    IntervalTooBrief,

    /// <summary>The CSeq is not higher than that of a binding with the same Call-ID: 500 (RFC 3261 10.3 steps 6 and 7, as 12.2.2 answers it).</summary>
    OutOfOrder,

    /// <summary>The address of record would have more contacts than allowed: 403, because trying again would not help.</summary>
    TooManyContacts,

    /// <summary>A binding would take more bytes than allowed: 513.</summary>
    BindingTooLarge,

    /// <summary>The location service has as many addresses of record as it may: 503.</summary>
    LocationFull,

    /// <summary>It could not be saved: 500 (RFC 3261 10.3 step 7).</summary>
    StorageFailed,

    /// <summary>The server stops and saves nothing any more: 503.</summary>
    Closed,
}
