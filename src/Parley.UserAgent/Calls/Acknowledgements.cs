using Parley.Core;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>The ACKs of one INVITE's 2xx, kept for 64*T1, in which a 2xx may come again.</summary>
/// <remarks>A proxy that forks may bring several. Source: RFC 3261 13.2.2.4.</remarks>
internal sealed class Acknowledgements(UserAgentCore core) : LoopTimer
{
    private const int MaxBranches = 16;

    private readonly List<Acknowledgement> _sent = [];

    /// <summary>True when there is room for one more dialog's.</summary>
    public bool HasRoom => _sent.Count < MaxBranches;

    /// <summary>Acknowledges the 2xx of a dialog.</summary>
    /// <param name="dialog">Its dialog.</param>
    /// <param name="invite">The INVITE.</param>
    /// <param name="answer">The answer to the offer in the 2xx; empty for none.</param>
    public void Send(Dialog dialog, RequestTemplate invite, byte[] answer)
    {
        if (_sent.Count == 0)
        {
            core.Lane.Loop.Schedule(this, core.Lane.Now + (64 * core.Lane.Endpoint.Options.Timers.T1));
            core.PendingAcknowledgements++;
        }

        _sent.Add(new Acknowledgement(core.Lane, dialog.RemoteTag.ToArray(), dialog.CreateAck(invite, answer), dialog.NextHop));
    }

    /// <summary>A 2xx came: acknowledges it once more, if it was before.</summary>
    /// <returns>False when it is the first of its dialog.</returns>
    public bool TryRepeat(in SipMessageView success)
    {
        if (success.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return true;
        foreach (Acknowledgement acknowledgement in _sent)
        {
            if (!to.Tag.SequenceEqual(acknowledgement.RemoteTag)) continue;
            acknowledgement.Send();
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        foreach (Acknowledgement acknowledgement in _sent) acknowledgement.Release();
        _sent.Clear();
        core.PendingAcknowledgements--;
    }
}
