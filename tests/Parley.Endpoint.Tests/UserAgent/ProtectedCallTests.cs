using System.Text;
using System.Text.RegularExpressions;
using Parley.Endpoint.Tracing;
using Parley.Net.Virtual;
using Parley.Sdp;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Calls between two user agents of ours whose sound is protected by SRTP, or is not, as both want it.</summary>
public sealed partial class ProtectedCallTests
{
    private const string Suite = "AEAD_AES_256_GCM";        // the first that is offered
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly MessageLog _messages = new();

    [Theory]
    [InlineData(SrtpUse.Require, SrtpUse.Require, "RTP/SAVP", Suite)]
    [InlineData(SrtpUse.Require, SrtpUse.Offer, "RTP/SAVP", Suite)]
    [InlineData(SrtpUse.Offer, SrtpUse.Offer, "RTP/AVP", Suite)]
    [InlineData(SrtpUse.Offer, SrtpUse.Require, "RTP/AVP", Suite)]
    [InlineData(SrtpUse.Offer, SrtpUse.Off, "RTP/AVP", null)]
    [InlineData(SrtpUse.Off, SrtpUse.Offer, "RTP/AVP", null)]
    public void Both_hear_each_other_to_the_bit_and_no_trace_has_a_key(SrtpUse caller, SrtpUse callee, string profile, string? suite)
    {
        VirtualPhone alice = Phone("alice", "192.0.2.1", caller), bob = Phone("bob", "192.0.2.2", callee);
        short[] fromAlice = SampleSource.Noise(1, 8000), fromBob = SampleSource.Noise(2, 12000);
        SampleSink atAlice = new(), atBob = new();
        bob.OnCall = incoming => incoming.Answer(new CallAudio { Source = new SampleSource(fromBob), Sink = atBob, HangUpAfterSource = true });
        CallLeg call = alice.Call(bob.Uri, new CallOptions { Audio = new CallAudio { Source = new SampleSource(fromAlice), Sink = atAlice } });
        Assert.True(_network.Run(() => call.State == CallState.Ended && bob.Incoming is [{ State: CallState.Ended }], Limit), _network.ToString());

        CallLeg other = bob.Incoming[0];
        Assert.Equal(fromAlice.AsSpan().Trim((short)0).ToArray(), atBob.Trimmed());
        Assert.Equal(fromBob.AsSpan().Trim((short)0).ToArray(), atAlice.Trimmed());
        Assert.Equal((suite, suite), (call.Statistics!.CryptoSuite, other.Statistics!.CryptoSuite));
        Assert.Equal((0L, 0L, 0L, 0L), (call.Statistics.NotAuthentic, call.Statistics.Replayed, other.Statistics.NotAuthentic, other.Statistics.Replayed));
        Assert.Equal(2, _messages.Messages.Count(message => message.IsSent && AudioLine().Match(Text(message)).Groups["profile"].Value == profile));
        Assert.Equal(suite is not null ? 2 : caller == SrtpUse.Off ? 0 : 1, _messages.Messages.Count(message => message.IsSent && Keys().IsMatch(Text(message))));
        AssertNoKeyIsShown();
        AssertNothingLeft(alice, bob);
    }

    [Theory]
    [InlineData(SrtpUse.Require, SrtpUse.Off)]
    [InlineData(SrtpUse.Off, SrtpUse.Require)]
    public void A_call_is_refused_when_one_wants_what_the_other_will_not_have(SrtpUse caller, SrtpUse callee)
    {
        VirtualPhone alice = Phone("alice", "192.0.2.1", caller), bob = Phone("bob", "192.0.2.2", callee);
        bob.OnCall = incoming => incoming.Answer(CallAudio.None);
        CallLeg call = alice.Call(bob.Uri);
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), _network.ToString());

        Assert.Equal(488, Assert.Single(alice.Ends).StatusCode);
        AssertNoKeyIsShown();
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void A_call_may_want_more_than_the_phone_that_makes_it()
    {
        VirtualPhone alice = Phone("alice", "192.0.2.1", SrtpUse.Off), bob = Phone("bob", "192.0.2.2", SrtpUse.Offer);
        bob.OnCall = incoming => incoming.Answer(CallAudio.None);
        CallLeg call = alice.Call(bob.Uri, new CallOptions { Srtp = SrtpUse.Require });
        Assert.True(_network.Run(() => call.State == CallState.Established, Limit), _network.ToString());

        call.HangUp();
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), _network.ToString());
        Assert.Equal(Suite, call.Statistics!.CryptoSuite);
        AssertNothingLeft(alice, bob);
    }

    private VirtualPhone Phone(string name, string host, SrtpUse use) =>
        new(_network.AddHost(name, host), $"{host}:5060", options => options with { Srtp = use }, _messages);

    private void AssertNoKeyIsShown()
    {
        string[] keys = [.. _messages.Messages.SelectMany(message => Keys().Matches(Text(message))).Select(key => key.Groups["key"].Value).Distinct()];
        foreach (TracedMessage message in _messages.Messages)
        {
            Assert.All(keys, key => Assert.DoesNotContain(key, message.RedactedText, StringComparison.Ordinal));
            Assert.Equal(Keys().Count(Text(message)), Keys().Count(message.RedactedText));      // the lines are there, and what they agree on can be read
        }
    }

    private void AssertNothingLeft(params VirtualPhone[] phones)
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        foreach (VirtualPhone phone in phones) phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private static string Text(TracedMessage message) => Encoding.UTF8.GetString(message.Bytes.Span);

    [GeneratedRegex("a=crypto:[0-9]+ [A-Z0-9_]+ inline:(?<key>[^|;\\s]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Keys();

    [GeneratedRegex("m=audio [0-9]+ (?<profile>RTP/S?AVP) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AudioLine();
}
