using System.Net.Sockets;

namespace Parley.Net.Portable;

/// <summary>Something with a socket that a <see cref="PortableLoop"/> watches.</summary>
internal interface IPortableSource
{
    Socket Socket { get; }

    bool WantsToRead { get; }

    bool WantsToWrite { get; }

    void OnReadable();

    void OnWritable();
}
