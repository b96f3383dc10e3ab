namespace Parley.UserAgent.Infos;

/// <summary>What an INFO carries from one program to the other in the dialog of their call.</summary>
/// <param name="Package">The Info Package, a token such as <c>trickle-ice</c>; null for the older use, in which the body says by its type alone what it is.</param>
/// <param name="ContentType">Media type of the body; empty where there is none.</param>
/// <param name="Body">The body, of at most 16,384 bytes; empty for none.</param>
/// <remarks>Source: RFC 6086 4.2, RFC 2976.</remarks>
public sealed record InfoMessage(string? Package, string ContentType, ReadOnlyMemory<byte> Body)
{
    internal const int MaxBodyBytes = 16_384;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (Package is not null && !WireText.IsToken(Package)) throw new ArgumentException($"{nameof(Package)} must be a token, not {Package}.");
        if (Body.Length > MaxBodyBytes) throw new ArgumentException($"{nameof(Body)} must have at most {MaxBodyBytes} bytes.");
        if (Body.IsEmpty != (ContentType.Length == 0)) throw new ArgumentException($"{nameof(ContentType)} goes with a {nameof(Body)}, and a {nameof(Body)} with one.");
        if (ContentType.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException($"{nameof(ContentType)} must be one line.");
    }
}
