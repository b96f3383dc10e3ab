using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>Everything the server writes into its log. Event ids: 100-199 storage, accounts, location, configuration and certificates and bans; 200-299 hosting and roles.</summary>
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

    [LoggerMessage(120, LogLevel.Information, "No certificate is configured: a self-signed one was made, {Path}")]
    public static partial void CertificateMade(ILogger logger, string path);

    [LoggerMessage(121, LogLevel.Information, "The certificate has changed: {Subject}, valid until {Until:u}; new connections get it")]
    public static partial void CertificateTaken(ILogger logger, string subject, DateTime until);

    [LoggerMessage(122, LogLevel.Error, "The changed certificate is not taken: {Reason}")]
    public static partial void CertificateRefused(ILogger logger, string reason);

    [LoggerMessage(123, LogLevel.Warning, "The certificate {Path} has expired at {Until:u}: others will refuse it")]
    public static partial void CertificateExpired(ILogger logger, string path, DateTime until);

    [LoggerMessage(124, LogLevel.Warning, "The certificate {Path} is not valid before {From:u}: others will refuse it")]
    public static partial void CertificateNotYetValid(ILogger logger, string path, DateTime from);

    [LoggerMessage(125, LogLevel.Warning, "A TLS handshake of {Remote} failed: {Reason} ({Left} more since the last such line)")]
    public static partial void TlsRefused(ILogger logger, string remote, string reason, long left);

    [LoggerMessage(126, LogLevel.Warning, "No TLS connection to {Name} at {Remote}: {Reason} ({Left} more since the last such line)")]
    public static partial void TlsNotConnected(ILogger logger, string name, string remote, string reason, long left);

    [LoggerMessage(140, LogLevel.Error, "Texts that wait could not be read or written")]
    public static partial void MessagesFailed(ILogger logger, Exception problem);

    [LoggerMessage(130, LogLevel.Warning, "{Source} is shut out for {User} for {Seconds} s after {Failures} wrong passwords; parley ban lift ends it")]
    public static partial void Banned(ILogger logger, string source, string user, int seconds, int failures);

    [LoggerMessage(131, LogLevel.Warning, "{Source} is shut out for {Seconds} s after {Failures} wrong passwords; parley ban lift ends it")]
    public static partial void SourceBanned(ILogger logger, string source, int seconds, int failures);

    [LoggerMessage(132, LogLevel.Information, "The ban of {Source} {User} is lifted")]
    public static partial void BanLifted(ILogger logger, string source, string user);

    [LoggerMessage(133, LogLevel.Error, "Bans cannot be kept in the database; they stand until the server ends")]
    public static partial void BansNotKept(ILogger logger, Exception exception);

    [LoggerMessage(150, LogLevel.Debug, "No push notification was sent to the phone of {Phone}")]
    public static partial void PushFailed(ILogger logger, string phone);

    [LoggerMessage(151, LogLevel.Warning, "The webhook for push notifications fails: {Reason}")]
    public static partial void PushWebhookFails(ILogger logger, string reason);

    [LoggerMessage(152, LogLevel.Information, "The webhook for push notifications works again")]
    public static partial void PushWebhookWorks(ILogger logger);

    [LoggerMessage(160, LogLevel.Error, "Call records cannot be written")]
    public static partial void CallRecordsFailed(ILogger logger, Exception problem);

    [LoggerMessage(161, LogLevel.Warning, "Call records are lost: the disk does not follow")]
    public static partial void CallRecordsLost(ILogger logger);

    [LoggerMessage(170, LogLevel.Error, "A file of a mailbox cannot be used")]
    public static partial void VoicemailFailed(ILogger logger, Exception exception);

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

    [LoggerMessage(220, LogLevel.Error, "The function for {Uri} failed, and its call was ended")]
    public static partial void HandlerFailed(ILogger logger, string uri, Exception problem);
}
