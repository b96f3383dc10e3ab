using System.Net.Sockets;

namespace Parley.Endpoint.Sip;

/// <summary>An address could not be listened on.</summary>
public sealed class SipListenException : Exception
{
    internal SipListenException(SipListen listen, SocketException problem)
        : base($"Cannot listen on {listen.Transport.ToString().ToLowerInvariant()}://{listen.Address}: {Describe(problem)}", problem)
    {
        Listen = listen;
        SocketError = problem.SocketErrorCode;
    }

    /// <summary>The address.</summary>
    public SipListen Listen { get; }

    /// <summary>Why not.</summary>
    public SocketError SocketError { get; }

    private static string Describe(SocketException problem) => problem.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "another program uses this port",
        SocketError.AccessDenied => "no permission to use this port",
        SocketError.AddressNotAvailable => "this machine does not have this address",
        _ => problem.Message,
    };
}
