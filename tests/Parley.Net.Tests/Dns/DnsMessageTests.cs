using System.Buffers.Binary;
using System.Text;
using Parley.Net.Dns;

namespace Parley.Net.Tests.Dns;

public sealed class DnsMessageTests
{
    [Fact]
    public void A_question_is_as_RFC_1035_and_6891_have_it()
    {
        Span<byte> buffer = stackalloc byte[DnsMessage.MaxQueryBytes];

        int length = DnsMessage.WriteQuery(0x1234, "example.com", DnsType.Naptr, isExtended: true, buffer);

        Assert.Equal("12340100000100000000000107657861" + "6D706C6503636F6D0000230001" + "00002904D0000000000000", Convert.ToHexString(buffer[..length]));
    }

    [Theory]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com")]
    [InlineData("bücher.example")]
    public void What_is_no_name_cannot_be_asked_for(string name) =>
        Assert.Equal(0, DnsMessage.WriteQuery(1, name, DnsType.A, isExtended: false, new byte[DnsMessage.MaxQueryBytes]));

    [Fact]
    public void A_name_of_255_bytes_can_be_asked_for_and_a_longer_one_cannot()
    {
        string longest = string.Join('.', new string('a', 63), new string('b', 63), new string('c', 63), new string('d', 61));
        Assert.NotEqual(0, DnsMessage.WriteQuery(1, longest, DnsType.A, isExtended: true, new byte[DnsMessage.MaxQueryBytes]));
        Assert.Equal(0, DnsMessage.WriteQuery(1, longest + "d", DnsType.A, isExtended: true, new byte[DnsMessage.MaxQueryBytes]));
    }

    [Fact]
    public void Service_records_are_read_with_names_that_refer_back()
    {
        var message = new MessageBuilder("_sip._udp.Example.com", DnsType.Srv)
            .Answer("_sip._udp.example.com", DnsType.Srv, 60, [0, 10, 0, 60, 0x13, 0xC4, 4, .. "SIP1"u8, 0xC0, 0x16])
            .Answer("_sip._udp.example.com", DnsType.Srv, 30, [0, 20, 0, 0, 0x13, 0xCE, 0]);

        DnsAnswer answer = Read(message, "_sip._udp.example.com", DnsType.Srv, DnsReading.Whole);

        Assert.Equal(DnsStatus.Found, answer.Status);
        Assert.Equal(["10 60 5060 sip1.example.com", "20 0 5070 ."], answer.Records.Select(record => record.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(30), answer.TimeToLive);
    }

    [Fact]
    public void Pointer_records_are_read()
    {
        var message = new MessageBuilder("example.com", DnsType.Naptr)
            .Answer("example.com", DnsType.Naptr, 60, [0, 100, 0, 50, 1, (byte)'s', 7, .. "SIP+D2U"u8, 0, .. MessageBuilder.Name("_sip._udp.example.com")]);

        DnsAnswer answer = Read(message, "example.com", DnsType.Naptr, DnsReading.Whole);

        var record = Assert.IsType<DnsPointerRecord>(Assert.Single(answer.Records));
        Assert.Equal((100, 50, "s", "SIP+D2U", "", "_sip._udp.example.com"), (record.Order, record.Preference, record.Flags, record.Services, record.Expression, record.Replacement));
    }

    [Fact]
    public void Aliases_are_followed_and_count_for_how_long_it_may_be_kept()
    {
        var message = new MessageBuilder("a.example", DnsType.A)
            .Answer("b.example", DnsType.A, 100, [192, 0, 2, 1])
            .Answer("a.example", DnsType.Cname, 20, MessageBuilder.Name("b.example"))
            .Answer("other.example", DnsType.A, 1, [192, 0, 2, 66]);

        DnsAnswer answer = Read(message, "a.example", DnsType.A, DnsReading.Whole);

        Assert.Equal(["192.0.2.1"], answer.Records.Select(record => record.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(20), answer.TimeToLive);
    }

    [Fact]
    public void An_alias_of_which_nothing_is_said_is_to_be_asked_for()
    {
        var message = new MessageBuilder("a.example", DnsType.A).Answer("a.example", DnsType.Cname, 20, MessageBuilder.Name("b.example"));

        Assert.Equal(DnsReading.Continues, DnsMessage.Read(message.Bytes, MessageBuilder.Id, "a.example", DnsType.A, out DnsAnswer _, out string alias));

        Assert.Equal("b.example", alias);
    }

    [Fact]
    public void Aliases_in_a_circle_end()
    {
        var message = new MessageBuilder("a.example", DnsType.A)
            .Answer("a.example", DnsType.Cname, 20, MessageBuilder.Name("b.example"))
            .Answer("b.example", DnsType.Cname, 20, MessageBuilder.Name("a.example"));

        DnsReading reading = DnsMessage.Read(message.Bytes, MessageBuilder.Id, "a.example", DnsType.A, out DnsAnswer answer, out _);

        Assert.True(reading is DnsReading.Whole or DnsReading.Continues);
        Assert.Empty(answer.Records);
    }

    [Theory]
    [InlineData(0, DnsStatus.NoData)]
    [InlineData(3, DnsStatus.NoSuchName)]
    public void An_absence_is_kept_as_long_as_the_zone_says(int code, DnsStatus status)
    {
        byte[] zone = [0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 45];
        var message = new MessageBuilder("a.example", DnsType.A, code).Authority("example", DnsType.Soa, 3600, zone);

        DnsAnswer answer = Read(message, "a.example", DnsType.A, DnsReading.Whole);

        Assert.Equal((status, TimeSpan.FromSeconds(45)), (answer.Status, answer.TimeToLive));
    }

    [Theory]
    [InlineData(2)]     // SERVFAIL
    [InlineData(5)]     // REFUSED
    public void A_server_that_cannot_answer_is_told_apart_from_an_absence(int code) =>
        Assert.Equal(DnsStatus.Refused, Read(new MessageBuilder("a.example", DnsType.A, code), "a.example", DnsType.A, DnsReading.Whole).Status);

    [Fact]
    public void Answers_to_another_question_or_number_do_not_count()
    {
        byte[] answer = new MessageBuilder("a.example", DnsType.A).Answer("a.example", DnsType.A, 1, [192, 0, 2, 1]).Bytes;

        Assert.Equal(DnsReading.NotOurs, DnsMessage.Read(answer, MessageBuilder.Id + 1, "a.example", DnsType.A, out _, out _));
        Assert.Equal(DnsReading.NotOurs, DnsMessage.Read(answer, MessageBuilder.Id, "b.example", DnsType.A, out _, out _));
        Assert.Equal(DnsReading.NotOurs, DnsMessage.Read(answer, MessageBuilder.Id, "a.example", DnsType.Aaaa, out _, out _));
        answer[2] &= 0x7F;
        Assert.Equal(DnsReading.NotOurs, DnsMessage.Read(answer, MessageBuilder.Id, "a.example", DnsType.A, out _, out _));
    }

    [Fact]
    public void Whatever_is_cut_or_changed_is_read_without_an_exception()
    {
        byte[] whole = new MessageBuilder("_sip._udp.example.com", DnsType.Srv)
            .Answer("_sip._udp.example.com", DnsType.Cname, 60, MessageBuilder.Name("x.example.com"))
            .Answer("x.example.com", DnsType.Srv, 60, [0, 10, 0, 60, 0x13, 0xC4, 4, .. "sip1"u8, 0xC0, 0x16])
            .Answer("x.example.com", DnsType.Naptr, 60, [0, 100, 0, 50, 1, (byte)'s', 7, .. "SIP+D2U"u8, 0, 0xC0, 0x0C]).Bytes;
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = whole[..random.Next(whole.Length + 1)];
            for (int k = random.Next(4); k > 0 && changed.Length > 12; k--) changed[random.Next(2, changed.Length)] = (byte)random.Next(256);
            DnsReading reading = DnsMessage.Read(changed, MessageBuilder.Id, "_sip._udp.example.com", DnsType.Srv, out DnsAnswer answer, out _);
            Assert.True(reading == DnsReading.Whole || answer.Records.Count == 0);
        }
    }

    [Theory]
    [InlineData("C00C")]            // to itself
    [InlineData("C0FF")]            // beyond the end
    [InlineData("0361C00C")]        // a label and then back before itself, for ever
    [InlineData("40")]              // a kind of label that does not exist
    [InlineData("056162")]          // cut
    [InlineData("03612E6200")]      // a dot within a label
    public void Malformed_names_are_refused(string name)
    {
        byte[] message = [.. new byte[12], .. Convert.FromHexString(name)];
        int offset = 12;
        Assert.False(DnsName.TryRead(message, ref offset, out _));
    }

    private static DnsAnswer Read(MessageBuilder message, string name, DnsType type, DnsReading expected)
    {
        Assert.Equal(expected, DnsMessage.Read(message.Bytes, MessageBuilder.Id, name, type, out DnsAnswer answer, out _));
        return answer;
    }
}

/// <summary>Writes answers, also wrong ones.</summary>
internal sealed class MessageBuilder
{
    public const ushort Id = 0x4321;

    private readonly List<byte> _bytes = [];

    public MessageBuilder(string name, DnsType type, int code = 0, ushort id = Id, bool isTruncated = false)
    {
        byte[] header = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(header, id);
        header[2] = (byte)(isTruncated ? 0x83 : 0x81);
        header[3] = (byte)(0x80 | code);
        header[5] = 1;
        _bytes.AddRange(header);
        _bytes.AddRange(Name(name));
        _bytes.AddRange([0, (byte)type, 0, 1]);
    }

    public byte[] Bytes => [.. _bytes];

    public static byte[] Name(string name) => [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    public MessageBuilder Answer(string name, DnsType type, int seconds, byte[] data) => Add(7, name, type, seconds, data);

    public MessageBuilder Authority(string name, DnsType type, int seconds, byte[] data) => Add(9, name, type, seconds, data);

    private MessageBuilder Add(int counter, string name, DnsType type, int seconds, byte[] data)
    {
        _bytes[counter]++;
        _bytes.AddRange(Name(name));
        _bytes.AddRange([0, (byte)type, 0, 1, (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds, (byte)(data.Length >> 8), (byte)data.Length]);
        _bytes.AddRange(data);
        return this;
    }
}
