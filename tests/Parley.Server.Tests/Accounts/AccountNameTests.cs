using System.Text;
using Parley.Server.Accounts;

namespace Parley.Server.Tests.Accounts;

public sealed class AccountNameTests
{
    [Theory]
    [InlineData("alice@example.com", "alice", "example.com")]
    [InlineData("Alice@Example.COM", "Alice", "example.com")]
    [InlineData("sip:alice@example.com.", "alice", "example.com")]
    [InlineData("+49(30)123-45@example.com", "+49(30)123-45", "example.com")]
    [InlineData("-_.!~*'()&=+$,;?/@example.com", "-_.!~*'()&=+$,;?/", "example.com")]
    [InlineData("müller@example.com", "müller", "example.com")]
    [InlineData("a@192.0.2.1", "a", "192.0.2.1")]
    [InlineData("a@[2001:DB8::1]", "a", "[2001:db8::1]")]
    [InlineData("a@my_box", "a", "my_box")]
    public void A_name_is_read_and_its_domain_is_in_lower_case(string text, string user, string domain)
    {
        Assert.True(AccountName.TryParse(text, out AccountName name, out string reason), reason);
        Assert.Equal((user, domain, ""), (name.User, name.Domain, reason));
        Assert.Equal($"{user}@{domain}", name.ToString());
    }

    [Theory]
    [InlineData("alice", "\"alice\" is no account: write NAME@DOMAIN")]
    [InlineData("@example.com", "a name is missing before the @")]
    [InlineData("a b@example.com", "the name \"a b\" has a character")]
    [InlineData("a@b@example.com", "the name \"a@b\" has a character")]
    [InlineData("a:b@example.com", "the name \"a:b\" has a character")]
    [InlineData("a%61@example.com", "the name \"a%61\" has a character")]
    [InlineData("a\n@example.com", "the name \"a?\" has a character")]
    [InlineData("alice@", "\"\" is no domain")]
    [InlineData("alice@exa mple.com", "\"exa mple.com\" is no domain")]
    [InlineData("alice@-a.com", "\"-a.com\" is no domain")]
    [InlineData("alice@a..com", "\"a..com\" is no domain")]
    [InlineData("alice@2001:db8::1", "\"2001:db8::1\" is no domain")]
    [InlineData("alice@[192.0.2.1]", "\"[192.0.2.1]\" is no domain")]
    [InlineData("alice@example.com:5060", "\"example.com:5060\" is no domain")]
    public void What_is_no_name_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(AccountName.TryParse(text, out _, out string actual));
        Assert.StartsWith(reason, actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_name_has_128_bytes_at_most(int length, bool isAllowed) =>
        Assert.Equal(isAllowed, AccountName.TryCreate(new string('a', length), "example.com", out _, out _));

    [Theory]
    [InlineData("alice", "example.com", "alice@example.com")]
    [InlineData("Alice", "EXAMPLE.com.", "Alice@example.com")]
    [InlineData("%61lice", "example.com", "alice@example.com")]
    [InlineData("m%C3%bcller", "example.com", "müller@example.com")]
    [InlineData("a%40b", "example.com", "a@b@example.com")]
    [InlineData("", "example.com", null)]
    [InlineData("alice", "", null)]
    [InlineData("alice%", "example.com", null)]
    [InlineData("alice%4", "example.com", null)]
    [InlineData("alice%4g", "example.com", null)]
    public void An_address_of_record_has_one_canonical_form(string user, string host, string? canonical)
    {
        Span<byte> buffer = stackalloc byte[AddressOfRecord.MaxBytes];
        bool isFormed = AddressOfRecord.TryFormat(Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(host), buffer, out int length);
        Assert.Equal(canonical is not null, isFormed);
        if (!isFormed) return;
        Assert.Equal(canonical, Encoding.UTF8.GetString(buffer[..length]));
        int at = canonical!.LastIndexOf('@');
        Assert.Equal(canonical[..at], Encoding.UTF8.GetString(AddressOfRecord.UserOf(buffer[..length])));
        Assert.Equal(canonical[(at + 1)..], Encoding.UTF8.GetString(AddressOfRecord.DomainOf(buffer[..length])));
    }

    [Fact]
    public void Oversized_parts_have_no_canonical_form()
    {
        byte[] buffer = new byte[1000];
        byte[] longest = [.. Enumerable.Repeat((byte)'a', AddressOfRecord.MaxUserBytes)];
        byte[] longestHost = [.. Enumerable.Repeat((byte)'a', AddressOfRecord.MaxDomainBytes)];
        Assert.True(AddressOfRecord.TryFormat(longest, longestHost, buffer, out int length));
        Assert.Equal(AddressOfRecord.MaxBytes, length);
        Assert.False(AddressOfRecord.TryFormat([.. longest, (byte)'a'], longestHost, buffer, out _));
        Assert.False(AddressOfRecord.TryFormat(longest, [.. longestHost, (byte)'a'], buffer, out _));
        for (int room = 0; room < AddressOfRecord.MaxBytes; room++) Assert.False(AddressOfRecord.TryFormat(longest, longestHost, buffer.AsSpan(0, room), out _));
    }
}
