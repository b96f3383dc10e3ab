using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace Parley.Core.Tests;

/// <summary>Addresses, with the platform's as the slow checker.</summary>
public sealed partial class NetworkAddressTests
{
    /// <summary>IPv6 addresses with runs of zeros, as real ones have, and IPv4 ones.</summary>
    private static Gen<byte[]> AddressBytes { get; } = Gen.OneOf(
        Gen.ArrayOf(Octet(), 4),
        Gen.ArrayOf(Octet(), 16),
        Gen.ArrayOf(Gen.Frequency((3, Gen.Constant((ushort)0)), (1, Gen.Choose(0, 0xFFFF).Select(group => (ushort)group))), 8)
            .Select(groups => groups.SelectMany(group => new[] { (byte)(group >> 8), (byte)group }).ToArray()));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("010.001.000.099", "10.1.0.99")]                // decimal, as the grammar of SIP has it; the platform says octal
    [InlineData("::", "[::]")]
    [InlineData("::1", "[::1]")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("2001:DB8::1", "[2001:db8::1]")]
    [InlineData("2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]")]    // RFC 5952 4.2.3: the first of equals
    [InlineData("2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]")]          // the longest
    [InlineData("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]")] // RFC 5952 4.2.2: not for one group
    [InlineData("1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]")]
    [InlineData("::2:3:4:5:6:7:8", "[0:2:3:4:5:6:7:8]")]
    [InlineData("64:ff9b::192.0.2.33", "[64:ff9b::c000:221]")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]               // mapped: one peer, one address
    [InlineData("fe80::1%7", "[fe80::1]")]                      // a zone is for this machine alone
    public void Hosts_are_read_and_written_in_their_one_form(string text, string written)
    {
        Assert.True(NetworkAddress.TryParseHost(text, 5060, out NetworkAddress address));
        Assert.True(NetworkAddress.TryParseHost(Encoding.ASCII.GetBytes(text), 5060, out NetworkAddress same));
        Assert.Equal(address, same);
        Assert.Equal(written, address.HostToString());
        Assert.Equal($"{written}:5060", address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("127.1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.")]
    [InlineData("1.2.3.4.5")]
    [InlineData(".1.2.3")]
    [InlineData("1..2.3")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.0004")]
    [InlineData("1.2.3.-4")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1.2.3.4 ")]
    [InlineData("[1.2.3.4]")]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[::1")]
    [InlineData("::1]")]
    [InlineData("[[::1]]")]
    [InlineData("[::1]:80")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7:")]
    [InlineData(":1:2:3:4:5:6:7")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("::1.2.3")]
    [InlineData("::1.2.3.4:5")]
    [InlineData("1:2:3:4:5:6:7:1.2.3.4")]
    [InlineData("::1/64")]
    [InlineData("fe80::1%")]
    [InlineData("fe80::1%eth0")]
    [InlineData("fe80::1%99999999999")]
    [InlineData("\u0661.2.3.4")]
    public void What_is_no_address_is_not_read_as_one(string text)
    {
        Assert.False(NetworkAddress.TryParseHost(text, 0, out NetworkAddress address));
        Assert.False(address.IsSpecified);
        Assert.False(NetworkAddress.TryParseHost(Encoding.UTF8.GetBytes(text), 0, out address));
        Assert.False(address.IsSpecified);
        Assert.Equal("unspecified", address.ToString());
    }

    [Theory]
    [InlineData("192.0.2.1:5060", true)]
    [InlineData("[2001:db8::1]:5060", true)]
    [InlineData("192.0.2.1:0", true)]
    [InlineData("192.0.2.1:65535", true)]
    [InlineData("192.0.2.1:65536", false)]
    [InlineData("192.0.2.1:+1", false)]
    [InlineData("192.0.2.1: 1", false)]
    [InlineData("192.0.2.1:", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData(":5060", false)]
    [InlineData("2001:db8::1:5060", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("", false)]
    public void An_address_with_a_port_needs_both(string text, bool isAddress)
    {
        Assert.Equal(isAddress, NetworkAddress.TryParse(text, out NetworkAddress address));
        Assert.Equal(isAddress ? text : "unspecified", address.ToString());
    }

    [Fact]
    public void Every_address_is_the_platforms_and_comes_back_from_its_text_and_its_bytes()
    {
        Prop.ForAll(AddressBytes.ToArbitrary(), Gen.Choose(0, 65_535).ToArbitrary(), (byte[] bytes, int port) =>
        {
            IPAddress expected = new IPAddress(bytes);
            if (expected.IsIPv4MappedToIPv6) expected = expected.MapToIPv4();
            NetworkAddress address = NetworkAddress.FromBytes(bytes, (ushort)port);
            Assert.Equal(new IPEndPoint(expected, port), address.ToIPEndPoint());
            Assert.Equal(expected, address.ToIPAddress());
            Assert.Equal(expected.AddressFamily, address.AddressFamily);
            Assert.Equal(address, NetworkAddress.From(address.ToIPEndPoint()));
            Assert.Equal((expected.AddressFamily == AddressFamily.InterNetwork, expected.AddressFamily == AddressFamily.InterNetworkV6), (address.IsIPv4, address.IsIPv6));
            Assert.Equal(IPAddress.IsLoopback(expected), address.IsLoopback);
            Assert.Equal(expected.Equals(IPAddress.Any) || expected.Equals(IPAddress.IPv6Any), address.IsAny);

            Assert.True(NetworkAddress.TryParseHost(address.HostToString(), (ushort)port, out NetworkAddress read));
            Assert.Equal(address, read);
            Assert.Equal(address.GetHashCode(), read.GetHashCode());
            Assert.True(NetworkAddress.TryParse(address.ToString(), out read));
            Assert.Equal(address, read);
            Assert.Equal(expected, IPAddress.Parse(address.HostToString()));
            Assert.True(NetworkAddress.TryParseHost(expected.ToString(), (ushort)port, out read));
            Assert.Equal(address, read);

            Span<byte> written = stackalloc byte[16];
            int length = address.WriteBytes(written);
            Assert.Equal(expected.GetAddressBytes(), written[..length].ToArray());
            Assert.Equal(address, NetworkAddress.FromBytes(written[..length], (ushort)port));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Text_that_looks_like_an_address_is_read_as_the_platform_reads_it_or_not_at_all()
    {
        Gen<string> texts = Gen.Elements("0", "1", "f", "2001", "db8", ":", "::", ".", "1.2.3.4", "255", "%", "[", "]", "G", "00001").ArrayOf().Select(string.Concat);
        int addresses = 0;
        Prop.ForAll(texts.Where(text => text.Length <= 64).ToArbitrary(), (string text) =>
        {
            bool isRead = NetworkAddress.TryParseHost(text, 0, out NetworkAddress address);
            // The platform takes no leading zeros in an IPv4 address, or takes them for octal.
            string plain = LeadingZeros().Replace(text.Trim('[', ']'), "");
            bool isPlatforms = IPAddress.TryParse(plain, out IPAddress? expected);
            if (isRead)
            {
                addresses++;
                if (!isPlatforms || address != NetworkAddress.From(expected!, 0)) Assert.Fail($"{text} is not {address}");
            }
            else if (isPlatforms && text.Contains(':') && !text.AsSpan().ContainsAny("[].%"))
            {
                Assert.Fail($"{text} is {expected}");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10_000).WithEndSize(12));
        Assert.True(addresses > 100, $"only {addresses} of the texts were addresses");
    }

    [Fact]
    public void A_destination_that_is_too_short_gets_nothing_beyond_its_end()
    {
        foreach (string text in (string[])["255.255.255.255", "1.2.3.4", "::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0", "1::2:0:0:3"])
        {
            Assert.True(NetworkAddress.TryParseHost(text, 0, out NetworkAddress address));
            string whole = address.HostToString();
            byte[] room = new byte[64];
            for (int length = 0; length < room.Length; length++)
            {
                Array.Fill(room, (byte)'#');
                int written = address.FormatHost(room.AsSpan(0, length));
                Assert.Equal(length >= whole.Length ? whole.Length : 0, written);
                Assert.True(room.AsSpan(length).IndexOfAnyExcept((byte)'#') < 0);
                if (written > 0) Assert.Equal(whole, Encoding.ASCII.GetString(room, 0, written));
            }
        }
    }

    [Fact]
    public void A_network_has_an_address_whose_first_bits_are_its_own()
    {
        Gen<(byte[] Address, byte[] Network, int Prefix)> cases =
            from address in AddressBytes
            from other in AddressBytes
            from prefix in Gen.Choose(0, 128)
            from isNear in Gen.Choose(0, 1)
            from flipped in Gen.Choose(0, address.Length * 8 - 1)
            let network = isNear == 1 ? Flip(address, flipped) : other
            select (address, network, Math.Min(prefix, network.Length * 8));
        Prop.ForAll(cases.ToArbitrary(), (ValueTuple<byte[], byte[], int> one) =>
        {
            (byte[] bytes, byte[] network, int prefix) = one;
            NetworkAddress address = NetworkAddress.FromBytes(bytes, 1), other = NetworkAddress.FromBytes(network, 2);
            if (address.IsIPv4 != (bytes.Length == 4) || other.IsIPv4 != (network.Length == 4)) return;     // mapped: another length
            bool expected = bytes.Length == network.Length && Enumerable.Range(0, prefix).All(bit => Bit(bytes, bit) == Bit(network, bit));
            Assert.Equal(expected, address.IsWithin(other, prefix));
        }).QuickCheckThrowOnFailure();
        Assert.False(default(NetworkAddress).IsWithin(default, 0));
    }

    [Fact]
    public void Port_zone_and_host_each_make_another_address()
    {
        byte[] bytes = IPAddress.Parse("fe80::1").GetAddressBytes();
        NetworkAddress address = NetworkAddress.FromBytes(bytes, 5060, 2);
        Assert.Equal(2u, address.ScopeId);
        Assert.Equal(address, NetworkAddress.From(address.ToIPEndPoint()));
        Assert.True(NetworkAddress.TryParseHost("fe80::1%2", 5060, out NetworkAddress read));
        Assert.Equal(address, read);
        Assert.NotEqual(address, NetworkAddress.FromBytes(bytes, 5060, 3));
        Assert.False(address.SameHost(NetworkAddress.FromBytes(bytes, 5060, 3)));
        Assert.NotEqual(address, address.WithPort(5061));
        Assert.True(address != address.WithPort(5061));
        Assert.True(address.SameHost(address.WithPort(5061)));
        Assert.True(address == address.WithPort(5061).WithPort(5060));
        Assert.False(address.Equals("an address"));
        Assert.NotEqual(NetworkAddress.FromIPv4(0, 0), NetworkAddress.FromBytes(new byte[16], 0));
        Assert.NotEqual(default, NetworkAddress.FromIPv4(0, 0));
    }

    [Fact]
    public void No_address_has_no_bytes_and_no_end_point()
    {
        NetworkAddress none = default;
        Assert.False(none.IsSpecified || none.IsAny || none.IsLoopback || none.IsIPv4 || none.IsIPv6);
        Assert.Equal(0, none.WriteBytes(new byte[16]));
        Assert.Equal(0, none.FormatHost(new byte[64]));
        Assert.Equal("", none.HostToString());
        Assert.Equal(AddressFamily.Unspecified, none.AddressFamily);
        Assert.Throws<InvalidOperationException>(() => default(NetworkAddress).ToIPAddress());
        Assert.Throws<ArgumentException>(() => NetworkAddress.FromBytes(new byte[5], 0));
    }

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        byte[] room = new byte[64];
        byte[][] texts = ["192.0.2.1"u8.ToArray(), "[2001:db8::1]"u8.ToArray(), "64:ff9b::192.0.2.33"u8.ToArray(), "example.org"u8.ToArray()];
        ReadAndWrite();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) ReadAndWrite();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void ReadAndWrite()
        {
            foreach (byte[] text in texts)
            {
                if (NetworkAddress.TryParseHost(text, 5060, out NetworkAddress address)) address.FormatHost(room);
            }
        }
    }

    [GeneratedRegex(@"(?<![0-9a-f])0+(?=[0-9]+\.)|(?<=\.)0+(?=[0-9])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex LeadingZeros();

    private static Gen<byte> Octet() => Gen.Choose(0, 255).Select(octet => (byte)octet);

    private static bool Bit(byte[] bytes, int bit) => (bytes[bit / 8] & (0x80 >> (bit % 8))) != 0;

    private static byte[] Flip(byte[] bytes, int bit)
    {
        byte[] flipped = [.. bytes];
        flipped[bit / 8] ^= (byte)(0x80 >> (bit % 8));
        return flipped;
    }
}
