using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Phone.Terminal;

namespace Parley.Output;

/// <summary>What a command says: words for people, or an event a line for programs.</summary>
/// <remarks>
/// With <c>--json</c> standard output has the events and nothing else, and people's words go to standard error. Words may have texts of strangers in them, so what a
/// terminal would obey is taken out. Safe on every thread.
/// </remarks>
internal sealed class CommandOutput(bool isJson, TextWriter standardOutput, TextWriter standardError, bool isTerminal = false)
{
    private const int LiveWidth = 79;       // a longer line would wrap, and then stay
    private const string Erase = "\r\u001b[K";

    private readonly Lock _gate = new();
    private bool _isLive;                   // the cursor is behind a line that is rewritten

    /// <summary>True when a program reads.</summary>
    public bool IsJson => isJson;

    /// <summary>Says something to people.</summary>
    public void Say(string words)
    {
        lock (_gate)
        {
            TextWriter writer = isJson ? standardError : standardOutput;
            EndLive();
            writer.WriteLine(TerminalText.PrintableLines(words));
            writer.Flush();
        }
    }

    /// <summary>Shows a line in the place of the one that this showed last; nothing where no terminal is. What is said later takes its place.</summary>
    public void Live(string words)
    {
        if (isJson || !isTerminal) return;
        lock (_gate)
        {
            string line = TerminalText.PrintableLines(words);
            standardOutput.Write(Erase + (line.Length > LiveWidth ? line[..LiveWidth] : line));
            standardOutput.Flush();
            _isLive = true;
        }
    }

    /// <summary>Writes several lines to people at once.</summary>
    public void Say(Action<TextWriter> write)
    {
        lock (_gate)
        {
            TextWriter writer = isJson ? standardError : standardOutput;
            EndLive();
            write(writer);
            writer.Flush();
        }
    }

    /// <summary>Says something that is not the command's result to people: how far it is, what it waits for.</summary>
    public void Note(string words)
    {
        lock (_gate)
        {
            EndLive();
            standardError.WriteLine(TerminalText.PrintableLines(words));
            standardError.Flush();
        }
    }

    /// <summary>Writes an event for programs; nothing without <c>--json</c>.</summary>
    /// <param name="name">Which event.</param>
    /// <param name="fields">Names in camel case with strings, numbers, booleans or lists of strings; null values are left out.</param>
    public void Event(string name, params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        if (!isJson) return;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            foreach ((string field, object? value) in fields) WriteField(json, field, value);
            json.WriteEndObject();
        }

        lock (_gate)
        {
            standardOutput.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
            standardOutput.Flush();
        }
    }

    /// <summary>Says why the command failed, to people and programs.</summary>
    public void Fail(string reason, int? statusCode = null)
    {
        Event("failed", ("reason", reason), ("status", statusCode));
        lock (_gate)
        {
            EndLive();
            standardError.WriteLine($"parley: {TerminalText.PrintableLines(reason)}");
            standardError.Flush();
        }
    }

    private void EndLive()
    {
        if (!_isLive) return;
        _isLive = false;
        standardOutput.Write(Erase);
        standardOutput.Flush();
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: break;
            case string text: json.WriteString(name, text); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case int number: json.WriteNumber(name, number); break;
            case long number: json.WriteNumber(name, number); break;
            case double number: json.WriteNumber(name, Math.Round(number, 3)); break;
            case IEnumerable<string> list:
                json.WriteStartArray(name);
                foreach (string item in list) json.WriteStringValue(item);
                json.WriteEndArray();
                break;
            default: throw new ArgumentException($"An event has no field of {value.GetType()}.", nameof(value));
        }
    }
}
