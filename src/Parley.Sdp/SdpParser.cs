using System.Globalization;

namespace Parley.Sdp;

/// <summary>Reads a description line by line: first the session's level, then a level per <c>m=</c> line.</summary>
/// <remarks>The work grows with the length of the text and nothing else: each level collects its lines in lists.</remarks>
internal sealed class SdpParser(string text)
{
    private const string KnownLines = "osiuepcbtrzkam";
    private const string MediaLines = "icbkam";

    private readonly List<string> _emails = [];
    private readonly List<string> _phones = [];
    private readonly List<TimeLines> _times = [];
    private readonly List<MediaDescription> _media = [];
    private readonly Level _session = new();
    private Level? _stream;                 // the level of the last m= line, null before the first
    private int _at;
    private int _line;
    private SdpOrigin? _origin;
    private string _sessionName = "-";
    private string? _uri;

    /// <summary>Reads all.</summary>
    /// <param name="description">The description, null when there is an error.</param>
    public SdpError Parse(out SessionDescription? description)
    {
        description = null;
        SdpErrorReason reason = ReadAll();
        if (reason != SdpErrorReason.None) return new SdpError(_line, reason);
        if (_origin is null) return new SdpError(0, SdpErrorReason.MissingOrigin);
        EndStream();
        description = new SessionDescription
        {
            Origin = _origin,
            SessionName = _sessionName,
            Information = _session.Information,
            Uri = _uri,
            Emails = [.. _emails],
            Phones = [.. _phones],
            Connection = _session.Connections.Count > 0 ? _session.Connections[0] : null,
            Bandwidths = [.. _session.Bandwidths],
            Times = _times.Count == 0 ? [SdpTime.Permanent] : [.. _times.Select(t => t.ToTime())],
            Key = _session.Key,
            Attributes = [.. _session.Attributes],
            Media = [.. _media],
        };
        return default;
    }

    private SdpErrorReason ReadAll()
    {
        while (TryReadLine(out ReadOnlySpan<char> line))
        {
            if (++_line > SdpLimits.MaxLines) return SdpErrorReason.TooManyLines;
            if (line.IsEmpty && _line > 1 && text.AsSpan(_at).Trim("\r\n").IsEmpty) break;    // empty lines behind the last are harmless
            if (line.Length < 2 || line[1] != '=' || line.IndexOfAny('\0', '\r') >= 0) return SdpErrorReason.MalformedLine;
            SdpErrorReason reason = ReadLine(line[0], line[2..]);
            if (reason != SdpErrorReason.None) return reason;
        }

        return _line > 0 ? SdpErrorReason.None : SdpErrorReason.MissingVersion;
    }

    private bool TryReadLine(out ReadOnlySpan<char> line)
    {
        line = default;
        if (_at >= text.Length) return false;
        ReadOnlySpan<char> rest = text.AsSpan(_at);
        int end = rest.IndexOf('\n');
        _at += end < 0 ? rest.Length : end + 1;
        line = end < 0 ? rest : rest[..end];
        if (line.Length > 0 && line[^1] == '\r') line = line[..^1];
        return true;
    }

    private SdpErrorReason ReadLine(char type, ReadOnlySpan<char> value)
    {
        if (_line == 1)
        {
            if (type != 'v') return SdpErrorReason.MissingVersion;
            return value.Trim(' ') is "0" ? SdpErrorReason.None : SdpErrorReason.UnsupportedVersion;
        }

        if (type == 'v') return SdpErrorReason.DuplicateLine;
        if (!KnownLines.Contains(type, StringComparison.Ordinal)) return SdpErrorReason.UnknownLineType;
        if (type == 'm') return ReadMedia(value);
        if (_stream is not null && !MediaLines.Contains(type, StringComparison.Ordinal)) return SdpErrorReason.MisplacedLine;
        Level level = _stream ?? _session;
        bool once = type is 'o' or 's' or 'i' or 'u' or 'k' || (type == 'c' && _stream is null);
        if (once && !level.IsFirst(type)) return SdpErrorReason.DuplicateLine;
        switch (type)
        {
            case 'o': return ReadOrigin(value);
            case 's': _sessionName = value.ToString(); break;
            case 'u': _uri = value.ToString(); break;
            case 'e': _emails.Add(value.ToString()); break;
            case 'p': _phones.Add(value.ToString()); break;
            case 't': return ReadTime(value);
            case 'r' or 'z': return ReadTimeDetail(type, value);
            case 'i': level.Information = value.ToString(); break;
            case 'k': level.Key = value.ToString(); break;
            case 'c': return ReadConnection(level, value);
            case 'b': return ReadBandwidth(level, value);
            default: return ReadAttribute(level, value);
        }

        return SdpErrorReason.None;
    }

    /// <summary>o=user id version network type address</summary>
    private SdpErrorReason ReadOrigin(ReadOnlySpan<char> value)
    {
        Span<Range> f = stackalloc Range[7];
        if (value.Split(f, ' ', StringSplitOptions.RemoveEmptyEntries) != 6
            || !ulong.TryParse(value[f[2]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong version)) return SdpErrorReason.MalformedOrigin;
        _origin = new SdpOrigin(
            value[f[0]].ToString(), value[f[1]].ToString(), version, value[f[4]].ToString(), value[f[5]].ToString(), value[f[3]].ToString());
        return SdpErrorReason.None;
    }

    /// <summary>t=start stop</summary>
    private SdpErrorReason ReadTime(ReadOnlySpan<char> value)
    {
        Span<Range> f = stackalloc Range[3];
        if (value.Split(f, ' ', StringSplitOptions.RemoveEmptyEntries) != 2
            || !ulong.TryParse(value[f[0]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong start)
            || !ulong.TryParse(value[f[1]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong stop)) return SdpErrorReason.MalformedTime;
        _times.Add(new TimeLines(start, stop));
        return SdpErrorReason.None;
    }

    private SdpErrorReason ReadTimeDetail(char type, ReadOnlySpan<char> value)
    {
        if (_times.Count == 0) return SdpErrorReason.MisplacedLine;
        TimeLines time = _times[^1];
        if (type == 'z' && time.Zone is not null) return SdpErrorReason.DuplicateLine;
        if (type == 'z') time.Zone = value.ToString();
        else time.Repeats.Add(value.ToString());
        return SdpErrorReason.None;
    }

    /// <summary>c=network type address</summary>
    private static SdpErrorReason ReadConnection(Level level, ReadOnlySpan<char> value)
    {
        Span<Range> f = stackalloc Range[4];
        if (value.Split(f, ' ', StringSplitOptions.RemoveEmptyEntries) != 3) return SdpErrorReason.MalformedConnection;
        level.Connections.Add(new SdpConnection(value[f[1]].ToString(), value[f[2]].ToString(), value[f[0]].ToString()));
        return SdpErrorReason.None;
    }

    /// <summary>b=type:number</summary>
    private static SdpErrorReason ReadBandwidth(Level level, ReadOnlySpan<char> value)
    {
        int colon = value.IndexOf(':');
        if (colon <= 0 || !ulong.TryParse(value[(colon + 1)..].Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)) return SdpErrorReason.MalformedBandwidth;
        level.Bandwidths.Add(new SdpBandwidth(value[..colon].ToString(), number));
        return SdpErrorReason.None;
    }

    /// <summary>a=name or a=name:value</summary>
    private static SdpErrorReason ReadAttribute(Level level, ReadOnlySpan<char> value)
    {
        int colon = value.IndexOf(':');
        ReadOnlySpan<char> name = colon < 0 ? value.TrimEnd(' ') : value[..colon];
        if (name.IsEmpty) return SdpErrorReason.MalformedAttribute;
        level.Attributes.Add(new SdpAttribute(name.ToString(), colon < 0 ? null : value[(colon + 1)..].ToString()));
        return SdpErrorReason.None;
    }

    /// <summary>m=media port[/count] protocol format ...</summary>
    private SdpErrorReason ReadMedia(ReadOnlySpan<char> value)
    {
        EndStream();
        if (_media.Count == SdpLimits.MaxMedia) return SdpErrorReason.TooManyMedia;
        Span<Range> f = stackalloc Range[4];
        if (value.Split(f, ' ', StringSplitOptions.RemoveEmptyEntries) != 4) return SdpErrorReason.MalformedMedia;
        ReadOnlySpan<char> port = value[f[1]];
        int slash = port.IndexOf('/'), count = 1;
        if (slash >= 0)
        {
            if (!int.TryParse(port[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out count) || count == 0) return SdpErrorReason.MalformedMedia;
            port = port[..slash];
        }

        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)) return SdpErrorReason.MalformedMedia;
        _stream = new Level
        {
            Media = new MediaDescription
            {
                Media = value[f[0]].ToString(),
                Port = number,
                PortCount = count,
                Protocol = value[f[2]].ToString(),
                Formats = [.. value[f[3]].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            },
        };
        return SdpErrorReason.None;
    }

    private void EndStream()
    {
        if (_stream is not { Media: { } media } level) return;
        _stream = null;
        _media.Add(media with
        {
            Information = level.Information,
            Connections = [.. level.Connections],
            Bandwidths = [.. level.Bandwidths],
            Key = level.Key,
            Attributes = [.. level.Attributes],
        });
    }

    private sealed class Level
    {
        private uint _seen;     // a bit per letter

        public MediaDescription? Media { get; init; }

        public string? Information { get; set; }

        public string? Key { get; set; }

        public List<SdpConnection> Connections { get; } = [];

        public List<SdpBandwidth> Bandwidths { get; } = [];

        public List<SdpAttribute> Attributes { get; } = [];

        public bool IsFirst(char type)
        {
            uint letter = 1u << (type - 'a');
            bool first = (_seen & letter) == 0;
            _seen |= letter;
            return first;
        }
    }

    private sealed class TimeLines(ulong start, ulong stop)
    {
        public List<string> Repeats { get; } = [];

        public string? Zone { get; set; }

        public SdpTime ToTime() => new(start, stop) { Repeats = [.. Repeats], Zone = Zone };
    }
}
