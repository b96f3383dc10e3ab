using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Services;
using Parley.UserAgent;

namespace Parley.Server.Application;

/// <summary>A server with a program's own rules, in a few lines.</summary>
/// <remarks>
/// <code>
/// await using ParleyApplication app = ParleyApplication.Create();         // parley.json, PARLEY__ variables
/// app.Use((ref request) => request.Method == SipMethod.Message ? request.Reply(405) : StepResult.Continue);
/// app.MapInvite("time", call => call.AnswerAsync(new CallAudio { Source = speakingClock, HangUpAfterSource = true }));
/// await app.RunAsync();
/// </code>
/// What is used is asked in the order in which it was added, once the caller is known and before targets are looked for.
/// </remarks>
public sealed class ParleyApplication : IAsyncDisposable
{
    private readonly List<Func<SipLane, IRequestStep>> _steps = [];
    private readonly Dictionary<string, Func<Call, Task>> _handlers = [];
    private readonly ParleyConfiguration _configuration;
    private readonly ParleyServerOptions _options;
    private ParleyServer? _server;

    /// <summary>An application that does not run yet.</summary>
    /// <param name="configuration">What its server is to be.</param>
    /// <param name="options">What the server is given; its steps come before those of the application.</param>
    public ParleyApplication(ParleyConfiguration configuration, ParleyServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        (_configuration, _options) = (configuration, options ?? new ParleyServerOptions());
    }

    /// <summary>The running server.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public ParleyServer Server => _server ?? throw new InvalidOperationException("The application does not run.");

    /// <summary>An application that is configured as <c>parley serve</c> is: by parley.json in the working directory, where there is one, and by the environment.</summary>
    /// <param name="file">Another file, which must be there.</param>
    /// <param name="logging">Where the log goes; nowhere by default.</param>
    /// <exception cref="InvalidOperationException">The configuration has a mistake; the message names the place and what is allowed.</exception>
    public static ParleyApplication Create(string? file = null, ILoggerFactory? logging = null)
    {
        if (!ParleyConfiguration.TryLoad(ConfigurationSources.OfThisProcess(file, []), out ParleyConfiguration? configuration, out ConfigurationError? error))
        {
            throw new InvalidOperationException(error.Message);
        }

        return new ParleyApplication(configuration, logging is null ? null : new ParleyServerOptions { Logging = logging });
    }

    /// <summary>Adds a step.</summary>
    /// <returns>The application.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public ParleyApplication Use(RequestStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return Use(_ => new FunctionStep(step));
    }

    /// <summary>Adds a step of which each lane has its own, so that it needs no lock.</summary>
    /// <param name="create">Makes one for a lane.</param>
    /// <returns>The application.</returns>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public ParleyApplication Use(Func<SipLane, IRequestStep> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (_server is not null) throw new InvalidOperationException("The application runs already: its steps are those that it began with.");
        _steps.Add(create);
        return this;
    }

    /// <summary>Answers calls for a user by a function: an announcement, a menu, a bot.</summary>
    /// <param name="user">The user, of each of the server's domains; it needs no account.</param>
    /// <param name="handler">Gets each call before it rings. A call that it has not ended when it returns is hung up, one that it has not answered is refused:
    /// await <see cref="Call.Ended"/> to stay in it. An exception is logged, and the caller gets 500.</param>
    /// <returns>The application.</returns>
    /// <exception cref="InvalidOperationException">It runs already, or has the user.</exception>
    public ParleyApplication MapInvite(string user, Func<Call, Task> handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(handler);
        if (_server is not null) throw new InvalidOperationException("The application runs already: its users are those that it began with.");
        if (!_handlers.TryAdd(user, handler)) throw new InvalidOperationException($"There is a function for {user} already.");
        return this;
    }

    /// <summary>Starts the server; it is ready when the task completes.</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    /// <remarks>Throws what <see cref="ParleyServer.StartAsync"/> does.</remarks>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        if (_server is not null) throw new InvalidOperationException("An application is started once.");
        _server = new ParleyServer(_configuration, _options with { Steps = [.. _options.Steps, .. _steps], Service = CreateService() });
        await _server.StartAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends calls and stops the server.</summary>
    public Task StopAsync() => _server?.StopAsync() ?? Task.CompletedTask;

    /// <summary>Starts the server, waits for the token or for Ctrl-C, and stops it in order.</summary>
    public async Task RunAsync(CancellationToken cancellation = default)
    {
        var ending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ConsoleCancelEventHandler onInterrupt = (_, interrupt) => interrupt.Cancel = ending.TrySetResult();      // the second one ends the process
        Console.CancelKeyPress += onInterrupt;
        try
        {
            await using (cancellation.Register(() => ending.TrySetResult()).ConfigureAwait(false))
            {
                await StartAsync(cancellation).ConfigureAwait(false);
                await ending.Task.ConfigureAwait(false);
            }

            await StopAsync().ConfigureAwait(false);
        }
        finally
        {
            Console.CancelKeyPress -= onInterrupt;
        }
    }

    private Func<SipLane, MediaPorts, ParleyConfiguration, ILocalService>? CreateService()
    {
        if (_handlers.Count == 0) return null;
        var handlers = new Utf8Map<Func<Call, Task>>(_handlers);
        ILogger logger = _options.Logging.CreateLogger("Parley.Application");
        return (lane, ports, configuration) => new MappedCalls(lane, ports, configuration, handlers, logger);
    }

    /// <summary>Stops the server.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync().ConfigureAwait(false);
    }
}
