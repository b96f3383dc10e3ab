using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;

namespace Parley.InteropTests.Harness;

/// <summary>Everything that a test's addresses send each other, written down by dumpcap and read by tshark.</summary>
internal sealed class Capture
{
    // Packets stay in a buffer for a while. When this one is in the file, all before it are.
    private static readonly byte[] EndMark = "end of the captured traffic"u8.ToArray();
    private const int DiscardPort = 9;
    private const int RtpHeaderLengthBytes = 12;        // without extensions

    private static readonly string[] PacketFields =
    [
        "frame.number", "frame.time_epoch", "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message",
        "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "rtp.version", "rtp.p_type", "rtp.ssrc", "rtp.seq", "rtp.timestamp", "udp.payload", "rtp.marker",
    ];

    private readonly Bench _bench;
    private readonly ChildProcess _dumpcap;
    private readonly string _file;
    private readonly bool _isProtected;

    private Capture(Bench bench, ChildProcess dumpcap, string file, bool isProtected) => (_bench, _dumpcap, _file, _isProtected) = (bench, dumpcap, file, isProtected);

    /// <summary>Starts capturing and waits until it does.</summary>
    /// <param name="bench">Whose traffic.</param>
    /// <param name="isProtected">The sound is protected by SRTP: tshark has no keys to read its RTCP with.</param>
    public static async Task<Capture> StartAsync(Bench bench, bool isProtected = false)
    {
        string file = bench.PathOf("capture.pcapng");
        ChildProcess dumpcap = bench.Start("dumpcap", "dumpcap", ["-i", "lo", "-q", "-f", bench.Network.CaptureFilter, "-w", file]);
        await dumpcap.LineAsync("capturing to begin", line => line.StartsWith("File:", StringComparison.Ordinal));
        return new Capture(bench, dumpcap, file, isProtected);
    }

    /// <summary>Stops capturing, and reads what was captured.</summary>
    public async Task<CapturedTraffic> StopAsync()
    {
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            await socket.SendToAsync(EndMark, new IPEndPoint(_bench.Network.Nobody, DiscardPort));
        }

        await Limit.UntilAsync("the end of the capture to be written", () => EndsWithMark(_file));
        _dumpcap.Interrupt();
        await _dumpcap.ExitAsync();

        string packets = await TsharkAsync([.. PacketFields.SelectMany(field => new[] { "-e", field }), "-T", "fields"]);
        string sip = await TsharkAsync(["-Y", "sip", "-T", "pdml"]);
        string[][] rows = [.. packets.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
        return new CapturedTraffic(
            [.. rows.Where(row => !_isProtected || !IsProtectedRtcp(row)).Select(FaultOf).OfType<string>()],
            SipOf(XDocument.Parse(sip)),
            [.. rows.Where(IsRtp).Select(RtpOf)],
            [.. rows.Where(row => Protocols(row) is var protocols && protocols.Contains("rtcp") && !protocols.Contains("icmp")).Select(RtcpOf)]);
    }

    /// <summary>What tshark reads in the packets that have something, once the capture has stopped.</summary>
    /// <param name="filter">Which packets, as tshark's display filters have it.</param>
    /// <param name="fields">Which fields.</param>
    /// <returns>A row for each packet.</returns>
    public async Task<string[][]> FieldsAsync(string filter, params string[] fields)
    {
        string rows = await TsharkAsync(["-Y", filter, "-T", "fields", .. fields.SelectMany(field => new[] { "-e", field })]);
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
    }

    /// <summary>What is wrong with a packet: tshark calls it malformed or an error, or it is nothing that belongs here.</summary>
    private static string? FaultOf(string[] row)
    {
        const int Warning = 0x600000;
        const int Error = 0x800000;
        // The end mark goes out of a port that the system chose, which may be one that tshark takes for a protocol's.
        if (row[9] == DiscardPort.ToString(CultureInfo.InvariantCulture)) return null;
        string[] protocols = Protocols(row);
        string packet = $"packet {row[0]} from {row[6]}:{row[7]} to {row[8]}:{row[9]} ({row[2]})";
        int severity = row[4].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, CultureInfo.InvariantCulture)).Append(0).Max();
        if (row[3].Length > 0 || severity >= (protocols.Contains("tcp") ? Error : Warning))    // a reset TCP connection is a warning
        {
            return $"{packet}: {row[3]} {row[5]}";
        }

        bool isKnown = protocols.Contains("icmp") || !protocols.Contains("udp") || protocols.Any(protocol => protocol is "sip" or "rtp" or "rtcp" or "rtpevent" or "stun");
        return isKnown ? null : $"{packet}: neither SIP nor RTP, RTCP or STUN";
    }

    // What is on a port of RTP begins as RTP for tshark, STUN too.
    private static bool IsRtp(string[] row) => row[10].Length > 0 && !Protocols(row).Any(protocol => protocol is "icmp" or "stun");

    // SRTCP has an index and a tag behind its packets. tshark takes it for RTCP where the profile is RTP/AVP, and for another algorithm's where it is GCM.
    private static bool IsProtectedRtcp(string[] row) =>
        Protocols(row) is var protocols && protocols.Contains("rtcp") && (protocols.Contains("icmp") || !RtcpOf(row).IsPlain);

    private static string[] Protocols(string[] row) => row[2].Split(':');

    private static bool EndsWithMark(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] tail = new byte[Math.Min(stream.Length, 4096)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        return tail.AsSpan().IndexOf(EndMark) >= 0;
    }

    private async Task<string> TsharkAsync(IEnumerable<string> output)
    {
        // Phones without a fixed port are found by what their packets look like.
        ExitedProcess tshark = await ChildProcess.RunAsync("tshark", Programs.Tshark,
            ["-r", _file, "-n", "--enable-heuristic", "sip_udp", "--enable-heuristic", "rtp_udp", .. output], _bench.Folder);
        Assert.True(tshark.ExitCode == 0, tshark.Log);
        return string.Join('\n', tshark.Output);
    }

    private static List<CapturedSip> SipOf(XDocument packets)
    {
        var messages = new List<CapturedSip>();
        foreach (XElement packet in packets.Root!.Elements("packet"))
        {
            string? Field(string name, string attribute = "show") => Find(packet, name)?.Attribute(attribute)?.Value;
            if (Find(packet, "icmp.type") is not null) continue;   // it quotes a message that came to a closed port
            bool isTcp = Field("tcp.srcport") is not null;
            var source = new IPEndPoint(IPAddress.Parse(Field("ip.src")!), int.Parse(Field(isTcp ? "tcp.srcport" : "udp.srcport")!, CultureInfo.InvariantCulture));
            var destination = new IPEndPoint(IPAddress.Parse(Field("ip.dst")!), int.Parse(Field(isTcp ? "tcp.dstport" : "udp.dstport")!, CultureInfo.InvariantCulture));
            double at = double.Parse(Field("timestamp", "value")!, CultureInfo.InvariantCulture);
            foreach (XElement sip in packet.Elements("proto").Where(proto => proto.Attribute("name")!.Value == "sip"))
            {
                string? Value(string name) => Find(sip, name)?.Attribute("show")?.Value;
                messages.Add(new CapturedSip(TimeSpan.FromSeconds(at), isTcp, source, destination,
                    Value("sip.Request-Line") ?? Value("sip.Status-Line") ?? "",
                    Value("sip.Status-Code") is { } status ? int.Parse(status, CultureInfo.InvariantCulture) : null,
                    Value("sip.Call-ID") ?? "", Value("sip.CSeq.seq") ?? "", Value("sip.CSeq.method") ?? "", Value("sip.Via.branch") ?? "", Value("sip.Via.sent-by.address") ?? "", Value("sip.to.tag") ?? "",
                    Bytes(sip, "sip.Request-Line", "sip.Status-Line") + "\r\n" + HeadersOf(sip), BodyOf(sip)));
            }
        }

        return WithNamedConnections(messages);
    }

    /// <summary>Who connects from an address that it did not choose is known by the Via of its requests.</summary>
    private static List<CapturedSip> WithNamedConnections(List<CapturedSip> messages)
    {
        var names = new Dictionary<IPEndPoint, IPAddress>();
        foreach (CapturedSip message in messages.Where(message => message.IsTcp && message.Status is null && message.Source.Address.Equals(IPAddress.Loopback)))
        {
            if (IPAddress.TryParse(message.SentBy, out IPAddress? address)) names.TryAdd(message.Source, address);
        }

        IPEndPoint Named(IPEndPoint endpoint) => names.TryGetValue(endpoint, out IPAddress? address) ? new IPEndPoint(address, endpoint.Port) : endpoint;
        return [.. messages.Select(message => message with { Source = Named(message.Source), Destination = Named(message.Destination) })];
    }

    // A field's bytes are written in hexadecimal digits.
    private static string Bytes(XElement inside, params string[] fields) =>
        Encoding.UTF8.GetString(Convert.FromHexString(fields.Select(field => Find(inside, field)?.Attribute("value")?.Value).FirstOrDefault(value => value is not null) ?? ""));

    // Without a body tshark's field goes on to the end of the segment, which may have the next message.
    private static string HeadersOf(XElement sip)
    {
        string headers = Bytes(sip, "sip.msg_hdr");
        int end = headers.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? headers : headers[..(end + 4)];
    }

    // tshark gives the lines of a session description with their places; what lies between them are the ends of lines.
    private static string BodyOf(XElement sip)
    {
        if (Find(sip, "sip.msg_body") is not { } body) return "";
        static int Number(XElement field, string attribute) => int.Parse(field.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
        var text = new StringBuilder(Bytes(sip, "sip.msg_body"));
        int end = Number(body, "pos") + text.Length;
        foreach (XElement line in body.Descendants("proto").Where(proto => proto.Attribute("name")!.Value == "sdp").Elements("field").Where(field => Number(field, "size") > 0))
        {
            text.Append(EndOfLine(Number(line, "pos") - end)).Append(Encoding.UTF8.GetString(Convert.FromHexString(line.Attribute("value")!.Value)));
            end = Number(line, "pos") + Number(line, "size");
        }

        return text.Append(EndOfLine(Number(body, "pos") + Number(body, "size") - end)).ToString();

        static string EndOfLine(int lengthBytes) => lengthBytes switch { 2 => "\r\n", 1 => "\n", _ => new string('?', Math.Max(0, lengthBytes)) };
    }

    private static XElement? Find(XElement inside, string field) =>
        inside.Descendants("field").FirstOrDefault(element => element.Attribute("name")?.Value == field);

    // With redundancy (RFC 2198) the packet's own payload type comes first and that of its primary payload last.
    private static CapturedRtp RtpOf(string[] row) => new(
        TimeSpan.FromSeconds(double.Parse(row[1], CultureInfo.InvariantCulture)), $"{row[6]}:{row[7]}", $"{row[8]}:{row[9]}",
        int.Parse(row[10], CultureInfo.InvariantCulture), int.Parse(row[11].Split(',')[^1], CultureInfo.InvariantCulture), row[12],
        ushort.Parse(row[13], CultureInfo.InvariantCulture), uint.Parse(row[14], CultureInfo.InvariantCulture), row[16] is "1" or "True", (row[15].Length / 2) - RtpHeaderLengthBytes);

    private static CapturedRtcp RtcpOf(string[] row) => new($"{row[6]}:{row[7]}", $"{row[8]}:{row[9]}", Convert.FromHexString(row[15]));
}

/// <summary>One SIP message of a capture.</summary>
/// <param name="At">Since the epoch.</param>
/// <param name="Status">Of a response; null for a request.</param>
/// <param name="Branch">Of its topmost Via.</param>
/// <param name="SentBy">The address in that Via.</param>
/// <param name="ToTag">Who answered: a proxy passes on the provisional answers of several phones.</param>
/// <param name="Head">Start line and headers as they were sent.</param>
internal sealed record CapturedSip(
    TimeSpan At, bool IsTcp, IPEndPoint Source, IPEndPoint Destination, string FirstLine, int? Status, string CallId, string Sequence, string Method, string Branch,
    string SentBy = "", string ToTag = "", string Head = "", string Body = "")
{
    /// <summary>The request's own method; that of the CSeq for a response. They differ for no message.</summary>
    public bool IsRequest(string method) => Status is null && Method == method;

    public bool IsResponse(string method) => Status is not null && Method == method;

    public bool IsFinal => Status >= 200;

    public override string ToString() => $"{At.TotalSeconds % 1000:000.000} {(IsTcp ? "TCP" : "UDP")} {Source} -> {Destination} {FirstLine} (CSeq {Sequence} {Method})";
}

/// <summary>One RTP packet of a capture.</summary>
internal sealed record CapturedRtp(
    TimeSpan At, string Source, string Destination, int Version, int PayloadType, string Ssrc, ushort Sequence, uint Timestamp, bool IsMarked, int PayloadLengthBytes);

/// <summary>One RTCP datagram of a capture, protected or not.</summary>
internal sealed record CapturedRtcp(string Source, string Destination, byte[] Datagram)
{
    /// <summary>Its packets' lengths add up to its own: there is nothing of SRTCP in or behind them.</summary>
    public bool IsPlain
    {
        get
        {
            ReadOnlySpan<byte> rest = Datagram;
            while (rest is [>= 0x80 and < 0xC0, >= 192 and <= 223, _, _, ..])
            {
                int length = (BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) + 1) * 4;
                if (length > rest.Length) return false;
                rest = rest[length..];
            }

            return rest.IsEmpty;
        }
    }
}
