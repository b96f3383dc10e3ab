namespace Parley.TestSupport;

/// <summary>Makes inputs that nobody meant out of inputs that somebody did: the same ones for the same seed.</summary>
public sealed class Mutator(Random random)
{
    private const int MaxBytes = 20_000;

    // What parsers stumble over: numbers at the edges, characters that end or open something, halves of UTF-8 sequences, parts of SIP.
    private static readonly byte[][] Tokens =
    [
        .. ((string[])
        [
            "0", "-1", "+1", "00000000000000000001", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
            "18446744073709551616", "99999999999999999999999999999999", "1e9", "0x10", " ", "\t", "\r", "\n", "\r\n", "\r\n ", "\r\n\t", "\r\n\r\n", "\0", ",", ",,", ";", ";;",
            ":", "::", ":::", "=", "==", "\"", "\"\"", "\\", "\\\"", "\\\r\n ", "<", ">", "<>", "@", "@@", "?", "&", "%", "%4", "%zz", "%00", "%0d%0a", "%FF", "%E4", "[", "]", "[]", "[::]",
            "[::ffff:1.2.3.4]", "[1:::1.2.3.4]", "[fe80::1%1]", "1.2.3.4", "1.2.3.256", "*", "/", "//", "(", ")", "sip:", "sips:", "tel:", "tel:+1", "mailto:a@b", "sip:a@b:5060;lr", "SIP/2.0",
            "SIP/2.0/UDP ", "z9hG4bK", ";tag=", ";branch=", ";rport", ";rport=0", ";received=", ";received=[::1]", ";ttl=256", ";maddr=", ";q=0.5555", ";q=1.0000", ";expires=-1", ";lr", "Digest ", "nc=",
            "username*=UTF-8''a%0", "qop=\"auth,auth-int\"", "Content-Length: ", "l: ", "Via: ", "v:", "To:", "f :", "CSeq: ", "m:*", "Route: <sip:a;lr>\r\n", "INVITE", "ACK", "CANCEL", "m=audio 0 RTP/AVP",
            "a=rtpmap:", "a=rtpmap:0 PCMU/8000\r\n", "c=IN IP4 ", "a=ptime:", "a=rtcp:", "v=0\r\n", "é", "\uFEFF", "\uFFFF",
        ]).Select(System.Text.Encoding.UTF8.GetBytes),
        [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0x80], [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80],
    ];

    /// <summary>An input after one to six changes.</summary>
    /// <param name="original">What is changed.</param>
    /// <param name="other">What is spliced in.</param>
    public byte[] Mutate(byte[] original, byte[] other)
    {
        var bytes = new List<byte>(original);
        for (int changes = random.Next(1, 7); changes > 0; changes--) Change(bytes, other);
        if (bytes.Count > MaxBytes) bytes.RemoveRange(MaxBytes, bytes.Count - MaxBytes);
        byte[] changed = [.. bytes];
        return random.Next(2) == 0 ? changed : WithItsLength(changed);
    }

    /// <summary>With the Content-Length that the body has, so that a change elsewhere is looked at.</summary>
    private static byte[] WithItsLength(byte[] bytes)
    {
        ReadOnlySpan<byte> name = "Content-Length: "u8;
        int body = bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4, at = bytes.AsSpan().IndexOf(name) + name.Length;
        if (body < 4 || at < name.Length || at > body) return bytes;
        int end = at + bytes.AsSpan(at).IndexOf((byte)'\r');
        return [.. bytes[..at], .. System.Text.Encoding.ASCII.GetBytes($"{bytes.Length - body}"), .. bytes[end..]];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        int at = random.Next(bytes.Count + 1);
        int length = random.Next(0, Math.Min(bytes.Count - at, 1 << random.Next(8)) + 1);
        switch (random.Next(14))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.InsertRange(at, Token());
                break;
            case 3:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, Token());
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5 when random.Next(8) == 0:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                int from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, random.Next(other.Length - from + 1)).ToArray());
                break;
            case 7:
                Repeat(bytes, at, length);
                break;
            case 8:
                ReplaceNumber(bytes, at);
                break;
            case 9:
                MoveLine(bytes, at, keeps: true);
                break;
            case 10:
                MoveLine(bytes, at, keeps: false);
                break;
            case 11:
                (int start, int end) = LineAt(bytes, at);
                bytes.RemoveRange(start, end - start);
                break;
            case 12 when at < bytes.Count && char.IsAsciiLetter((char)bytes[at]):
                bytes[at] ^= 0x20;
                break;
            case 13:
                ReplaceWord(bytes, at);
                break;
        }
    }

    private byte[] Token() => Tokens[random.Next(Tokens.Length)];

    private void Repeat(List<byte> bytes, int at, int length)
    {
        byte[] part = [.. bytes.GetRange(at, length)];
        for (int times = 1 << random.Next(7); times > 0 && bytes.Count < MaxBytes; times--) bytes.InsertRange(at, part);
    }

    private void ReplaceNumber(List<byte> bytes, int at)
    {
        while (at < bytes.Count && !char.IsAsciiDigit((char)bytes[at])) at++;
        int end = at;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end])) end++;
        bytes.RemoveRange(at, end - at);
        bytes.InsertRange(at, Tokens[random.Next(16)]);
    }

    // A word of the input in the place of another one.
    private void ReplaceWord(List<byte> bytes, int at)
    {
        (int start, int end) = WordAt(bytes, at);
        (int otherStart, int otherEnd) = WordAt(bytes, random.Next(bytes.Count + 1));
        byte[] word = [.. bytes.GetRange(otherStart, otherEnd - otherStart)];
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, word);
    }

    private void MoveLine(List<byte> bytes, int at, bool keeps)
    {
        (int start, int end) = LineAt(bytes, at);
        byte[] line = [.. bytes.GetRange(start, end - start)];
        if (!keeps) bytes.RemoveRange(start, end - start);
        bytes.InsertRange(LineAt(bytes, random.Next(bytes.Count + 1)).Start, line);
    }

    private static (int Start, int End) LineAt(List<byte> bytes, int at)
    {
        int start = at == 0 ? 0 : bytes.LastIndexOf((byte)'\n', Math.Min(at, bytes.Count) - 1) + 1;
        int end = start < bytes.Count ? bytes.IndexOf((byte)'\n', start) + 1 : bytes.Count;
        return (start, end == 0 ? bytes.Count : end);
    }

    private static (int Start, int End) WordAt(List<byte> bytes, int at)
    {
        int start = at, end = at;
        while (start > 0 && char.IsAsciiLetterOrDigit((char)bytes[start - 1])) start--;
        while (end < bytes.Count && char.IsAsciiLetterOrDigit((char)bytes[end])) end++;
        return (start, end);
    }
}
