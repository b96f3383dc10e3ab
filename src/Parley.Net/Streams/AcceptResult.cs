namespace Parley.Net.Streams;

/// <summary>How an attempt to accept went.</summary>
internal enum AcceptResult
{
    /// <summary>There was one.</summary>
    Accepted,

    /// <summary>There is none.</summary>
    NoneWaits,

    /// <summary>The process or the system has no room for one more.</summary>
    NoRoom,
}
