using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>One dialog of a call, with what holds in it alone: its offers and answers, and what the other side of it can do.</summary>
/// <remarks>
/// A call that came in has one. A call that went out has one for each phone that a proxy made it ring at, until one answers.
/// Source: RFC 3261 12 and 13.2.2.4.
/// </remarks>
internal sealed class CallDialog(Dialog dialog, OfferAnswer negotiation)
{
    private const int MaxInfoPackages = 32;

    private bool _hasLearned;
    private int _referrals;
    private string[] _infoPackages = [];

    /// <summary>The dialog.</summary>
    public Dialog Dialog { get; } = dialog;

    /// <summary>Its offers and answers.</summary>
    public OfferAnswer Negotiation { get; set; } = negotiation;

    /// <summary>What is under way in it.</summary>
    public PendingExchanges Pending { get; set; }

    /// <summary>The order of the reliable provisional responses to the INVITE that began it; a re-INVITE counts its own.</summary>
    public ProvisionalOrder Provisionals { get; } = new();

    /// <summary>True when the other side takes UPDATE (RFC 3311 4).</summary>
    public bool TakesUpdate { get; set; }

    /// <summary>True when the other side knows session timers (RFC 4028 7.1).</summary>
    public bool KnowsTimer { get; private set; }

    /// <summary>True when an offer has its answer, both in messages that cannot be lost.</summary>
    public bool IsAgreed => Negotiation.Audio is not null && !Negotiation.IsOfferPending;

    /// <summary>True for the first REFER of the other side; the others must be told apart by their numbers (RFC 3515 2.4.6).</summary>
    public bool TakeFirstRefer() => _referrals++ == 0;

    /// <summary>True when the other side takes an Info Package.</summary>
    public bool TakesInfo(string package) => Array.IndexOf(_infoPackages, package) >= 0;

    /// <summary>Takes in which Info Packages the other side takes, from a message that stands: what is refused leaves them as they were.</summary>
    /// <remarks>Source: RFC 6086 5.2.2, 5.2.4.</remarks>
    public void LearnInfoPackages(in SipMessageView message)
    {
        if (!message.Has(HeaderId.RecvInfo)) return;
        List<string> packages = [];
        foreach (HeaderValue value in message.Values(HeaderId.RecvInfo))
        {
            if (packages.Count < MaxInfoPackages && ParameterizedValueView.TryParse(value.Bytes, value.Offset, out ParameterizedValueView package)) packages.Add(WireText.From(package.Value));
        }

        _infoPackages = [.. packages];
    }

    /// <summary>Takes in what a message of the other side says about it.</summary>
    public void Learn(in SipMessageView message)
    {
        if (message.Has(HeaderId.Allow)) TakesUpdate = message.HasToken(HeaderId.Allow, "UPDATE"u8);
        if (message.Has(HeaderId.Supported)) KnowsTimer = message.HasToken(HeaderId.Supported, "timer"u8);
        // Who has not said that it takes a recording in is not told by the description (RFC 7866 6.1.2).
        if (message.Has(HeaderId.Supported) || !_hasLearned) Negotiation.TellsRecording = message.HasToken(HeaderId.Supported, "record-aware"u8);
        _hasLearned = true;
    }
}
