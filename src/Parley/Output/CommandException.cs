namespace Parley.Output;

/// <summary>A command cannot go on, and its message says to the person why, in one line.</summary>
internal sealed class CommandException : Exception
{
    private CommandException(string message, int exitCode, int? statusCode)
        : base(message)
    {
        (Code, StatusCode) = (exitCode, statusCode);
    }

    /// <summary>The exit code.</summary>
    public int Code { get; }

    /// <summary>The SIP status, where there is one.</summary>
    public int? StatusCode { get; }

    public static CommandException Failed(string reason, int? statusCode = null) => new(reason, ExitCode.Failed, statusCode);

    public static CommandException Usage(string reason) => new(reason, ExitCode.Usage, statusCode: null);
}
