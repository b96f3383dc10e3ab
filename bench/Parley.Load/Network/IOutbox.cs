namespace Parley.Load.Network;

/// <summary>Takes datagrams for the server.</summary>
internal interface IOutbox
{
    /// <summary>Takes a copy of a datagram, to be sent with the others of this round.</summary>
    void Add(ReadOnlySpan<byte> datagram);
}
