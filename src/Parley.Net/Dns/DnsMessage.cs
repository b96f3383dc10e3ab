using System.Buffers.Binary;
using System.Text;
using Parley.Core;

namespace Parley.Net.Dns;

/// <summary>Questions and answers on the wire.</summary>
/// <remarks>Source: RFC 1035 4; RFC 6891 6 (the size of datagrams), RFC 2308 5 (how long an absence may be kept).</remarks>
internal static class DnsMessage
{
    /// <summary>The size of datagrams that we take: what passes every path unfragmented.</summary>
    public const int MaxDatagramBytes = 1232;

    /// <summary>Room for a question.</summary>
    public const int MaxQueryBytes = HeaderBytes + DnsName.MaxBytes + 4 + 11;

    private const int HeaderBytes = 12;
    private const int MaxRecords = 256;
    private const ushort Internet = 1;
    private const int RecursionDesired = 0x0100, IsResponse = 0x8000, Truncated = 0x0200, OperationMask = 0x7800, CodeMask = 0xF;
    private const int FormatError = 1, NameError = 3;

    /// <summary>Writes a question.</summary>
    /// <param name="id">What the answer has to repeat.</param>
    /// <param name="name">The name.</param>
    /// <param name="type">The type.</param>
    /// <param name="isExtended">Whether it says how large an answer may be.</param>
    /// <param name="destination">At least <see cref="MaxQueryBytes"/>.</param>
    /// <returns>Bytes written; 0 when the name cannot be asked for.</returns>
    public static int WriteQuery(ushort id, string name, DnsType type, bool isExtended, Span<byte> destination)
    {
        destination[..HeaderBytes].Clear();
        Put(destination, 0, id);
        Put(destination, 2, RecursionDesired);
        Put(destination, 4, 1);
        if (!DnsName.TryWrite(name, destination.Slice(HeaderBytes, DnsName.MaxBytes), out int length)) return 0;
        int at = HeaderBytes + length;
        Put(destination, at, (ushort)type);
        Put(destination, at + 2, Internet);
        at += 4;
        if (!isExtended) return at;
        Put(destination, 10, 1);
        destination.Slice(at, 11).Clear();
        Put(destination, at + 1, (ushort)DnsType.Opt);
        Put(destination, at + 3, MaxDatagramBytes);
        return at + 11;
    }

    /// <summary>Reads the answer to a question.</summary>
    /// <param name="message">What came.</param>
    /// <param name="id">The question's number.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="answer">The answer; with <see cref="DnsReading.Continues"/> nothing but how long the aliases may be kept.</param>
    /// <param name="alias">What the name stands for, when the answer ends there.</param>
    public static DnsReading Read(ReadOnlySpan<byte> message, ushort id, string name, DnsType type, out DnsAnswer answer, out string alias)
    {
        answer = DnsAnswer.Of(DnsStatus.Refused);
        alias = name;
        if (message.Length < HeaderBytes || Get(message, 0) != id) return DnsReading.NotOurs;
        int flags = Get(message, 2);
        if ((flags & IsResponse) == 0 || (flags & OperationMask) != 0) return DnsReading.NotOurs;
        int code = flags & CodeMask;
        if (Get(message, 4) == 0) return code == FormatError ? DnsReading.NotUnderstood : DnsReading.NotOurs;
        int at = HeaderBytes;
        if (Get(message, 4) != 1 || !DnsName.TryRead(message, ref at, out string asked) || at + 4 > message.Length) return DnsReading.NotOurs;
        if (asked != name || Get(message, at) != (ushort)type || Get(message, at + 2) != Internet) return DnsReading.NotOurs;
        at += 4;
        if ((flags & Truncated) != 0) return DnsReading.Truncated;
        if (code == FormatError) return DnsReading.NotUnderstood;
        if (code is not (0 or NameError)) return DnsReading.Whole;

        List<DnsRecord> records = [];
        if (!TryReadSection(message, ref at, Get(message, 6), records)) return DnsReading.Malformed;
        List<DnsRecord> authority = [];
        if (!TryReadSection(message, ref at, Get(message, 8), authority)) return DnsReading.Malformed;

        TimeSpan timeToLive = FollowAliases(records, ref alias);
        string last = alias;
        List<DnsRecord> found = [.. records.Where(record => record.Name == last && TypeOf(record) == type)];
        if (found.Count > 0)
        {
            foreach (DnsRecord record in found) timeToLive = Least(timeToLive, record.TimeToLive);
            answer = new DnsAnswer(DnsStatus.Found, found, timeToLive);
            return DnsReading.Whole;
        }

        if (code == 0 && alias != name && authority.Count == 0)
        {
            answer = DnsAnswer.Of(DnsStatus.NoData, timeToLive);
            return DnsReading.Continues;
        }

        // How long nothing may be believed: the zone's own word, or not at all.
        TimeSpan absence = authority.OfType<ZoneRecord>().FirstOrDefault()?.TimeToLive ?? TimeSpan.Zero;
        answer = DnsAnswer.Of(code == NameError ? DnsStatus.NoSuchName : DnsStatus.NoData, Least(timeToLive, absence));
        return DnsReading.Whole;
    }

    private static TimeSpan FollowAliases(List<DnsRecord> records, ref string name)
    {
        TimeSpan timeToLive = TimeSpan.MaxValue;
        for (int i = 0; i <= records.Count; i++)        // as many steps as there can be, so that a circle ends
        {
            string from = name;
            if (records.OfType<DnsAliasRecord>().FirstOrDefault(record => record.Name == from) is not { } alias) break;
            name = alias.Target;
            timeToLive = Least(timeToLive, alias.TimeToLive);
        }

        return timeToLive;
    }

    private static bool TryReadSection(ReadOnlySpan<byte> message, ref int at, int count, List<DnsRecord> records)
    {
        for (int i = 0; i < count; i++)
        {
            if (!DnsName.TryRead(message, ref at, out string name) || at + 10 > message.Length) return false;
            var type = (DnsType)Get(message, at);
            int recordClass = Get(message, at + 2);
            uint seconds = BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]);
            int length = Get(message, at + 8);
            at += 10;
            if (at + length > message.Length) return false;
            TimeSpan timeToLive = TimeSpan.FromSeconds(seconds > int.MaxValue ? 0 : seconds);      // RFC 2181 8
            if (recordClass == Internet && records.Count < MaxRecords && !TryReadRecord(message, at, length, name, type, timeToLive, records)) return false;
            at += length;
        }

        return true;
    }

    /// <returns>False when it is malformed; a type that nobody asks for is passed over.</returns>
    private static bool TryReadRecord(ReadOnlySpan<byte> message, int at, int length, string name, DnsType type, TimeSpan timeToLive, List<DnsRecord> records)
    {
        int end = at + length;
        DnsRecord? record = null;
        switch (type)
        {
            case DnsType.A when length == 4:
            case DnsType.Aaaa when length == 16:
                record = new DnsAddressRecord(name, timeToLive, NetworkAddress.FromBytes(message.Slice(at, length), 0));
                break;

            case DnsType.Cname when DnsName.TryRead(message, ref at, out string target) && at == end:
                record = new DnsAliasRecord(name, timeToLive, target);
                break;

            case DnsType.Srv when length > 6:
                int server = at + 6;
                if (!DnsName.TryRead(message, ref server, out string host) || server != end) return false;
                record = new DnsServiceRecord(name, timeToLive, Get(message, at), Get(message, at + 2), Get(message, at + 4), host);
                break;

            case DnsType.Naptr when length > 4:
                int next = at + 4;
                if (!TryReadText(message, ref next, end, out string flags) || !TryReadText(message, ref next, end, out string services) ||
                    !TryReadText(message, ref next, end, out string expression) || !DnsName.TryRead(message, ref next, out string replacement) || next != end)
                {
                    return false;
                }

                record = new DnsPointerRecord(name, timeToLive, Get(message, at), Get(message, at + 2), flags, services, expression, replacement);
                break;

            case DnsType.Soa when length >= 22:
                record = new ZoneRecord(name, Least(timeToLive, TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(message[(end - 4)..]))));
                break;

            case DnsType.A or DnsType.Aaaa or DnsType.Cname or DnsType.Srv or DnsType.Naptr:
                return false;
        }

        if (record is not null) records.Add(record);
        return true;
    }

    private static bool TryReadText(ReadOnlySpan<byte> message, ref int at, int end, out string text)
    {
        text = "";
        if (at >= end || at + 1 + message[at] > end) return false;
        text = Encoding.Latin1.GetString(message.Slice(at + 1, message[at]));
        at += 1 + message[at];
        return true;
    }

    private static DnsType TypeOf(DnsRecord record) => record switch
    {
        DnsAddressRecord address => address.Address.IsIPv4 ? DnsType.A : DnsType.Aaaa,
        DnsServiceRecord => DnsType.Srv,
        DnsPointerRecord => DnsType.Naptr,
        DnsAliasRecord => DnsType.Cname,
        _ => DnsType.Soa,
    };

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static ushort Get(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadUInt16BigEndian(message[at..]);

    private static void Put(Span<byte> message, int at, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(message[at..], value);

    /// <summary>SOA: all that counts of it is how long an absence may be kept.</summary>
    private sealed record ZoneRecord(string Name, TimeSpan TimeToLive) : DnsRecord(Name, TimeToLive);
}

/// <summary>What a datagram or message is, for who asked.</summary>
internal enum DnsReading
{
    /// <summary>Not an answer to this question: it is as if nothing had come.</summary>
    NotOurs,

    /// <summary>An answer that breaks its grammar.</summary>
    Malformed,

    /// <summary>There is more than a datagram can hold: ask over a stream.</summary>
    Truncated,

    /// <summary>The server does not understand the question: it may be older than extended ones.</summary>
    NotUnderstood,

    /// <summary>The name stands for another one, of which the answer says nothing.</summary>
    Continues,

    /// <summary>The answer.</summary>
    Whole,
}
