using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Asks the other side of a call now and then whether it still knows the call: who crashed has not hung up.</summary>
/// <remarks>An OPTIONS in the dialog changes nothing, and a 481 or no answer ends the dialog. Source: RFC 3261 11, 12.2.1.2.</remarks>
internal sealed class AliveCheck(UserAgentCore core, CallLeg leg, Dialog dialog) : LoopTimer
{
    /// <summary>Begins to ask.</summary>
    public void Start()
    {
        TimeSpan interval = core.Options.AliveInterval;
        if (interval > TimeSpan.Zero) core.Lane.Loop.Schedule(this, core.Lane.Now + interval);
    }

    /// <summary>Asks no more.</summary>
    public void Stop() => core.Lane.Loop.Schedule(this, Instant.Never);

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => new Question(core, this, dialog).Start();

    private void OnAnswer(int statusCode, string reasonPhrase)
    {
        if (leg.State != CallState.Established) return;
        if (Dialog.IsEndedBy(statusCode)) leg.OnLost(statusCode, reasonPhrase);
        else Start();
    }

    private sealed class Question(UserAgentCore core, AliveCheck check, Dialog dialog) : ClientRequest(core, usesKnownNonces: true)
    {
        public void Start() => SendTo(dialog.NextHop);

        protected override RequestTemplate? Compose(in SipFlow flow) => dialog.CreateTemplate(SipMethod.Options, Core.ProductHeader);

        protected override uint NextSequence() => dialog.TakeSequenceNumber();

        protected override void OnFinal(in SipMessageView response) => check.OnAnswer(response.StatusCode, WireText.From(response.ReasonPhrase));

        protected override void OnFailed(RequestFailure failure)
        {
            if (failure == RequestFailure.TimedOut) check.OnAnswer(408, "No answer");
            else check.Start();     // this side's trouble: the next question shows whether it passes
        }
    }
}
