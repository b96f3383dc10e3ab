namespace Parley.Sip.Dialogs;

/// <summary>States of a <see cref="Dialog"/>.</summary>
/// <remarks>Source: RFC 3261 12.</remarks>
public enum DialogState
{
    /// <summary>Made by a provisional response.</summary>
    Early,

    /// <summary>A 2xx was sent or has come.</summary>
    Confirmed,

    /// <summary>Over: refused, ended with BYE, or given up.</summary>
    Terminated,
}

/// <summary>Answers of <see cref="Dialog.TryTakeRequest"/>. Behind each, what the request is answered with.</summary>
public enum DialogRequestResult
{
    /// <summary>It is the dialog's next.</summary>
    Ok,

    /// <summary>It is of another dialog, or of one that is over: 481 (Call/Transaction Does Not Exist); an ACK is dropped.</summary>
    UnknownDialog,

    /// <summary>A later request came before it, or it came before: 500 (Server Internal Error).</summary>
    OutOfOrder,

    /// <summary>What places it is missing or malformed: 400 (Bad Request).</summary>
    Malformed,
}
