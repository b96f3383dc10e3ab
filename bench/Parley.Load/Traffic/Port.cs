using System.Text;
using Parley.Core;
using Parley.Load.Network;

namespace Parley.Load.Traffic;

/// <summary>An address of the load tool: that of a caller, and of the users whose contact it is.</summary>
internal sealed class Port(NetworkAddress local, IOutbox outbox)
{
    private readonly byte[] _text = Encoding.ASCII.GetBytes(local.ToString());

    /// <summary>Address and port as they stand in Via and Contact.</summary>
    public ReadOnlySpan<byte> Text => _text;

    /// <summary>Takes what is to be sent from here.</summary>
    public IOutbox Outbox => outbox;
}
