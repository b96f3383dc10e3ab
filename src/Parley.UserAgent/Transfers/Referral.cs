using Parley.Sip.Events;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent.Transfers;

/// <summary>How far a call has come that somebody asked for by REFER, told to who asked.</summary>
/// <remarks>Only the status lines are told, for a response may have what is not theirs to know. Source: RFC 3515 2.4.5, 2.4.7 and 5.</remarks>
internal sealed class Referral : INotifierSource
{
    private static readonly byte[] FragmentType = "message/sipfrag;version=2.0"u8.ToArray();

    private int _statusCode = 100;
    private string _reasonPhrase = "Trying";
    private bool _isOver;

    /// <summary>Tells it; null when nobody wants to know.</summary>
    public Notifier? Notifier { get; set; }

    /// <summary>A response came.</summary>
    public void OnResponse(int statusCode, string reasonPhrase)
    {
        if (_isOver || (statusCode < 200 && statusCode == _statusCode)) return;
        (_statusCode, _reasonPhrase, _isOver) = (statusCode, reasonPhrase, statusCode >= 200);
        if (_isOver) Notifier?.Terminate(TerminationReason.Noresource);
        else Notifier?.OnChanged();
    }

    /// <inheritdoc/>
    public NotifyBody Write(Notifier notifier, in SubscriptionStatus status) => new(FragmentType, WireText.ToBytes($"SIP/2.0 {_statusCode} {_reasonPhrase}\r\n"));

    /// <inheritdoc/>
    public void OnEnded(Notifier notifier) => Notifier = null;
}
