namespace Parley.UserAgent;

/// <summary>A call was not answered, or ended before what was asked of it was done.</summary>
public sealed class CallFailedException : Exception
{
    internal CallFailedException(CallEnd end)
        : base($"The call ended: {end}.") => End = end;

    /// <summary>How it ended.</summary>
    public CallEnd End { get; }

    /// <summary>The SIP status.</summary>
    public int StatusCode => End.StatusCode;
}
