using Parley.UserAgent;
using static Parley.Endpoint.Tests.UserAgent.SipUserAgentTests;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Hold and transfer as programs meet them, over real sockets on the loopback interface.</summary>
public sealed class SipUserAgentTransferTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static Task<SipUserAgent> StartTransfereeAsync() => StartAsync(options => options with { TakesTransfers = true });

    private static async Task<TransferRequest> NextTransferAsync(SipUserAgent agent)
    {
        using var limit = new CancellationTokenSource(Limit);
        await foreach (TransferRequest request in agent.IncomingTransfers.WithCancellation(limit.Token)) return request;
        throw new InvalidOperationException("The agent has ended.");
    }

    /// <summary>A call that is answered.</summary>
    private static async Task<(Call Outgoing, Call Incoming)> ConnectAsync(SipUserAgent from, SipUserAgent to)
    {
        Call outgoing = from.StartCall(UriOf(to));
        Call incoming = await NextCallAsync(to);
        await incoming.AnswerAsync().WaitAsync(Limit);
        await outgoing.Answered.WaitAsync(Limit);
        return (outgoing, incoming);
    }

    [Fact]
    public async Task A_call_is_put_on_hold_and_resumed()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        (Call outgoing, Call incoming) = await ConnectAsync(alice, bob);
        await outgoing.ResumeAsync().WaitAsync(Limit);      // it is not on hold
        await outgoing.HoldAsync().WaitAsync(Limit);
        Assert.True(outgoing.IsHolding);
        Assert.False(outgoing.IsHeld);
        await outgoing.HoldAsync().WaitAsync(Limit);
        await outgoing.ResumeAsync().WaitAsync(Limit);
        Assert.False(outgoing.IsHolding);
        await incoming.HoldAsync().WaitAsync(Limit);
        await outgoing.HangUpAsync().WaitAsync(Limit);
        await incoming.Ended.WaitAsync(Limit);

        Assert.Equal([new CallHeld(true), new CallHeld(false)], (await AllEventsAsync(incoming)).OfType<CallHeld>());
        Assert.Equal([new CallHeld(true)], (await AllEventsAsync(outgoing)).OfType<CallHeld>());
        await Assert.ThrowsAsync<InvalidOperationException>(() => outgoing.HoldAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => outgoing.ResumeAsync());
    }

    [Fact]
    public async Task Both_sides_may_hold_at_once()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        (Call outgoing, Call incoming) = await ConnectAsync(alice, bob);
        await Task.WhenAll(outgoing.HoldAsync(), incoming.HoldAsync()).WaitAsync(Limit);
        Assert.True(outgoing.IsHolding && incoming.IsHolding);
        await outgoing.HangUpAsync().WaitAsync(Limit);
        Assert.Equal([new CallHeld(true)], (await AllEventsAsync(incoming)).OfType<CallHeld>());
        Assert.Equal([new CallHeld(true)], (await AllEventsAsync(outgoing)).OfType<CallHeld>());
    }

    [Fact]
    public async Task A_call_that_ends_fails_the_hold_that_waits()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Call outgoing = alice.StartCall(UriOf(bob));
        Call incoming = await NextCallAsync(bob);
        await Assert.ThrowsAsync<InvalidOperationException>(() => outgoing.HoldAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => outgoing.TransferAsync(UriOf(alice)));
        await incoming.AnswerAsync().WaitAsync(Limit);
        await outgoing.Answered.WaitAsync(Limit);
        Task holding = outgoing.HoldAsync();
        Task hangingUp = outgoing.HangUpAsync();
        var failed = await Record.ExceptionAsync(() => holding.WaitAsync(Limit));
        if (failed is not null) Assert.Equal(487, Assert.IsType<SipRequestException>(failed).StatusCode);     // the answer may be faster
        await hangingUp.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_blind_transfer_calls_the_target_and_ends_the_call()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartTransfereeAsync(), carol = await StartAsync();
        (Call outgoing, Call incoming) = await ConnectAsync(alice, bob);
        var rings = new TaskCompletionSource();
        Task transferring = outgoing.TransferAsync(UriOf(carol), new Progress<TransferProgress>(progress =>
        {
            if (progress.StatusCode == 180) rings.TrySetResult();
        }));
        TransferRequest request = await NextTransferAsync(bob);
        Assert.Equal((UriOf(carol), incoming, false), (request.Target, request.Call, request.Replaces));
        Assert.Contains("sip:", request.ReferredBy, StringComparison.Ordinal);
        Call onward = await request.AcceptAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => request.AcceptAsync());
        Call atCarol = await NextCallAsync(carol);
        await atCarol.RingAsync();
        await onward.Ringing.WaitAsync(Limit);
        await rings.Task.WaitAsync(Limit);      // a NOTIFY that has to wait for the one before tells the newest state alone
        Assert.False(transferring.IsCompleted);
        await atCarol.AnswerAsync().WaitAsync(Limit);
        await transferring.WaitAsync(Limit);

        Assert.Equal(CallEndReason.HungUp, (await outgoing.Ended.WaitAsync(Limit)).Reason);
        Assert.Equal(CallEndReason.HungUpByPeer, (await incoming.Ended.WaitAsync(Limit)).Reason);
        Assert.Equal(CallState.Established, onward.State);
        Assert.Equal(
            [new CallTransferring(new TransferProgress(100, "Trying")), new CallTransferring(new TransferProgress(180, "Ringing"))],
            (await AllEventsAsync(outgoing)).OfType<CallTransferring>());
        await onward.HangUpAsync().WaitAsync(Limit);
    }

    [Theory]
    [InlineData(true, 603)]
    [InlineData(false, 486)]
    public async Task A_transfer_that_fails_leaves_the_call_as_it_is(bool isDeclined, int status)
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartTransfereeAsync(), carol = await StartAsync();
        (Call outgoing, Call incoming) = await ConnectAsync(alice, bob);
        Task transferring = outgoing.TransferAsync(UriOf(carol));
        TransferRequest request = await NextTransferAsync(bob);
        if (isDeclined)
        {
            await request.RejectAsync();
            await Assert.ThrowsAsync<InvalidOperationException>(() => request.AcceptAsync());
        }
        else
        {
            await request.AcceptAsync();
            await (await NextCallAsync(carol)).RejectAsync(status);
        }

        Assert.Equal(status, (await Assert.ThrowsAsync<SipRequestException>(() => transferring.WaitAsync(Limit))).StatusCode);
        Assert.Equal((CallState.Established, CallState.Established), (outgoing.State, incoming.State));
        await outgoing.HangUpAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Who_takes_no_transfers_refuses_them()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        (Call outgoing, _) = await ConnectAsync(alice, bob);
        Assert.Throws<InvalidOperationException>(() => bob.IncomingTransfers);
        Assert.Equal(405, (await Assert.ThrowsAsync<SipRequestException>(() => outgoing.TransferAsync(UriOf(alice)).WaitAsync(Limit))).StatusCode);
        Assert.Equal(405, (await Assert.ThrowsAsync<SipRequestException>(() => alice.ReferAsync(UriOf(bob), UriOf(alice)).WaitAsync(Limit))).StatusCode);
        Assert.Equal(CallState.Established, outgoing.State);
        await outgoing.HangUpAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task A_token_ends_the_waiting_for_a_transfer_and_not_the_call()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartTransfereeAsync();
        (Call outgoing, _) = await ConnectAsync(alice, bob);
        using var giveUp = new CancellationTokenSource();
        Task transferring = outgoing.TransferAsync(UriOf(alice), cancellationToken: giveUp.Token);
        TransferRequest request = await NextTransferAsync(bob);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transferring);
        await request.RejectAsync();
        Assert.Equal(CallState.Established, outgoing.State);
        await outgoing.HangUpAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task An_attended_transfer_connects_the_other_sides_and_ends_both_calls()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartTransfereeAsync(), carol = await StartAsync();
        (Call toBob, Call atBob) = await ConnectAsync(alice, bob);
        (Call toCarol, Call atCarol) = await ConnectAsync(alice, carol);
        await toBob.HoldAsync().WaitAsync(Limit);
        Task transferring = toBob.TransferAsync(toCarol);
        TransferRequest request = await NextTransferAsync(bob);
        Assert.True(request.Replaces);
        Call onward = await request.AcceptAsync();
        Call replacing = await NextCallAsync(carol);
        Assert.Same(atCarol, replacing.Replaced);
        await replacing.AnswerAsync().WaitAsync(Limit);
        await transferring.WaitAsync(Limit);

        foreach (Call over in (Call[])[toBob, atBob, toCarol, atCarol]) Assert.True((await over.Ended.WaitAsync(Limit)).IsOrderly);
        Assert.Equal([new CallReplaced(replacing)], (await AllEventsAsync(atCarol)).OfType<CallReplaced>());
        Assert.Equal((CallState.Established, CallState.Established), (onward.State, replacing.State));
        await onward.HangUpAsync().WaitAsync(Limit);
        await replacing.Ended.WaitAsync(Limit);
    }

    [Fact]
    public async Task Somebody_is_asked_outside_of_all_calls_to_call_somebody_else()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartTransfereeAsync(), carol = await StartAsync();
        Task<TransferProgress> referring = alice.ReferAsync(UriOf(bob), UriOf(carol));
        TransferRequest request = await NextTransferAsync(bob);
        Assert.Null(request.Call);
        Call onward = await request.AcceptAsync();
        await (await NextCallAsync(carol)).AnswerAsync().WaitAsync(Limit);
        Assert.Equal(new TransferProgress(200, "OK"), await referring.WaitAsync(Limit));
        await onward.HangUpAsync().WaitAsync(Limit);

        referring = alice.ReferAsync(UriOf(bob), UriOf(carol));
        await (await NextTransferAsync(bob)).RejectAsync(480);
        Assert.Equal(480, (await Assert.ThrowsAsync<SipRequestException>(() => referring.WaitAsync(Limit))).StatusCode);
    }
}
