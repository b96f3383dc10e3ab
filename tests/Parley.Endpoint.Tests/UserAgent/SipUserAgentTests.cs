using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>The API for programs, over real sockets on the loopback interface.</summary>
public sealed class SipUserAgentTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly NetworkAddress Loopback = NetworkAddress.FromIPv4(0x7F000001, 0);

    internal static Task<SipUserAgent> StartAsync(Func<SipUserAgentOptions, SipUserAgentOptions>? change = null)
    {
        var options = new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(Loopback), Codecs = VirtualPhone.G711 };
        return SipUserAgent.StartAsync(change?.Invoke(options) ?? options);
    }

    internal static SipUri UriOf(SipUserAgent agent, SipTransport transport = SipTransport.Udp)
    {
        SipUri uri = SipUri.Parse($"sip:{agent.ListenPoints[0].Address}");
        return transport == SipTransport.Tcp ? uri.With("transport", "tcp") : uri;
    }

    internal static async Task<Call> NextCallAsync(SipUserAgent agent)
    {
        using var limit = new CancellationTokenSource(Limit);
        await foreach (Call call in agent.IncomingCalls.WithCancellation(limit.Token)) return call;
        throw new InvalidOperationException("The agent has ended.");
    }

    internal static async Task<List<CallEvent>> AllEventsAsync(Call call)
    {
        using var limit = new CancellationTokenSource(Limit);
        List<CallEvent> events = [];
        await foreach (CallEvent happened in call.Events.WithCancellation(limit.Token)) events.Add(happened);
        return events;
    }

    [Theory]
    [InlineData(SipTransport.Udp)]
    [InlineData(SipTransport.Tcp)]
    public async Task A_call_is_made_digits_go_both_ways_and_it_is_hung_up(SipTransport transport)
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Call outgoing = alice.StartCall(UriOf(bob, transport));
        Call incoming = await NextCallAsync(bob);
        Assert.Equal(outgoing.CallId, incoming.CallId);
        await incoming.RingAsync();
        await outgoing.Ringing.WaitAsync(Limit);
        Assert.Equal(CallState.Proceeding, outgoing.State);
        await incoming.AnswerAsync();
        await outgoing.Answered.WaitAsync(Limit);
        await Task.WhenAll(outgoing.SendDtmfAsync("1#"), incoming.SendDtmfAsync("A")).WaitAsync(Limit);
        CallEnd end = await outgoing.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(CallEndReason.HungUp, end.Reason);
        Assert.True(end.IsOrderly);
        Assert.Equal(CallEndReason.HungUpByPeer, (await incoming.Ended.WaitAsync(Limit)).Reason);
        Assert.Equal(CallState.Ended, incoming.State);

        List<CallEvent> atAlice = await AllEventsAsync(outgoing), atBob = await AllEventsAsync(incoming);
        Assert.Equal([new CallProgress(180, "Ringing", HasEarlyMedia: false), new CallAnswered("PCMU")], atAlice.Take(2));
        Assert.Equal("A", string.Concat(atAlice.OfType<DigitReceived>().Select(digit => digit.Digit)));
        Assert.Equal("1#", string.Concat(atBob.OfType<DigitReceived>().Select(digit => digit.Digit)));
        Assert.Equal(new CallEnded(end), atAlice[^1]);
        AudioStatistics statistics = (await outgoing.GetStatisticsAsync())!;
        Assert.NotEqual(0, statistics.Rtp.PacketsSent);
        Assert.NotEqual(0, statistics.Rtp.PacketsReceived);
    }

    [Fact]
    public async Task A_wav_that_is_played_is_recorded_to_the_bit()
    {
        short[] speech = SampleSource.Noise(7, 8000);
        (speech[0], speech[^1]) = (988, 988);       // a value of the code, so that the speech begins and ends where it does
        // A machine that is busy with other things leaves holes in real time, and the statistics tell; one that is not, none.
        for (int attempt = 1; ; attempt++)
        {
            (PcmAudio recorded, AudioStatistics statistics) = await PlayAndRecordAsync(speech);
            bool isWhole = statistics.Rtp.PacketsLost == 0 && statistics.Playout is { Late: 0, Lost: 0, Underruns: 0, Overflows: 0 }
                && statistics.Shortened + statistics.Lengthened == TimeSpan.Zero;
            if (!isWhole && attempt < 20) continue;
            Assert.True(isWhole, statistics.ToString());
            Assert.Equal(8000, recorded.SampleRate);
            Assert.Equal(speech, recorded.Samples.Span.Trim((short)0).ToArray());
            return;
        }
    }

    private static async Task<(PcmAudio Recorded, AudioStatistics Statistics)> PlayAndRecordAsync(short[] speech)
    {
        string path = Path.Combine(Path.GetTempPath(), $"parley-{Guid.NewGuid():n}.wav");
        try
        {
            await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
            Task<Call> calling = alice.CallAsync(UriOf(bob), new CallOptions
            {
                Audio = new CallAudio { Source = new PcmSource(new PcmAudio(speech, 8000, 1)), HangUpAfterSource = true },
            });
            Call incoming = await NextCallAsync(bob);
            await using (AudioRecorder recorder = AudioRecorder.Create(path))
            {
                await incoming.AnswerAsync(new CallAudio { Sink = recorder });
                Call outgoing = await calling.WaitAsync(Limit);
                await outgoing.SourceEnded.WaitAsync(Limit);
                Assert.Equal(CallEndReason.HungUp, (await outgoing.Ended.WaitAsync(Limit)).Reason);
                await incoming.Ended.WaitAsync(Limit);
            }

            Assert.True(AudioFile.TryRead(path, out PcmAudio? recorded, out AudioFileError error), error.Text);
            return (recorded!, (await incoming.GetStatisticsAsync())!);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_token_that_is_cancelled_cancels_the_call()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        using var giveUp = new CancellationTokenSource();
        Task<Call> calling = alice.CallAsync(UriOf(bob), cancellationToken: giveUp.Token);
        Call incoming = await NextCallAsync(bob);
        await incoming.RingAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        Assert.Equal(new CallEnd(CallEndReason.Cancelled, 487, "Request Terminated"), await incoming.Ended.WaitAsync(Limit));
        await Assert.ThrowsAsync<CallFailedException>(() => incoming.AnswerAsync());
    }

    [Theory]
    [InlineData(603, "Decline")]
    [InlineData(486, "Busy Here")]
    public async Task A_refusal_is_an_exception_with_its_status(int status, string reason)
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Task<Call> calling = alice.CallAsync(UriOf(bob));
        Call incoming = await NextCallAsync(bob);
        await incoming.RejectAsync(status);
        var refused = await Assert.ThrowsAsync<CallFailedException>(() => calling.WaitAsync(Limit));
        Assert.Equal(new CallEnd(CallEndReason.Refused, status, reason), refused.End);
        await Assert.ThrowsAsync<InvalidOperationException>(() => incoming.RejectAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => incoming.RingAsync());
    }

    [Theory]
    [InlineData(486, "Busy\r\nX-Added: 1")]
    [InlineData(486, "Busy\rHere")]
    [InlineData(486, "\n")]
    [InlineData(200, null)]
    [InlineData(700, "Busy")]
    public async Task A_refusal_that_cannot_be_written_is_refused_itself_and_the_call_waits_on(int status, string? reason)
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Task<Call> calling = alice.CallAsync(UriOf(bob));
        Call incoming = await NextCallAsync(bob);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => incoming.RejectAsync(status, reason));
        Assert.Equal(CallState.Incoming, incoming.State);
        await incoming.RejectAsync(486, "In a Meeting \u2013 Later");
        var refused = await Assert.ThrowsAsync<CallFailedException>(() => calling.WaitAsync(Limit));
        Assert.Equal(new CallEnd(CallEndReason.Refused, 486, "In a Meeting \u2013 Later"), refused.End);
        Assert.Equal(new CallEnd(CallEndReason.Rejected, 486, "In a Meeting \u2013 Later"), await incoming.Ended.WaitAsync(Limit));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => incoming.RejectAsync(status, reason));
    }

    [Fact]
    public async Task A_text_of_two_lines_gets_into_no_message()
    {
        const string TwoLines = "alice\r\nX-Added: 1";
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { DisplayName = TwoLines }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { Product = TwoLines }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { UserName = TwoLines, Password = "secret" }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { Identity = new SipUri(TwoLines, "example.com"), Password = "secret" }));
        Assert.Throws<ArgumentException>(() => SipUri.Parse("sip:bob@example.com").With("method", TwoLines));
        Assert.Throws<ArgumentException>(() => new SipUri("bob", TwoLines));

        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Assert.Throws<FormatException>(() => { _ = alice.CallAsync("sip:bob@example.com\r\nX-Added: 1"); });
        Assert.Throws<FormatException>(() => { _ = alice.OptionsAsync("sip:bob@example.com\r\nX-Added: 1"); });
        Assert.Throws<ArgumentException>(() => alice.StartCall(UriOf(bob), new CallOptions { Headers = new Dictionary<string, string> { ["Subject"] = TwoLines } }));
        Call call = alice.StartCall(UriOf(bob) with { User = TwoLines });
        Call incoming = await NextCallAsync(bob);
        Assert.StartsWith("sip:alice%0D%0AX-Added%3A%201@", incoming.RequestUri, StringComparison.Ordinal);
        await incoming.AnswerAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => call.SendDtmfAsync("1\r\n"));
        await call.HangUpAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_is_not_waited_for()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Task<Call> calling = alice.CallAsync(UriOf(bob), new CallOptions { RingTimeout = TimeSpan.FromSeconds(1) });
        var failed = await Assert.ThrowsAsync<CallFailedException>(() => calling.WaitAsync(Limit));
        Assert.Equal((CallEndReason.NoAnswer, 408), (failed.End.Reason, failed.StatusCode));
        Assert.Equal(CallEndReason.Cancelled, (await (await NextCallAsync(bob)).Ended.WaitAsync(Limit)).Reason);
    }

    [Fact]
    public async Task Calls_that_nobody_takes_are_bounded()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync(options => options with { MaxWaitingCalls = 1 });
        Call first = alice.StartCall(UriOf(bob));
        Call incoming = await NextCallAsync(bob);
        Call waiting = alice.StartCall(UriOf(bob));
        Call third = alice.StartCall(UriOf(bob));
        Assert.Equal(486, (await third.Ended.WaitAsync(Limit)).StatusCode);
        Assert.NotEqual(CallState.Ended, waiting.State);
        await incoming.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(603, (await first.Ended.WaitAsync(Limit)).StatusCode);
    }

    [Fact]
    public async Task Nobody_there_is_told()
    {
        await using SipUserAgent alice = await StartAsync();
        SipUri nobody;
        await using (SipUserAgent gone = await StartAsync()) nobody = UriOf(gone);
        var failed = await Assert.ThrowsAsync<CallFailedException>(() => alice.CallAsync(nobody).WaitAsync(Limit));
        Assert.Equal(CallEndReason.TransportFailed, failed.End.Reason);
        failed = await Assert.ThrowsAsync<CallFailedException>(() => alice.CallAsync(nobody.With("transport", "tcp")).WaitAsync(Limit));
        Assert.Equal(CallEndReason.TransportFailed, failed.End.Reason);
        failed = await Assert.ThrowsAsync<CallFailedException>(() => alice.CallAsync("sip:bob@nowhere.invalid").WaitAsync(Limit));
        Assert.Equal(CallEndReason.NotLocated, failed.End.Reason);
        var unanswered = await Assert.ThrowsAsync<SipRequestException>(() => alice.OptionsAsync(nobody).WaitAsync(Limit));
        Assert.Equal("OPTIONS failed: 503 The other side cannot be reached.", unanswered.Message);
    }

    [Fact]
    public async Task Options_tells_what_the_other_side_can_do()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync(options => options with { Product = "Bob's phone" });
        OptionsResult result = await alice.OptionsAsync(UriOf(bob)).WaitAsync(Limit);
        Assert.True(result.IsSuccess);
        Assert.Equal(["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "NOTIFY", "PRACK", "UPDATE", "INFO"], result.Allow);
        Assert.Equal("Bob's phone", result.Product);
        Assert.InRange(result.RoundTrip, TimeSpan.Zero, Limit);
    }

    [Fact]
    public async Task The_end_of_an_agent_ends_its_calls()
    {
        await using SipUserAgent bob = await StartAsync();
        SipUserAgent alice = await StartAsync();
        Task<Call> calling = alice.CallAsync(UriOf(bob));
        Call established = await NextCallAsync(bob);
        await established.AnswerAsync();
        await calling.WaitAsync(Limit);
        Call ringing = alice.StartCall(UriOf(bob));
        Call other = await NextCallAsync(bob);
        await other.RingAsync();
        await ringing.Ringing.WaitAsync(Limit);
        await alice.DisposeAsync();
        await alice.DisposeAsync();
        Assert.Equal(CallEndReason.HungUpByPeer, (await established.Ended.WaitAsync(Limit)).Reason);
        Assert.Equal(CallEndReason.Cancelled, (await other.Ended.WaitAsync(Limit)).Reason);
        Assert.Equal(CallEndReason.Cancelled, (await ringing.Ended.WaitAsync(Limit)).Reason);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => alice.OptionsAsync(UriOf(bob)));
        Assert.Throws<ObjectDisposedException>(() => alice.StartCall(UriOf(bob)));
        Assert.Equal(CallState.Ended, established.State);
    }

    [Fact]
    public async Task Nothing_of_others_runs_on_the_loop()
    {
        await using SipUserAgent alice = await StartAsync(), bob = await StartAsync();
        Task<Call> calling = alice.CallAsync(UriOf(bob));
        Call incoming = await NextCallAsync(bob);
        Assert.False(await EndsOnLoopAsync(incoming.AnswerAsync()));
        Assert.False(await EndsOnLoopAsync(calling));
        Assert.False(await EndsOnLoopAsync((await calling).HangUpAsync()));
        Assert.False(await EndsOnLoopAsync(incoming.Ended));
        Assert.False(await EndsOnLoopAsync(alice.OptionsAsync(UriOf(bob))));

        static async Task<bool> EndsOnLoopAsync(Task task)
        {
            await task.WaitAsync(Limit).ConfigureAwait(false);
            return Thread.CurrentThread.Name == "Parley user agent";
        }
    }

    [Fact]
    public async Task Two_agents_share_a_loop()
    {
        using NetworkLoop loop = NetworkLoop.Start();
        await using SipUserAgent alice = await StartAsync(options => options with { Loop = loop }), bob = await StartAsync(options => options with { Loop = loop });
        Task<Call> calling = alice.CallAsync(UriOf(bob));
        await (await NextCallAsync(bob)).AnswerAsync(CallAudio.Echo());
        await (await calling.WaitAsync(Limit)).HangUpAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task An_address_in_use_and_options_that_make_no_sense_are_refused_at_the_start()
    {
        await using SipUserAgent first = await StartAsync();
        var taken = await Assert.ThrowsAsync<SipListenException>(
            () => StartAsync(options => options with { Listen = SipUserAgentOptions.ListenOn(first.ListenPoints[0].Address) }));
        Assert.Contains("another program uses this port", taken.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { MaxCalls = 0 }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { Identity = SipUri.Parse("mailto:a@b") }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options => options with { Password = "x" }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first.RegisterAsync());
        Assert.Throws<FormatException>(() => { _ = first.CallAsync("bob"); });
        Assert.Throws<ArgumentException>(() => first.StartCall(SipUri.Parse("tel:+15550100")));
    }

    [Fact]
    public async Task An_agent_registers_hears_of_it_and_unregisters_at_its_end()
    {
        using NetworkLoop loop = NetworkLoop.Start();
        TinyRegistrar? registrar = null;
        using SipEndpoint endpoint = SipEndpoint.Start(
            new SipEndpointOptions { Listen = SipUserAgentOptions.ListenOn(Loopback) }, [loop], lane => registrar = new TinyRegistrar());
        SipUri identity = SipUri.Parse($"sip:alice@{endpoint.ListenPoints[0].Address}");
        SipUserAgent alice = await StartAsync(options => options with { Identity = identity, RegistrationExpiry = TimeSpan.FromSeconds(300) });
        Assert.Equal(TimeSpan.FromSeconds(300), await alice.RegisterAsync().WaitAsync(Limit));
        Assert.Equal(RegistrationState.Registered, alice.RegistrationState);
        await alice.UnregisterAsync().WaitAsync(Limit);
        Assert.Equal(RegistrationState.Unregistered, alice.RegistrationState);
        await alice.RegisterAsync().WaitAsync(Limit);
        await alice.DisposeAsync();
        Assert.Equal(["300", "0", "300", "0"], registrar!.Expires);
        List<RegistrationChange> changes = [];
        await foreach (RegistrationChange change in alice.RegistrationChanges) changes.Add(change);
        Assert.Equal(
            [RegistrationState.Registered, RegistrationState.Unregistered, RegistrationState.Registered, RegistrationState.Unregistered],
            changes.Select(change => change.State));

        registrar.Status = 403;
        await using SipUserAgent refused = await StartAsync(options => options with { Identity = identity });
        var problem = await Assert.ThrowsAsync<SipRequestException>(() => refused.RegisterAsync().WaitAsync(Limit));
        Assert.Equal((403, "Forbidden"), (problem.StatusCode, problem.ReasonPhrase));
    }

    /// <summary>Accepts every REGISTER, or refuses it.</summary>
    private sealed class TinyRegistrar : ITransactionUser
    {
        public List<string> Expires { get; } = [];

        public int Status { get; set; } = 200;

        public void OnRequest(in SipIncomingRequest request)
        {
            if (request.Message.TryGetContact(out ContactView contact) != HeaderStatus.Ok) return;
            Expires.Add(contact.ExpiresSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
            byte[] row = [.. "Contact: "u8, .. contact.Address.Bytes, .. "\r\n"u8];
            request.Reply(new SipReply(Status) { Headers = contact.ExpiresSeconds == 0 ? default : row });
        }

        public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
        {
        }

        public void OnTimeout(SipClientTransaction transaction)
        {
        }

        public void OnTransportFailed(SipClientTransaction transaction)
        {
        }

        public void OnServerFailed(SipServerTransaction transaction)
        {
        }

        public void OnStrayResponse(in SipMessageView response, in SipFlow flow)
        {
        }
    }
}
