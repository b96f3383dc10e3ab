using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>Several bodies in one: <c>multipart/related</c> and its kin.</summary>
/// <remarks>
/// <code>
/// preamble
/// --boundary
/// Content-Type: application/rlmi+xml
/// Content-ID: &lt;list@192.0.2.1&gt;
///
/// the first part
/// --boundary
/// ...
/// --boundary--
/// epilogue
/// </code>
/// Parts are bytes as they stand: one in another transfer encoding than binary, 8bit or 7bit makes the whole unreadable. Source: RFC 2046 5.1, RFC 2387, RFC 5621.
/// </remarks>
public static class MultipartBody
{
    private const int MaxParts = 1001;
    private const int MaxBoundary = 70;

    /// <summary>Reads the parts of a body.</summary>
    /// <param name="contentType">The value of its Content-Type.</param>
    /// <param name="body">The body.</param>
    /// <param name="parts">The parts, the one that <c>start</c> names first.</param>
    /// <returns>False when it is no multipart, is malformed, or breaks a bound.</returns>
    public static bool TryRead(string contentType, ReadOnlySpan<byte> body, [NotNullWhen(true)] out IReadOnlyList<BodyPart>? parts)
    {
        parts = null;
        byte[] value = Encoding.UTF8.GetBytes(contentType);
        if (!MediaTypeView.TryParse(value, 0, out MediaTypeView type) || !Ascii.EqualsIgnoreCase(type.Type, "multipart"u8)) return false;
        if (Parameter(type, "boundary"u8) is not { Length: > 0 and <= MaxBoundary } boundary) return false;
        string? start = Parameter(type, "start"u8)?.Trim('<', '>');
        byte[] delimiter = Encoding.UTF8.GetBytes("--" + boundary);
        List<BodyPart> read = [];
        int at = FindDelimiter(body, 0, delimiter, out int next, out bool isLast);
        while (at >= 0 && !isLast)
        {
            int begin = next;
            at = FindDelimiter(body, begin, delimiter, out next, out isLast);
            if (at < 0 || read.Count == MaxParts || !TryReadPart(body[begin..at], out BodyPart? part)) return false;
            read.Add(part);
        }

        int first = start is null ? 0 : read.FindIndex(part => part.ContentId == start);
        if (at < 0 || read.Count == 0 || first < 0) return false;
        BodyPart root = read[first];
        read.RemoveAt(first);
        parts = [root, .. read];
        return true;
    }

    /// <summary>Writes a <c>multipart/related</c> body whose first part is the root.</summary>
    /// <param name="parts">One or more.</param>
    /// <param name="boundary">A text of letters and digits that is in none of the parts.</param>
    /// <param name="contentType">The value of its Content-Type.</param>
    public static byte[] WriteRelated(IReadOnlyList<BodyPart> parts, string boundary, out string contentType)
    {
        ArgumentNullException.ThrowIfNull(parts);
        contentType = $"multipart/related;type=\"{parts[0].ContentType.Split(';')[0]}\";start=\"<{parts[0].ContentId}>\";boundary=\"{boundary}\"";
        using var bytes = new MemoryStream();
        foreach (BodyPart part in parts)
        {
            bytes.Write(Encoding.UTF8.GetBytes($"--{boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{part.ContentId}>\r\nContent-Type: {part.ContentType}\r\n\r\n"));
            bytes.Write(part.Body.Span);
            bytes.Write("\r\n"u8);
        }

        bytes.Write(Encoding.UTF8.GetBytes($"--{boundary}--\r\n"));
        return bytes.ToArray();
    }

    /// <summary>Finds a delimiter that begins a line.</summary>
    /// <returns>Where what stands before it ends, without the line end that belongs to the delimiter; -1 when there is none.</returns>
    private static int FindDelimiter(ReadOnlySpan<byte> body, int from, ReadOnlySpan<byte> delimiter, out int next, out bool isLast)
    {
        (next, isLast) = (0, false);
        for (int search = from; search < body.Length;)
        {
            int found = body[search..].IndexOf(delimiter);
            if (found < 0) return -1;
            found += search;
            search = found + delimiter.Length;
            bool beginsLine = found == from || body[found - 1] == '\n';
            ReadOnlySpan<byte> rest = body[search..];
            isLast = rest.StartsWith("--"u8);
            int lineEnd = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> tail = (lineEnd < 0 ? rest : rest[..lineEnd])[(isLast ? 2 : 0)..].Trim(" \t\r"u8);
            if (!beginsLine || !tail.IsEmpty || (lineEnd < 0 && !isLast)) continue;
            next = lineEnd < 0 ? body.Length : search + lineEnd + 1;
            int end = found;
            if (end > from && body[end - 1] == '\n') end--;
            if (end > from && body[end - 1] == '\r') end--;
            return end;
        }

        return -1;
    }

    private static bool TryReadPart(ReadOnlySpan<byte> part, [NotNullWhen(true)] out BodyPart? read)
    {
        read = null;
        (string type, string? id) = ("text/plain", null);
        while (true)
        {
            int end = part.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? part : part[..end]).TrimEnd("\r"u8);
            part = end < 0 ? default : part[(end + 1)..];
            if (line.IsEmpty) break;
            int colon = line.IndexOf((byte)':');
            if (colon < 0) return false;
            string name = Encoding.UTF8.GetString(line[..colon].Trim(" \t"u8)), value = Encoding.UTF8.GetString(line[(colon + 1)..].Trim(" \t"u8));
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) type = value;
            else if (name.Equals("Content-ID", StringComparison.OrdinalIgnoreCase)) id = value.Trim('<', '>');
            else if (name.Equals("Content-Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && value.ToLowerInvariant() is not ("binary" or "8bit" or "7bit")) return false;
        }

        read = new BodyPart(type, id, part.ToArray());
        return true;
    }

    private static string? Parameter(in MediaTypeView type, ReadOnlySpan<byte> name) =>
        type.Parameters.TryGet(name, out ParameterView parameter) ? Encoding.UTF8.GetString(parameter.Value).Trim('"') : null;
}

/// <summary>One part of a body with several.</summary>
/// <param name="ContentType">Its media type with parameters.</param>
/// <param name="ContentId">What other parts name it by; null when it has no name.</param>
/// <param name="Body">The part.</param>
public sealed record BodyPart(string ContentType, string? ContentId, ReadOnlyMemory<byte> Body);
