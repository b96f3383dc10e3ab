using Microsoft.Extensions.Logging;

namespace Parley;

/// <summary>What the program itself writes into the log. Event ids: 400-499.</summary>
internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Debug, "{Type}.{Member} is not compiled before it is called: {Reason}")]
    public static partial void NotPrepared(ILogger logger, string? type, string member, string reason);
}
