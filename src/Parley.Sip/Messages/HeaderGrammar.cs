namespace Parley.Sip.Messages;

/// <summary>Whether a header's value follows the grammar that <see cref="HeaderTable"/> gives it.</summary>
/// <remarks>Source: RFC 3261 25.1.</remarks>
public static class HeaderGrammar
{
    /// <summary>True when one value (not a list of them) is well-formed.</summary>
    /// <param name="id">The header.</param>
    /// <param name="value">A value without white space around it.</param>
    public static bool IsWellFormed(HeaderId id, ReadOnlySpan<byte> value) => HeaderTable.Get(id).Syntax switch
    {
        HeaderSyntax.Token => Grammar.IsToken(value),
        HeaderSyntax.TokenWithParameters => ParameterizedValueView.TryParse(value, 0, out ParameterizedValueView v) && Grammar.IsToken(v.Value),
        HeaderSyntax.NameAddress => IsAddress(value, mustBeBracketed: false),
        HeaderSyntax.BracketedAddress => IsAddress(value, mustBeBracketed: true),
        HeaderSyntax.Contact => ContactView.TryParse(new HeaderValue(value, 0, 0, isClosed: true), out ContactView contact)
            && (contact.IsStar || IsUri(contact.Address)),
        HeaderSyntax.Via => ViaView.TryParse(value, 0, out _),
        HeaderSyntax.CSeq => CSeqView.TryParse(value, out _),
        HeaderSyntax.RAck => RAckView.TryParse(value, out _),
        HeaderSyntax.CallId => IsCallId(value),
        HeaderSyntax.CallIdWithParameters => ParameterizedValueView.TryParse(value, 0, out ParameterizedValueView v) && IsCallId(v.Value),
        HeaderSyntax.Number => Grammar.TryParseSeconds(value, out _),
        HeaderSyntax.NumberWithParameters => IsNumberWithParameters(value),
        HeaderSyntax.MediaType => MediaTypeView.TryParse(value, 0, out _),
        HeaderSyntax.Credentials => CredentialsView.TryParse(value, out _),
        _ => true,
    };

    // callid  =  word [ "@" word ]
    internal static bool IsCallId(ReadOnlySpan<byte> value)
    {
        int at = value.IndexOfAnyExcept(Grammar.Word);
        if (at < 0) return value.Length > 0;
        return at > 0 && value[at] == '@' && at + 1 < value.Length && !value[(at + 1)..].ContainsAnyExcept(Grammar.Word);
    }

    private static bool IsAddress(ReadOnlySpan<byte> value, bool mustBeBracketed) =>
        NameAddressView.TryParse(value, 0, out NameAddressView address) && (address.IsBracketed || !mustBeBracketed) && IsUri(address);

    private static bool IsUri(in NameAddressView address) => address.TryGetUri(out _);

    // Retry-After  =  "Retry-After" HCOLON delta-seconds [ comment ] *( SEMI retry-param )
    private static bool IsNumberWithParameters(ReadOnlySpan<byte> value)
    {
        int digits = value.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) return value.Length > 0;
        int at = Grammar.SkipWhiteSpace(value, digits);
        if (digits > 0 && at < value.Length && value[at] == '(') at = CommentEnd(value, at);
        return digits > 0 && at >= 0 && new ParametersView(value[at..], 0).IsWellFormed();
    }

    // comment  =  LPAREN *(ctext / quoted-pair / comment) RPAREN
    private static int CommentEnd(ReadOnlySpan<byte> value, int at)
    {
        int depth = 0;
        for (; at < value.Length; at++)
        {
            switch (value[at])
            {
                case (byte)'\\':
                    at++;
                    break;
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when --depth == 0:
                    return at + 1;
            }
        }

        return -1;
    }
}
