using System.Text;
using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

public class TransactionKeyTests
{
    private static readonly SeededHash128 Hash = new(3, 4);

    [Fact]
    public void An_ack_has_the_key_of_its_invite_and_a_cancel_its_own()
    {
        TransactionKey invite = Server("z9hG4bK1", "host.example", 5060, "INVITE");
        Assert.Equal(invite, Server("z9hG4bK1", "host.example", 5060, "ACK"));
        Assert.NotEqual(invite, Server("z9hG4bK1", "host.example", 5060, "CANCEL"));
    }

    [Fact]
    public void Branch_and_host_are_compared_without_case_and_the_method_with_it()
    {
        TransactionKey key = Server("z9hG4bKabc", "host.example", 5060, "BYE");
        Assert.Equal(key, Server("Z9HG4BKABC", "HOST.Example", 5060, "BYE"));
        Assert.NotEqual(key, Server("z9hG4bKabc", "host.example", 5060, "Bye"));
    }

    [Theory]
    [InlineData("z9hG4bK2", "host.example", 5060, "BYE")]
    [InlineData("z9hG4bK1", "other.example", 5060, "BYE")]
    [InlineData("z9hG4bK1", "host.example", 0, "BYE")]
    [InlineData("z9hG4bK1", "host.example", 5061, "BYE")]
    [InlineData("z9hG4bK1", "host.example", 5060, "OPTIONS")]
    [InlineData("z9hG4bK1h", "ost.example", 5060, "BYE")]
    public void Each_part_counts(string branch, string host, int port, string method) =>
        Assert.NotEqual(Server("z9hG4bK1", "host.example", 5060, "BYE"), Server(branch, host, port, method));

    [Fact]
    public void Client_and_server_keys_never_meet() =>
        Assert.NotEqual(TransactionKey.ForClient(Hash, "z9hG4bK1"u8, "BYE"u8), Server("z9hG4bK1", "", 0, "BYE"));

    [Fact]
    public void A_response_finds_its_client_transaction_by_branch_and_method()
    {
        TransactionKey invite = TransactionKey.ForClient(Hash, "z9hG4bK1"u8, "INVITE"u8);
        Assert.Equal(invite, TransactionKey.ForClient(Hash, "z9hG4bK1"u8, "INVITE"u8));
        Assert.NotEqual(invite, TransactionKey.ForClient(Hash, "z9hG4bK1"u8, "CANCEL"u8));
    }

    [Fact]
    public void Without_the_cookie_an_ack_matches_by_the_fields_of_rfc_2543()
    {
        TransactionKey invite = Old("INVITE", "", 1);
        Assert.Equal(invite, Old("ACK", "the-callee's", 1));
        Assert.NotEqual(invite, Old("ACK", "the-callee's", 2));
        Assert.NotEqual(Old("BYE", "a", 1), Old("BYE", "b", 1));
        Assert.NotEqual(invite, Old("CANCEL", "", 1));
    }

    [Fact]
    public void Messages_find_their_transactions()
    {
        TransactionKey invite = OfRequest("INVITE", "z9hG4bK1");
        Assert.Equal(Server("z9hG4bK1", "host.example", 5060, "INVITE"), invite);
        Assert.Equal(invite, OfRequest("ACK", "z9hG4bK1"));
        Assert.NotEqual(invite, OfRequest("CANCEL", "z9hG4bK1"));
        Assert.Equal(invite, OfRequest("CANCEL", "z9hG4bK1", isCancelled: true));
        Assert.NotEqual(invite, OfRequest("INVITE", "z9hG4bK2"));

        TransactionKey old = OfRequest("INVITE", "1");
        Assert.Equal(old, OfRequest("ACK", "1"));
        Assert.Equal(old, OfRequest("CANCEL", "1", isCancelled: true));
        Assert.NotEqual(old, OfRequest("INVITE", "2"));
    }

    [Fact]
    public void Responses_find_their_transactions()
    {
        Assert.True(TryOfResponse("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n", out TransactionKey key));
        Assert.Equal(TransactionKey.ForClient(Hash, "z9hG4bK1"u8, "INVITE"u8), key);
        Assert.False(TryOfResponse("Via: SIP/2.0/UDP h\r\nCSeq: 1 INVITE\r\n", out _));
        Assert.False(TryOfResponse("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", out _));
        Assert.False(TryOfResponse("CSeq: 1 INVITE\r\n", out _));
    }

    [Theory]
    [InlineData("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", true)]
    [InlineData("Via: SIP/2.0/UDP h\r\n", false)]
    [InlineData("Via: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n", true)]
    [InlineData("Via: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:b@b>\r\nCall-ID: c\r\n", false)]
    [InlineData("Via: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:b@b>\r\nCSeq: 1 BYE\r\n", false)]
    [InlineData("Via: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n", false)]
    [InlineData("", false)]
    public void A_request_needs_what_its_key_is_made_of(string headers, bool expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes($"BYE sip:b@b SIP/2.0\r\n{headers}\r\n");
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out _));
        Assert.Equal(expected, TransactionKey.TryForRequest(Hash, new SipMessageView(bytes, index), out _));
    }

    [Fact]
    public void Long_parts_count_to_their_last_byte()
    {
        string branch = "z9hG4bK" + new string('x', 4000);
        Assert.Equal(Server(branch + "1", "h", 0, "BYE"), Server(branch + "1", "h", 0, "BYE"));
        Assert.NotEqual(Server(branch + "1", "h", 0, "BYE"), Server(branch + "2", "h", 0, "BYE"));
    }

    [Fact]
    public void Another_process_has_other_keys() =>
        Assert.NotEqual(
            TransactionKey.ForClient(new SeededHash128(1, 1), "z9hG4bK1"u8, "BYE"u8),
            TransactionKey.ForClient(new SeededHash128(1, 2), "z9hG4bK1"u8, "BYE"u8));

    private static TransactionKey Server(string branch, string host, int port, string method) =>
        TransactionKey.ForServer(Hash, Encoding.ASCII.GetBytes(branch), Encoding.ASCII.GetBytes(host), port, Encoding.ASCII.GetBytes(method));

    private static TransactionKey OfRequest(string method, string branch, bool isCancelled = false)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(
            $"{method} sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP host.example:5060;branch={branch}\r\nFrom: <sip:a@b>;tag=1\r\n"
            + $"To: <sip:b@b>{(method == "ACK" ? ";tag=2" : "")}\r\nCall-ID: call\r\nCSeq: 7 {method}\r\n\r\n");
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out _));
        var view = new SipMessageView(bytes, index);
        Assert.True(isCancelled ? TransactionKey.TryForCancelled(Hash, view, out TransactionKey key) : TransactionKey.TryForRequest(Hash, view, out key));
        return key;
    }

    private static bool TryOfResponse(string headers, out TransactionKey key)
    {
        byte[] bytes = Encoding.ASCII.GetBytes($"SIP/2.0 200 OK\r\n{headers}\r\n");
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out _));
        return TransactionKey.TryForResponse(Hash, new SipMessageView(bytes, index), out key);
    }

    private static TransactionKey Old(string method, string toTag, uint sequenceNumber) =>
        TransactionKey.ForRfc2543Server(
            Hash, Encoding.ASCII.GetBytes(method), "sip:bob@example.com"u8, Encoding.ASCII.GetBytes(toTag), "from"u8, "call"u8, sequenceNumber, "SIP/2.0/UDP host"u8);
}
