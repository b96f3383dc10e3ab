using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Capabilities;

/// <summary>How a caller wants servers to treat a request, as far as that differs from what they would do.</summary>
/// <remarks>Of two directives of one type the first counts. Source: RFC 3841 9.1.</remarks>
[Flags]
public enum RequestDispositions
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>Is told where to go, and not forwarded.</summary>
    Redirect = 1,

    /// <summary>Phones go on ringing after one of them has answered.</summary>
    NoCancel = 2,

    /// <summary>Goes to one address alone.</summary>
    NoFork = 4,

    /// <summary>The addresses of a redirection come back, and are not tried.</summary>
    NoRecurse = 8,

    /// <summary>All addresses are tried at once.</summary>
    Parallel = 16,

    /// <summary>One address is tried after the other.</summary>
    Sequential = 32,
}

/// <summary>Reads Request-Disposition.</summary>
public static class RequestDisposition
{
    /// <summary>What a request asks for; unknown directives, and those that ask for what is done anyway, are passed over.</summary>
    public static RequestDispositions Read(scoped in SipMessageView request)
    {
        var read = RequestDispositions.None;
        var decided = RequestDispositions.None;
        foreach (HeaderValue value in request.Values(HeaderId.RequestDisposition))
        {
            (RequestDispositions wish, RequestDispositions type) = Of(value.Bytes);
            if ((decided & type) == 0) read |= wish;
            decided |= type;
        }

        return read;
    }

    private static (RequestDispositions Wish, RequestDispositions Type) Of(ReadOnlySpan<byte> directive)
    {
        const RequestDispositions Order = RequestDispositions.Parallel | RequestDispositions.Sequential;
        if (Is(directive, "redirect"u8)) return (RequestDispositions.Redirect, RequestDispositions.Redirect);
        if (Is(directive, "proxy"u8)) return (RequestDispositions.None, RequestDispositions.Redirect);
        if (Is(directive, "no-cancel"u8)) return (RequestDispositions.NoCancel, RequestDispositions.NoCancel);
        if (Is(directive, "cancel"u8)) return (RequestDispositions.None, RequestDispositions.NoCancel);
        if (Is(directive, "no-fork"u8)) return (RequestDispositions.NoFork, RequestDispositions.NoFork);
        if (Is(directive, "fork"u8)) return (RequestDispositions.None, RequestDispositions.NoFork);
        if (Is(directive, "no-recurse"u8)) return (RequestDispositions.NoRecurse, RequestDispositions.NoRecurse);
        if (Is(directive, "recurse"u8)) return (RequestDispositions.None, RequestDispositions.NoRecurse);
        if (Is(directive, "parallel"u8)) return (RequestDispositions.Parallel, Order);
        return Is(directive, "sequential"u8) ? (RequestDispositions.Sequential, Order) : default;
    }

    private static bool Is(ReadOnlySpan<byte> directive, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(directive, name);
}
