using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Infos;

namespace Parley.Commands;

/// <summary>What commands do in a call that is answered.</summary>
internal static class CallSteps
{
    private static readonly TimeSpan NoticeableTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PlayoutTime = TimeSpan.FromMilliseconds(300);

    /// <summary>Waits until the call is over, but not longer than the limit.</summary>
    /// <returns>True when it is over.</returns>
    public static async Task<bool> EndsWithinAsync(Call call, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (limit == TimeSpan.Zero) return call.Ended.IsCompleted;
        try
        {
            await call.Ended.WaitAsync(limit, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Ends the call, also after Ctrl-C: the other side is told by CANCEL or BYE, and people when that takes long.</summary>
    public static async Task HangUpAsync(Call call, CommandOutput output)
    {
        Task<CallEnd> ending = call.HangUpAsync(CancellationToken.None);
        if (!await EndsWithinAsync(call, NoticeableTime, CancellationToken.None).ConfigureAwait(false))
        {
            output.Note("parley: waiting for the other side to confirm the end; Ctrl-C once more ends it at once");
        }

        await ending.ConfigureAwait(false);
    }

    /// <summary>Waits until what is played has ended and the other side has had the time to hear it, or the call is over.</summary>
    public static async Task SourceEndsAsync(Call call, CancellationToken cancellationToken)
    {
        await call.SourceEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        await EndsWithinAsync(call, PlayoutTime, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Presses keys and waits until they are sent, or the call is over.</summary>
    /// <exception cref="CommandException">The other side takes none.</exception>
    public static async Task PressAsync(Call call, string keys, KeyTransport by, CancellationToken cancellationToken)
    {
        try
        {
            await call.SendDtmfAsync(keys, by, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (call.State == CallState.Established)
        {
            throw CommandException.Failed($"--dtmf: {call.RemoteUri} takes no keys (RFC 4733 telephone-event); --dtmf-by tones sends them as sound");
        }
        catch (SipRequestException problem) when (call.State == CallState.Established)
        {
            throw CommandException.Failed($"--dtmf: {problem.Message}", problem.StatusCode);
        }
        catch (Exception problem) when (problem is InvalidOperationException or CallFailedException or SipRequestException)
        {
            // It is over; how it ended is told elsewhere.
        }
    }

    /// <summary>Puts the other side on hold for a time, or until the call is over.</summary>
    /// <exception cref="CommandException">The other side refuses.</exception>
    public static async Task HoldAsync(Call call, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await call.HoldAsync(cancellationToken).ConfigureAwait(false);
            if (!await EndsWithinAsync(call, time, cancellationToken).ConfigureAwait(false)) await call.ResumeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is InvalidOperationException or SipRequestException && call.State is CallState.Ending or CallState.Ended)
        {
            // It is over; how it ended is told elsewhere.
        }
        catch (SipRequestException problem)
        {
            throw CommandException.Failed($"--hold: {problem.Message}", problem.StatusCode);
        }
    }

    /// <summary>Has the other side call somebody else, and hangs up when it does.</summary>
    /// <exception cref="CommandException">It does not.</exception>
    public static async Task TransferAsync(Call call, SipUri target, CancellationToken cancellationToken)
    {
        try
        {
            await call.TransferAsync(target, progress: null, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (call.State is CallState.Ending or CallState.Ended)
        {
            // It is over; how it ended is told elsewhere.
        }
        catch (SipRequestException problem)
        {
            throw CommandException.Failed($"--transfer: {target} was not reached: {problem.StatusCode} {problem.ReasonPhrase}", problem.StatusCode);
        }
    }
}
