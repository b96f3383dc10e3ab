using System.Text;
using System.Xml.Linq;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Tracing;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Tracing;

public sealed class LadderTests
{
    private static readonly NetworkAddress Alice = NetworkAddress.FromIPv4(0x7F000001, 5070);
    private static readonly NetworkAddress Server = NetworkAddress.FromIPv4(0x7F000001, 5060);

    private readonly MessageLog _log = new(capacity: 6);

    private void Write(int milliseconds, bool isSent, NetworkAddress local, NetworkAddress remote, string firstLine, string rows = "") =>
        _log.OnMessage(
            Instant.Zero + TimeSpan.FromMilliseconds(milliseconds), isSent, local, new SipFlow(SipTransport.Udp, remote),
            Encoding.UTF8.GetBytes($"{firstLine}\r\nCSeq: 1 INVITE\r\n{rows}\r\n"));

    private LadderDiagram Ladder() => LadderDiagram.Create(_log.Messages, [new LadderParticipant("alice", Alice), new LadderParticipant("parley", Server)]);

    [Fact]
    public void A_message_that_both_sides_write_down_is_one_arrow()
    {
        Write(0, true, Alice, Server, "INVITE sip:bob@b.example SIP/2.0");
        Write(1, false, Server, Alice, "INVITE sip:bob@b.example SIP/2.0");
        Write(2, true, Server, Alice, "SIP/2.0 407 Proxy Authentication Required");
        Write(3, false, Alice, Server, "SIP/2.0 407 Proxy Authentication Required");
        LadderDiagram ladder = Ladder();
        Assert.Equal(["INVITE sip:bob@b.example", "407 Proxy Authentication Required (INVITE)"], ladder.Steps.Select(step => step.Label));
        Assert.Equal([(0, 1), (1, 0)], ladder.Steps.Select(step => (step.From, step.To)));
        Assert.Equal([LadderStepKind.Request, LadderStepKind.Again], ladder.Steps.Select(step => step.Kind));
    }

    [Fact]
    public void What_only_the_receiver_wrote_down_is_drawn_with_the_other_side_by_its_address()
    {
        var stranger = NetworkAddress.FromIPv4(0xC0000201, 5060);
        Write(0, false, Server, stranger, "OPTIONS sip:b.example SIP/2.0");
        LadderDiagram ladder = Ladder();
        Assert.Equal("192.0.2.1:5060", ladder.Participants[2].Name);
        Assert.Equal((2, 1), (ladder.Steps[0].From, ladder.Steps[0].To));
    }

    [Fact]
    public void A_retransmission_is_told_apart()
    {
        Write(0, true, Alice, Server, "INVITE sip:bob@b.example SIP/2.0");
        Write(500, true, Alice, Server, "INVITE sip:bob@b.example SIP/2.0");
        Assert.Equal([false, true], Ladder().Steps.Select(step => step.IsRepeated));
    }

    [Fact]
    public void The_text_has_a_line_for_each_step_with_its_time_and_direction()
    {
        Write(0, true, Alice, Server, "INVITE sip:bob@b.example SIP/2.0");
        Write(12, false, Alice, Server, "SIP/2.0 200 OK");
        LadderDiagram ladder = Ladder();
        ladder.AddMedia(0, 1, Instant.Zero + TimeSpan.FromMilliseconds(20), "audio: 50 packets");
        var text = new StringWriter();
        LadderText.Write(ladder, text, 100);
        string[] lines = text.ToString().TrimEnd().Split(Environment.NewLine);
        Assert.Equal(5, lines.Length);
        Assert.Matches(@"^ +0\.0 ms +│─+ INVITE sip:bob@b\.example ─+▶│$", lines[2]);
        Assert.Matches(@"^ +12\.0 ms +│◀─+ 200 OK \(INVITE\) ─+│$", lines[3]);
        Assert.Matches(@"^ +20\.0 ms +│═+ audio: 50 packets ═+▶│$", lines[4]);
        Assert.All(lines, line => Assert.True(line.Length <= 100));
    }

    [Fact]
    public void The_picture_is_well_formed_whatever_the_messages_say()
    {
        Write(0, true, Alice, Server, "INVITE sip:<script>&\u0001@b.example SIP/2.0", "Subject: \"<&>\u0002\u0007\"\r\n");
        XDocument picture = XDocument.Parse(LadderSvg.Draw(Ladder(), "a <call>"));
        XNamespace svg = "http://www.w3.org/2000/svg";
        Assert.Equal("a <call>", picture.Root!.Element(svg + "title")!.Value);
        Assert.Contains(picture.Descendants(svg + "text"), text => text.Value.StartsWith("INVITE sip:<script>&@", StringComparison.Ordinal));
    }

    [Fact]
    public void A_full_log_counts_what_it_does_not_keep()
    {
        for (int i = 0; i < 9; i++) Write(i, true, Alice, Server, "OPTIONS sip:b.example SIP/2.0");
        Assert.Equal(6, _log.Messages.Count);
        Assert.Equal(3, _log.Dropped);
    }

    [Theory]
    [InlineData("Authorization: Digest username=\"alice\", response=\"0123abcd\", uri=\"sip:x\"", "Authorization: Digest username=\"alice\", response=\"***\", uri=\"sip:x\"")]
    [InlineData("Proxy-Authorization: Digest response = \"0123abcd\"", "Proxy-Authorization: Digest response = \"***\"")]
    [InlineData("Authentication-Info: rspauth=\"0123abcd\"", "Authentication-Info: rspauth=\"***\"")]
    [InlineData("Authorization: Bearer abc.def", "Authorization: Bearer ***")]
    [InlineData("Contact: <sip:alice:secret@a.example>", "Contact: <sip:alice:***@a.example>")]
    [InlineData("Contact: <sip:alice@a.example:5060>", "Contact: <sip:alice@a.example:5060>")]
    [InlineData("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abcd+/=|2^20", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20")]
    [InlineData("a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=ice-pwd:***")]
    public void Secrets_are_left_out(string row, string shown)
    {
        string redacted = SecretRedaction.Redact(Encoding.UTF8.GetBytes($"INVITE sip:b@c SIP/2.0\r\n{row}\r\n\r\n"));
        Assert.Equal($"INVITE sip:b@c SIP/2.0\r\n{shown}\r\n\r\n", redacted);
    }
}
