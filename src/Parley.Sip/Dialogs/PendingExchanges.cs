namespace Parley.Sip.Dialogs;

/// <summary>What is under way in a dialog that offers and answers depend on.</summary>
/// <remarks>
/// Who sends or gets a message sets and clears these; <see cref="PendingExchangesRules"/> says what they allow. The offer of an
/// INVITE is through when both descriptions are, in whichever messages they went: request and response, reliable
/// provisional response and PRACK, 2xx and ACK. Source: RFC 6337 2.2 (table 1) and 4.3.
/// </remarks>
[Flags]
public enum PendingExchanges
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>An INVITE of this side has no final response.</summary>
    InviteSent = 1,

    /// <summary>Its offer, or that which its responses are to bring, is not through; the PRACK with a description is not answered.</summary>
    OfferOfSentInvite = 2,

    /// <summary>An INVITE of the other side has no final response.</summary>
    InviteReceived = 4,

    /// <summary>Its offer, or that which this side's responses are to bring, is not through; the PRACK of a description has not come.</summary>
    OfferOfReceivedInvite = 8,

    /// <summary>The ACK of this side's 2xx has not come.</summary>
    AckAwaited = 16,

    /// <summary>An UPDATE of this side is not answered.</summary>
    UpdateSent = 32,
}

/// <summary>What may be sent, and what is to be refused, while something is under way.</summary>
/// <remarks>An UPDATE of the other side is answered at once, so none is ever under way. Source: RFC 6337 4.3, RFC 3261 14, RFC 3311 5.</remarks>
public static class PendingExchangesRules
{
    extension(PendingExchanges pending)
    {
        /// <summary>True when this side may send an INVITE.</summary>
        /// <remarks>Source: RFC 3261 14.1; RFC 6337 4.3, UAC-II and UAC-UI.</remarks>
        public bool AllowsInvite => pending == PendingExchanges.None;

        /// <summary>True when this side may send an UPDATE.</summary>
        /// <param name="hasOffer">Whether it has an offer.</param>
        /// <remarks>Source: RFC 3311 5.1; RFC 6337 4.3, UAC-UU and UAC-IU.</remarks>
        public bool AllowsUpdate(bool hasOffer) => (pending & (hasOffer ? WithoutOffer | Offers : WithoutOffer)) == 0;

        /// <summary>The status that refuses an INVITE in the dialog.</summary>
        /// <returns>0 when it need not be refused; 491; 500, which has a Retry-After.</returns>
        /// <remarks>Source: RFC 3261 14.2; RFC 6337 4.3, UAS-IcI, UAS-UcI and UAS-IsI.</remarks>
        public int RefusalOfInvite() =>
            (pending & (PendingExchanges.InviteSent | PendingExchanges.OfferOfSentInvite | PendingExchanges.UpdateSent)) != 0 ? 491
            : (pending & (PendingExchanges.InviteReceived | PendingExchanges.OfferOfReceivedInvite)) != 0 ? 500
            : 0;

        /// <summary>The status that refuses an UPDATE.</summary>
        /// <param name="hasOffer">Whether it has an offer.</param>
        /// <returns>0 when it need not be refused; 491; 500, which has a Retry-After.</returns>
        /// <remarks>Source: RFC 3311 5.2; RFC 6337 4.3, UAS-UcU, UAS-IcU and UAS-IsU.</remarks>
        public int RefusalOfUpdate(bool hasOffer) =>
            !hasOffer ? 0
            : (pending & (PendingExchanges.OfferOfSentInvite | PendingExchanges.UpdateSent)) != 0 ? 491
            : (pending & PendingExchanges.OfferOfReceivedInvite) != 0 ? 500
            : 0;
    }

    private const PendingExchanges WithoutOffer = PendingExchanges.UpdateSent;
    private const PendingExchanges Offers = PendingExchanges.OfferOfSentInvite | PendingExchanges.OfferOfReceivedInvite;
}
