using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>Everything the server writes into its log. Event ids: 100-199 storage, accounts, location and configuration; 200-299 hosting and roles.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Error, "{Count} bindings were not saved and their registrations are answered 500")]
    public static partial void CommitFailed(ILogger logger, int count, Exception exception);

    [LoggerMessage(101, LogLevel.Error, "{Count} stored bindings are damaged and left out; they come back when their phones register again")]
    public static partial void DamagedBindings(ILogger logger, int count);

    [LoggerMessage(102, LogLevel.Error, "Accounts cannot be read from the database; those that are known stay in use")]
    public static partial void AccountsNotRefreshed(ILogger logger, Exception exception);

    [LoggerMessage(103, LogLevel.Warning, "The journal of bindings could not be forced onto the disk or shortened; nothing is lost")]
    public static partial void StoreNotMaintained(ILogger logger, Exception exception);

    [LoggerMessage(110, LogLevel.Information, "The configuration has changed: {Keys}")]
    public static partial void ConfigurationTaken(ILogger logger, string keys);

    [LoggerMessage(111, LogLevel.Warning, "These keys of the configuration have changed and wait for a restart: {Keys}")]
    public static partial void ConfigurationNeedsRestart(ILogger logger, string keys);

    [LoggerMessage(112, LogLevel.Error, "The changed configuration is not taken: {Reason}")]
    public static partial void ConfigurationRefused(ILogger logger, string reason);

    [LoggerMessage(200, LogLevel.Information, "Listening on {Uri}")]
    public static partial void Listening(ILogger logger, string uri);

    [LoggerMessage(201, LogLevel.Information, "Ready with {Accounts} accounts, of which {Registered} are registered")]
    public static partial void Started(ILogger logger, int accounts, int registered);

    [LoggerMessage(202, LogLevel.Warning, "Stopped while {Count} requests were under way")]
    public static partial void StoppedEarly(ILogger logger, int count);

    [LoggerMessage(203, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(204, LogLevel.Error, "A message was dropped because its handling failed")]
    public static partial void Fault(ILogger logger, Exception fault);
}
