using System.Globalization;
using System.Threading.Channels;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Tracing;
using Parley.Phone.Terminal;

namespace Parley.Output;

/// <summary>Prints each SIP message as it comes and goes, secrets left out, without holding up the lanes.</summary>
/// <remarks>Messages wait in a bounded queue for a writer of their own; what does not fit is counted and told at the end.</remarks>
internal sealed class ConsoleTrace : ISipTrace, IAsyncDisposable
{
    private readonly Channel<(DateTimeOffset At, TracedMessage Message)> _queue = Channel.CreateBounded<(DateTimeOffset, TracedMessage)>(10_000);
    private readonly TimeProvider _time;
    private readonly CommandOutput _output;
    private readonly Task _writing;
    private long _dropped;

    public ConsoleTrace(CommandOutput output, TimeProvider time)
    {
        (_output, _time) = (output, time);
        _writing = WriteAsync();
    }

    public void OnMessage(Instant now, bool isSent, NetworkAddress local, in SipFlow flow, ReadOnlySpan<byte> message)
    {
        var traced = new TracedMessage(now, isSent, local, flow.Transport, flow.Remote, message.ToArray());
        if (!_queue.Writer.TryWrite((_time.GetLocalNow(), traced))) Interlocked.Increment(ref _dropped);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
        if (_dropped > 0) _output.Note($"parley: {_dropped} messages came too fast to be printed");
    }

    private async Task WriteAsync()
    {
        await foreach ((DateTimeOffset at, TracedMessage message) in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            string time = at.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
            string transport = message.Transport.ToString().ToLowerInvariant();
            string text = message.RedactedText;
            _output.Event("message",
                ("time", at.ToString("O", CultureInfo.InvariantCulture)), ("sent", message.IsSent), ("transport", transport),
                ("local", message.Local.ToString()), ("remote", message.Remote.ToString()), ("text", text));
            if (_output.IsJson) continue;
            _output.Say(writer =>
            {
                writer.WriteLine($"{time} {(message.IsSent ? "-->" : "<--")} {transport} {message.Remote}");
                foreach (string line in TerminalText.PrintableLines(text).TrimEnd().Split('\n')) writer.WriteLine($"    {line}");
                writer.WriteLine();
            });
        }
    }
}

/// <summary>Tells several traces of each message.</summary>
internal sealed class TraceGroup(params ISipTrace[] traces) : ISipTrace
{
    public void OnMessage(Instant now, bool isSent, NetworkAddress local, in SipFlow flow, ReadOnlySpan<byte> message)
    {
        foreach (ISipTrace trace in traces) trace.OnMessage(now, isSent, local, flow, message);
    }

    /// <summary>One trace for all that are not null; null when there is none.</summary>
    public static ISipTrace? Of(params ISipTrace?[] traces)
    {
        ISipTrace[] there = [.. traces.OfType<ISipTrace>()];
        return there.Length switch { 0 => null, 1 => there[0], _ => new TraceGroup(there) };
    }
}
