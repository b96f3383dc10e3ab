using System.Net;
using System.Net.Sockets;
using System.Text;
using Parley.Net.Linux;

namespace Parley.Net.Tests;

/// <summary>Both programs that thin datagrams out, against what they are to do, written plainly.</summary>
public sealed class DatagramFilterTests : IDisposable
{
    private static readonly string[] Starts = ["INVI", "REGI", "OPTI", "SUBS", "MESS", "PUBL", "REFE"];

    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public DatagramFilterTests()
    {
        _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _server.ReceiveTimeout = 10_000;        // ms: a program that drops what it should not is a failure, and no wait without end
        _client.Connect(_server.LocalEndPoint!);
    }

    private int Server => (int)_server.Handle;

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }

    [ThinningTheory(isAdjustable: false)]
    [InlineData(1)]
    [InlineData(640)]
    [InlineData(4095)]
    public void A_program_for_one_share_keeps_what_it_should(int kept)
    {
        DatagramThinning thinning = Thin(kept);
        Assert.True(ThinningProgram.TryAttach(Server, Thin(16)));
        Assert.True(ThinningProgram.TryAttach(Server, thinning));       // in its place
        AssertKept(thinning, Datagrams(600));
    }

    [ThinningTheory(isAdjustable: true)]
    [InlineData(1)]
    [InlineData(640)]
    [InlineData(4095)]
    public void A_program_for_any_share_keeps_what_it_should(int kept)
    {
        DatagramThinning thinning = Thin(kept);
        using AdjustableThinning program = AdjustableThinning.TryLoad(thinning) ?? throw new InvalidOperationException("The kernel refuses the program.");
        Assert.True(program.TryAdjust(thinning));
        Assert.True(program.TryAttach(Server));
        AssertKept(thinning, Datagrams(600, hasLookalikes: true));

        // A field that ends with the datagram is not whole: it is kept, and so is one that begins too far behind.
        AssertKept(thinning, Enumerable.Range(0, 200).Select(i => $"INVITE sip:a@b SIP/2.0\r\n{new string('x', 12)}\r\nCall-ID: {i}"), keepsAll: true);
        AssertKept(thinning, Enumerable.Range(0, 200).Select(i => $"INVITE sip:a@b SIP/2.0\r\n{new string('x', 760)}\r\nCall-ID: {i}\r\n"), keepsAll: true);
    }

    [ThinningTheory(isAdjustable: true)]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_share_or_turn_needs_no_other_program(bool isOtherTurn)
    {
        using var filter = new DatagramFilter(Server);
        DatagramThinning thinning = Thin(2048);
        Assert.True(filter.TrySet(thinning));
        AssertKept(thinning, Datagrams(100));
        foreach (int kept in new[] { 1024, 16, 4000 })
        {
            thinning = isOtherTurn ? Thin(kept) : thinning with { Kept = kept };
            Assert.True(filter.TrySet(thinning));
            Assert.True(filter.IsAdjustable);
            AssertKept(thinning, Datagrams(200));
        }

        Assert.True(filter.TrySet(thinning with { Starts = ["OPTI"] }));
        AssertKept(thinning with { Starts = ["OPTI"] }, Datagrams(100));
        Assert.True(filter.TrySet(null));
        Assert.False(filter.IsAdjustable);
        AssertKept(thinning, Datagrams(100), keepsAll: true);
        Assert.True(filter.TrySet(thinning));
        AssertKept(thinning, Datagrams(100));
    }

    [ThinningTheory(isAdjustable: true)]
    [InlineData("Session-Expires", "*mark")]
    [InlineData("P-Asserted-Identity-Of-All-The-Fields-That-One-Could-Think-Of-X", ";tag=")]
    [InlineData("Session", ";tag=")]
    public void A_field_and_a_mark_are_any(string field, string mark)
    {
        var thinning = new DatagramThinning { Field = new FieldSteering(field), Starts = ["INVI"], Mark = mark, Kept = 2000 };
        using AdjustableThinning program = AdjustableThinning.TryLoad(thinning) ?? throw new InvalidOperationException("The kernel refuses the program.");
        Assert.True(program.TryAdjust(thinning) && program.TryAttach(Server));
        AssertKept(thinning, Enumerable.Range(0, 300).Select(i => $"INVITE sip:a@b SIP/2.0\r\n{new string('v', i)}{(i % 3 == 0 ? mark + mark : "")}\r\n{field}: {i}\r\n"));
    }

    [Theory]
    [InlineData("Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n", true)]               // root
    [InlineData("Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nSeccomp:\t2\n", false)]              // which a filter may end for trying
    [InlineData("Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\nSeccomp:\t0\n", false)]              // in a container
    [InlineData("Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nSeccomp:\t0\n", false)]
    [InlineData("Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000008000000000\nSeccomp:\t0\n", true)]   // AmbientCapabilities=CAP_BPF
    [InlineData("Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000008000000000\nSeccomp:\t2\n", true)]
    [InlineData("CapEff:\t000001ffffffffff\n", false)]                                              // who and how is not known
    [InlineData("Uid:\t0\t0\t0\t0\nCapEff:\tx\nSeccomp:\t0\n", false)]
    [InlineData("", false)]
    public void Only_who_may_load_programs_tries_to(string status, bool isAllowed) => Assert.Equal(isAllowed, BpfPermission.IsGiven(status));

    private static DatagramThinning Thin(int kept) => new() { Field = new FieldSteering("Call-ID"), Starts = Starts, Mark = ";tag=", Kept = kept };

    /// <summary>Requests and responses with the field and the tags at every place, in any order and letters, with values short and long, and what is no SIP at all.</summary>
    private static IEnumerable<string> Datagrams(int count, bool hasLookalikes = false)
    {
        for (int i = 0; i < count; i++)
        {
            string first = (i % 9) switch { 0 => "BYE sip:a@b SIP/2.0", 1 => "SIP/2.0 200 OK", 2 => "REGISTER sip:b SIP/2.0", 3 => "OPTIONS sip:b SIP/2.0", _ => "INVITE sip:a@b SIP/2.0" };
            string id = $"{((i % 4) switch { 0 => "Call-ID: ", 1 => "call-id:", 2 => "CALL-ID: ", _ => hasLookalikes ? "X-Call-ID: 1\r\nCall-Id:" : "Call-Id:" })}{i}{new string('y', i % 7 == 0 ? 80 : i % 7)}@h\r\n";
            string from = $"From: <sip:a@b>;tag={i}\r\n", to = $"To: <sip:c@d>{(i % 5 == 0 ? ";tag=1" : ";tah=1")}\r\n";
            string via = $"Via: SIP/2.0/UDP h;branch={new string('b', i % 120)}\r\n", end = $"{(i % 11 == 0 ? "i: " : "CSeq: ")}{i} X\r\nContact: <sip:a@127.0.0.1:5060>\r\nContent-Length: 0\r\n\r\n";
            yield return (i % 13) switch
            {
                0 => new string('x', i % 40),
                1 => $"{first}\r\n{via}{from}{to}{end}",
                < 6 => $"{first}\r\n{via}{id}{from}{to}{end}",
                _ => $"{first}\r\n{via}{from}{to}{id}{end}",
            };
        }
    }

    private static bool Keeps(DatagramThinning thinning, string datagram)
    {
        if (!thinning.Starts.Any(start => datagram.StartsWith(start, StringComparison.Ordinal))) return true;
        if (datagram.Split(thinning.Mark).Length > 2) return true;
        string? row = datagram.Split("\r\n").FirstOrDefault(row => row.StartsWith(thinning.Field.FieldName + ":", StringComparison.OrdinalIgnoreCase));
        return row is null || thinning.Field.SocketOf(Encoding.ASCII.GetBytes(row[(thinning.Field.FieldName.Length + 1)..].Trim()), DatagramThinning.Parts) < thinning.Kept;
    }

    private void AssertKept(DatagramThinning thinning, IEnumerable<string> datagrams, bool keepsAll = false)
    {
        List<string> expected = [], came = [];
        byte[] buffer = new byte[2048];
        foreach (string datagram in datagrams)
        {
            if (keepsAll || Keeps(thinning, datagram)) expected.Add(datagram);
            _client.Send(Encoding.ASCII.GetBytes(datagram));
            _client.Send("end"u8);      // on loopback what is sent has arrived or was dropped
            for (string text; (text = Encoding.ASCII.GetString(buffer, 0, _server.Receive(buffer))) != "end";) came.Add(text);
        }

        Assert.Equal(expected, came);
    }
}

/// <summary>A test of a program for Linux, which for the adjustable one has to allow this process to load it.</summary>
internal sealed class ThinningTheoryAttribute : TheoryAttribute
{
    public ThinningTheoryAttribute(bool isAdjustable)
    {
        if (!OperatingSystem.IsLinux()) Skip = "It is a program for Linux.";
        else if (isAdjustable && !Bpf.IsAllowed) Skip = "This system does not let this process load programs (CAP_BPF).";
    }
}
