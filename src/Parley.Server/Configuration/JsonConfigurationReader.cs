using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Server.Configuration;

/// <summary>Reads JSON with comments and trailing commas into nodes that know their lines.</summary>
internal static class JsonConfigurationReader
{
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    /// <summary>Reads a file's content.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="source">What the content is called in messages: <c>parley.json</c>.</param>
    /// <param name="root">The value that it is.</param>
    /// <param name="error">Why it is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, string source, out ConfigurationNode root, out ConfigurationError error)
    {
        (root, error) = (null!, null!);
        if (json.StartsWith(Encoding.UTF8.Preamble)) json = json[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(json, Options);
        var lines = new LineCounter(json, source);
        try
        {
            reader.Read();
            root = ReadValue(ref reader, ref lines);
            while (reader.Read())
            {
                // What follows the value is no JSON: the reader throws and says where.
            }

            return true;
        }
        catch (JsonException e)
        {
            string reason = e.Message;
            int position = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
            if (position >= 0) reason = reason[..position];
            error = new ConfigurationError(string.Create(CultureInfo.InvariantCulture, $"{source} line {e.LineNumber + 1}: this is no JSON: {reason}"));
            return false;
        }
        catch (InvalidOperationException)
        {
            error = new ConfigurationError($"{lines.At(reader.TokenStartIndex)}: a text has bytes that are no UTF-8");
            return false;
        }
    }

    private static ConfigurationNode ReadValue(ref Utf8JsonReader reader, ref LineCounter lines)
    {
        string origin = lines.At(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new List<ConfigurationMember>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    string nameOrigin = lines.At(reader.TokenStartIndex);
                    reader.Read();
                    members.Add(new ConfigurationMember(name, ReadValue(ref reader, ref lines), nameOrigin));
                }

                return ConfigurationNode.Object(members, origin);
            case JsonTokenType.StartArray:
                var items = new List<ConfigurationNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadValue(ref reader, ref lines));
                return ConfigurationNode.List(items, origin);
            case JsonTokenType.String:
                return ConfigurationNode.Scalar(NodeKind.Text, reader.GetString()!, origin);
            case JsonTokenType.Number:
                return ConfigurationNode.Scalar(NodeKind.Number, Encoding.UTF8.GetString(reader.ValueSpan), origin);
            case JsonTokenType.True:
                return ConfigurationNode.Scalar(NodeKind.Boolean, "true", origin);
            case JsonTokenType.False:
                return ConfigurationNode.Scalar(NodeKind.Boolean, "false", origin);
            default:
                return ConfigurationNode.Scalar(NodeKind.Null, "null", origin);
        }
    }

    /// <summary>Tells the line of an offset; offsets come in rising order.</summary>
    private ref struct LineCounter(ReadOnlySpan<byte> text, string source)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _counted;
        private int _line = 1;

        public string At(long offset)
        {
            _line += _text[_counted..(int)offset].Count((byte)'\n');
            _counted = (int)offset;
            return string.Create(CultureInfo.InvariantCulture, $"{source} line {_line}");
        }
    }
}
