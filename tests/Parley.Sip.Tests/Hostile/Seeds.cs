using System.Runtime.CompilerServices;
using System.Text;
using Parley.Sip.Tests.Messages;

namespace Parley.Sip.Tests.Hostile;

/// <summary>Inputs to start from: the torture messages, what is usual, and what once went wrong.</summary>
internal static class Seeds
{
    private const string Sdp =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        + "a=fmtp:101 0-16\r\na=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.1\r\na=sendrecv\r\n";

    private const string Invite =
        "INVITE sip:bob@biloxi.example;transport=tcp SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK6;received=192.0.2.9\r\n"
        + "Max-Forwards: 70\r\nRecord-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\nRoute: <sip:p3.example;lr>\r\nFrom: \"Alice \\\"A\\\"\" <sip:alice@atlanta.example>;tag=1\r\nTo: Bob <sip:bob@biloxi.example>\r\n"
        + "Call-ID: a84b4c76e66710@pc33.atlanta.example\r\nCSeq: 314159 INVITE\r\nContact: <sip:alice@192.0.2.1;ob>;expires=60;q=0.7, \"x, y\" <sip:b@c>\r\nAllow: INVITE, ACK, BYE\r\nSupported: 100rel, path\r\n"
        + "Session-Expires: 1800;refresher=uac\r\nContent-Type: application/sdp;charset=utf-8\r\n";

    private static readonly string Folder = Path.Combine(Path.GetDirectoryName(ThisFile())!, "vectors");

    /// <summary>Inputs that once went wrong, by name.</summary>
    public static IEnumerable<string> Regressions => Directory.GetFiles(Folder, "*.dat").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal);

    public static byte[] Regression(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".dat"));

    /// <summary>All of them; never in another order.</summary>
    public static List<byte[]> All()
    {
        var all = new List<byte[]>();
        foreach (string rfc in (string[])["rfc4475", "rfc5118"]) all.AddRange(TortureVectors.Names(rfc).Select(name => TortureVectors.Bytes(rfc, name!)));
        all.AddRange(Texts().Select(Encoding.UTF8.GetBytes));
        all.AddRange(Regressions.Select(Regression));
        return all;
    }

    private static IEnumerable<string> Texts()
    {
        yield return Invite + $"Content-Length: {Sdp.Length}\r\n\r\n" + Sdp;
        yield return "SIP/2.0 401 Unauthorized\r\nv: SIP/2.0/UDP a.example;branch=z9hG4bK1;rport=5060;received=192.0.2.1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: 1\r\nCSeq: 1 REGISTER\r\n"
            + "WWW-Authenticate: Digest realm=\"b\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256, opaque=\"o\", stale=TRUE\r\nl: 0\r\n\r\n";
        yield return "REGISTER sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a.example:5061;branch=z9hG4bK1;ttl=1;maddr=224.0.0.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 2 REGISTER\r\nContact: *\r\nExpires: 0\r\n"
            + "Authorization: Digest username=\"a\", realm=\"b\", nonce=\"n\", uri=\"sip:b\", response=\"00ff\", qop=auth, nc=00000001, cnonce=\"c\"\r\nPath: <sip:p;lr>\r\nContent-Length: 0\r\n\r\n";
        yield return "SUBSCRIBE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x@y\r\nCSeq: 3 SUBSCRIBE\r\nEvent: presence;id=1\r\nRAck: 1 2 INVITE\r\nRSeq: 1\r\n"
            + "Refer-To: <sip:e@f?Replaces=1%3Bto-tag%3D2>\r\nReplaces: 1;to-tag=2;from-tag=3\r\nReason: SIP;cause=200;text=\"x\"\r\nRetry-After: 18 (in a (nested) meeting);duration=3\r\nAccept: text/*;q=0.1, */*\r\nMin-Expires: 5\r\n\r\n";
        yield return "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <tel:+1-201-555-0123;phone-context=x>;tag=1\r\nTo: sip:b@c;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nSubject: a\r\n fold\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n";
        yield return Sdp;
        yield return "v=0\no=a 2890844526 2890842807 IN IP6 ::1\ns=x\ni=y\nu=http://a\ne=a@b\np=+1\nb=AS:64\nt=1 2\nr=7d 1h 0\nz=1 2\nk=prompt\na=inactive\nm=video 5000/2 RTP/AVPF 96\nc=IN IP4 224.2.1.1/127/3\na=rtpmap:96 H264/90000\n"
            + "m=audio 5002 RTP/AVP 96 0\nc=IN IP4 0.0.0.0\na=rtpmap:96 L16/16000/2\na=maxptime:40\na=rtcp-mux\n";
        yield return "Digest username=\"al\\\"ice\", realm=\"ex\\\\ample\", nonce=\"n\", uri=\"sip:b\", response=\"0\", algorithm=MD5-sess, cnonce=\"c\", qop=auth-int, nc=000000ff, opaque=\"\"";
        yield return "Digest username*=UTF-8''J%C3%A4s%C3%B8n, realm=r, nonce=\"\", uri=u, response=\"\", userhash=true";
        yield return "Digest realm=\"a \\\"b\\\"\", nonce=\"x\\y\", stale=false, algorithm=\"SHA-512-256\", qop=\"auth\", opaque=\"\", domain=\"sip:a\"";
        yield return "\"A. G. Bell\" <sip:agb:secret@bell-tel%65phone.example:5060;lr;x=%20?subject=hi&body=a%0Ab> ;tag=a48s;x=\"y\\\"z\"";
        yield return "sip:*72#@[::1]:1;transport=udp;maddr=239.0.0.1;ttl=15?a=b&c=d";
        yield return "sips:alice@atlanta.example;user=phone";
        yield return "tel:+1-(201)-555.0123;isub=1;phone-context=example.com";
        yield return "SIP / 2.0 / WSS [2001:db8::9:1] : 4000 ; ttl=16 ;maddr=224.2.0.1 ;Branch = z9hG4bKa7.1;received=2001:db8::9:255;rport=7;x=\"\\\"\"";
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
