using System.Text;
using Parley.Endpoint.Sip.Overload;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>What is served first when more comes than can be served.</summary>
public sealed class AdmissionTests
{
    private static byte[] Message(string start, string tag = "", string headers = "") => Encoding.ASCII.GetBytes(
        $"{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>{tag}\r\nCall-ID: 1\r\nCSeq: 1 X\r\n{headers}Content-Length: 0\r\n\r\n");

    [Theory]
    [InlineData("INVITE sip:c@d SIP/2.0", "", true)]
    [InlineData("REGISTER sip:d SIP/2.0", "", true)]
    [InlineData("OPTIONS sip:d SIP/2.0", "", true)]
    [InlineData("SUBSCRIBE sip:c@d SIP/2.0", "", true)]
    [InlineData("MESSAGE sip:c@d SIP/2.0", "", true)]
    [InlineData("PUBLISH sip:c@d SIP/2.0", "", true)]
    [InlineData("INVITE sip:c@d SIP/2.0", ";tag=x", false)]
    [InlineData("SUBSCRIBE sip:c@d SIP/2.0", ";tag=x", false)]
    [InlineData("ACK sip:c@d SIP/2.0", "", false)]
    [InlineData("BYE sip:c@d SIP/2.0", ";tag=x", false)]
    [InlineData("CANCEL sip:c@d SIP/2.0", "", false)]
    [InlineData("PRACK sip:c@d SIP/2.0", "", false)]
    [InlineData("NOTIFY sip:c@d SIP/2.0", "", false)]
    [InlineData("SIP/2.0 200 OK", "", false)]
    public void A_request_outside_a_dialog_begins_something(string start, string tag, bool begins) => Assert.Equal(begins, Admission.Begins(Message(start, tag)));

    /// <summary>The system and the lane shed the same.</summary>
    [Fact]
    public void What_the_system_may_drop_is_what_begins_something()
    {
        string[] methods = ["INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER", "PRACK", "UPDATE", "INFO"];
        Assert.All(methods, method => Assert.Equal(Admission.Begins(Message($"{method} sip:c@d SIP/2.0")), OverloadControl.Beginnings.Contains(method.PadRight(4)[..4])));
        Assert.Equal(OverloadControl.Beginnings.Length, methods.Count(method => OverloadControl.Beginnings.Contains(method.PadRight(4)[..4])));
    }

    [Fact]
    public void Short_datagrams_begin_nothing()
    {
        byte[] invite = Message("INVITE sip:c@d SIP/2.0");
        for (int i = 0; i <= invite.Length; i++) Assert.True(i < 9 == !Admission.Begins(invite.AsSpan(0, i)), $"{i}");
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(31, 0)]
    [InlineData(64, 49)]
    [InlineData(96, 98)]
    [InlineData(256, 98)]
    public void The_fuller_the_buffer_the_more_beginnings_are_shed(int fullness, int percent)
    {
        Assert.InRange(ShedPercent("INVITE sip:c@d SIP/2.0", "", fullness), percent - 2, percent + 2);
        Assert.Equal(0, ShedPercent("BYE sip:c@d SIP/2.0", "", fullness));
        Assert.Equal(0, ShedPercent("SIP/2.0 200 OK", "", fullness));
    }

    [Theory]
    [InlineData(128, 0)]
    [InlineData(192, 49)]
    [InlineData(256, 98)]
    public void Credentials_are_shed_later(int fullness, int percent) =>
        Assert.InRange(ShedPercent("REGISTER sip:d SIP/2.0", "Authorization: Digest x=1\r\n", fullness), Math.Max(0, percent - 2), percent + 2);

    [Fact]
    public void A_refusal_is_paid_for_by_sixteen_that_are_served()
    {
        var admission = new Admission();
        byte[] invite = Message("INVITE sip:c@d SIP/2.0");
        var counts = new Dictionary<AdmissionDecision, int>();
        for (int i = 0; i < 100_000; i++)
        {
            AdmissionDecision decision = admission.Decide(invite, 80);
            counts[decision] = counts.GetValueOrDefault(decision) + 1;
        }

        Assert.InRange(counts[AdmissionDecision.Refuse], (counts[AdmissionDecision.Take] / 16) - 10, counts[AdmissionDecision.Take] / 16);
        Assert.True(counts[AdmissionDecision.Drop] > counts[AdmissionDecision.Refuse]);
        uint[] after = [.. Enumerable.Range(0, 1000).Select(_ => admission.NextRetryAfter())];
        Assert.Equal((5u, 35u), (after.Min(), after.Max()));
    }

    [Fact]
    public void What_was_decided_on_is_counted_until_it_is_asked_for()
    {
        var admission = new Admission();
        (int shed, long bytes) = (0, 1000 * (Message("BYE sip:c@d SIP/2.0", ";tag=x").Length + (2 * Message("INVITE sip:c@d SIP/2.0").Length)));
        for (int i = 0; i < 1000; i++)
        {
            admission.Decide(Message("BYE sip:c@d SIP/2.0", ";tag=x"), 256);
            admission.Decide(Message("INVITE sip:c@d SIP/2.0"), 0);
            if (admission.Decide(Message("INVITE sip:c@d SIP/2.0"), 64) != AdmissionDecision.Take) shed++;
        }

        Assert.Equal((3000, bytes, 2000, shed), admission.TakeCounts());
        Assert.Equal((0, 0L, 0, 0), admission.TakeCounts());
    }

    private static int ShedPercent(string start, string headers, int fullness)
    {
        var admission = new Admission();
        byte[] message = Message(start, headers: headers);
        int shed = 0;
        for (int i = 0; i < 10_000; i++)
        {
            if (admission.Decide(message, fullness) != AdmissionDecision.Take) shed++;
        }

        return (shed + 50) / 100;
    }
}
