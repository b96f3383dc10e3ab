using System.Text;
using Parley.Core;
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
        Assert.Equal(invite, TransactionKey.ForCancelledInvite(Hash, "z9hG4bK1"u8, "host.example"u8, 5060));
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

    [Theory]
    [InlineData("z9hG4bK", true)]
    [InlineData("Z9HG4bKx", true)]
    [InlineData("z9hG4b", false)]
    [InlineData("1", false)]
    [InlineData("", false)]
    public void The_magic_cookie_is_seen(string branch, bool expected) => Assert.Equal(expected, TransactionKey.HasMagicCookie(Encoding.ASCII.GetBytes(branch)));

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

    private static TransactionKey Old(string method, string toTag, uint sequenceNumber) =>
        TransactionKey.ForRfc2543Server(
            Hash, Encoding.ASCII.GetBytes(method), "sip:bob@example.com"u8, Encoding.ASCII.GetBytes(toTag), "from"u8, "call"u8, sequenceNumber, "SIP/2.0/UDP host"u8);
}
