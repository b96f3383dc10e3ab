using System.CommandLine;
using Parley.Endpoint.Tracing;
using Parley.Media.Codecs;
using Parley.Output;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary>A phone that a command has opened, with what listens in on its messages.</summary>
internal sealed class PhoneLine : IAsyncDisposable
{
    private readonly ConsoleTrace? _trace;
    private bool _isDisposed;

    private PhoneLine(SipUserAgent agent, ConsoleTrace? trace, MessageLog? log)
    {
        (Agent, _trace, Log) = (agent, trace, log);
    }

    /// <summary>The phone.</summary>
    public SipUserAgent Agent { get; }

    /// <summary>What went over its sockets; null unless asked for.</summary>
    public MessageLog? Log { get; }

    /// <summary>Opens the phone of a command line.</summary>
    public static async Task<PhoneLine> OpenAsync(
        PhoneOptions options, ParseResult parse, CommandOutput output, CancellationToken cancellationToken, bool keepsLog = false, int maxWaitingMessages = 0, bool takesTransfers = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ConsoleTrace? trace = options.IsTraced(parse) ? new ConsoleTrace(output, TimeProvider.System) : null;
        MessageLog? log = keepsLog ? new MessageLog() : null;
        try
        {
            SipUserAgent agent = await SipUserAgent.StartAsync(options.Read(parse, TraceGroup.Of(trace, log), maxWaitingMessages) with { TakesTransfers = takesTransfers }).ConfigureAwait(false);
            if (options.OffersDefaultCodecs(parse) && AudioCodecs.Missing.TryGetValue("opus", out string? file)) output.Note($"Opus is not offered: {file} is not installed");
            return new PhoneLine(agent, trace, log);
        }
        catch (ArgumentException problem)
        {
            if (trace is not null) await trace.DisposeAsync().ConfigureAwait(false);
            throw CommandException.Usage(problem.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await Agent.DisposeAsync().ConfigureAwait(false);
        if (_trace is not null) await _trace.DisposeAsync().ConfigureAwait(false);
    }
}
