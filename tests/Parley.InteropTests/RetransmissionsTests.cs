using System.Net;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>The checker of captures is checked on captures made up here: what it lets pass must not hide a fault.</summary>
public sealed class RetransmissionsTests
{
    private static readonly IPEndPoint Alice = new(IPAddress.Parse("127.9.9.1"), 5060);
    private static readonly IPEndPoint Bob = new(IPAddress.Parse("127.9.9.2"), 5060);

    [Theory]
    [InlineData("0 > INVITE, 500 > INVITE, 1500 > INVITE, 1510 < 100 INVITE, 1600 < 200 INVITE, 1610 > ACK")]
    [InlineData("0 > INVITE, 10 < 200 INVITE, 510 < 200 INVITE, 520 > ACK")]
    [InlineData("0 > INVITE, 10 < 200 INVITE, 20 > ACK, 510 > BYE, 520 < 200 BYE")]
    [InlineData("0 > INVITE, 10 < 486 INVITE, 510 < 486 INVITE, 511 > ACK, 512 > ACK")]
    [InlineData("0 > BYE, 499 > BYE, 505 < 200 BYE, 507 < 200 BYE")]
    [InlineData("0 > BYE, 500 > BYE, 1500 > BYE, 3500 > BYE, 7500 > BYE, 11500 > BYE")]
    public void A_timer_s_repeats_belong(string ladder) => Assert.Empty(Retransmissions.OutOfPlace(Parse(ladder, isTcp: false)));

    [Theory]
    [InlineData("0 > INVITE, 5 > INVITE", "a request after 5 ms")]
    [InlineData("0 > INVITE, 500 > INVITE, 1000 > INVITE", "a request after 500 ms")]
    [InlineData("0 > INVITE, 10 < 100 INVITE, 500 > INVITE", "a request that was answered")]
    [InlineData("0 > BYE, 10 < 200 BYE, 500 > BYE", "a request that was answered")]
    [InlineData("0 > BYE, 10 < 200 BYE, 500 < 200 BYE", "an answer, with no repeated request")]
    [InlineData("0 > INVITE, 10 < 200 INVITE, 20 > ACK, 510 < 200 INVITE", "a final answer after its ACK")]
    [InlineData("0 > INVITE, 10 < 200 INVITE, 20 < 200 INVITE", "a final answer after 10 ms")]
    [InlineData("0 > INVITE, 10 < 200 INVITE, 20 > ACK, 30 > ACK", "an ACK, with no repeated answer")]
    public void A_repeat_without_a_reason_is_named(string ladder, string reason) =>
        Assert.EndsWith(reason, Assert.Single(Retransmissions.OutOfPlace(Parse(ladder, isTcp: false))), StringComparison.Ordinal);

    [Theory]
    [InlineData("0 > INVITE, 500 > INVITE", "a request over TCP")]
    [InlineData("0 > INVITE, 10 < 486 INVITE, 510 < 486 INVITE", "a final answer over TCP")]
    public void A_reliable_transport_repeats_only_answers_2xx(string ladder, string reason)
    {
        Assert.EndsWith(reason, Assert.Single(Retransmissions.OutOfPlace(Parse(ladder, isTcp: true))), StringComparison.Ordinal);
        Assert.Empty(Retransmissions.OutOfPlace(Parse("0 > INVITE, 10 < 200 INVITE, 510 < 200 INVITE, 511 > ACK", isTcp: true)));
    }

    [Fact]
    public void Another_branch_is_another_request()
    {
        List<CapturedSip> messages = Parse("0 > INVITE, 20 > INVITE", isTcp: false);
        messages[1] = messages[1] with { Branch = "z9hG4bK2" };
        Assert.Empty(Retransmissions.OutOfPlace(messages));
    }

    [Theory]
    [InlineData("200", true)]
    [InlineData("486", true)]
    [InlineData("200", false)]
    public void The_ACK_of_a_phone_that_rang_beside_is_not_its_own(string status, bool isBeside)
    {
        List<CapturedSip> messages = Parse($"0 > INVITE, 10 < {status} INVITE, 20 > ACK, 510 < {status} INVITE, 511 > ACK", isTcp: false);
        for (int i = 1; i < messages.Count; i++) messages[i] = messages[i] with { ToTag = "bob" };
        if (isBeside) messages[2] = messages[2] with { ToTag = "bob2", Branch = "z9hG4bK2" };

        Assert.Equal(!isBeside, Retransmissions.OutOfPlace(messages).Any());
    }

    // "0 > INVITE, 10 < 180 INVITE": milliseconds, direction from Alice's side, request or answer.
    private static List<CapturedSip> Parse(string ladder, bool isTcp) => [.. ladder.Split(", ").Select(step =>
    {
        string[] words = step.Split(' ');
        bool isResponse = words.Length == 4;
        (IPEndPoint from, IPEndPoint to) = words[1] == ">" ? (Alice, Bob) : (Bob, Alice);
        return new CapturedSip(TimeSpan.FromMilliseconds(int.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture)), isTcp, from, to,
            words[2], isResponse ? int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture) : null, "call", "1", words[^1], "z9hG4bK1");
    })];
}
