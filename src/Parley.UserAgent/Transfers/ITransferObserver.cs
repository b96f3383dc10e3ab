namespace Parley.UserAgent.Transfers;

/// <summary>Hears what becomes of a REFER of this side, on the lane.</summary>
public interface ITransferObserver
{
    /// <summary>The other side told how far it has come: a status of 100 to 199.</summary>
    void OnProgress(int statusCode, string reasonPhrase)
    {
    }

    /// <summary>It is over. Called once and last.</summary>
    /// <param name="statusCode">200 to 299 when the one who was referred has reached the target, or does not tell (RFC 4488); else why not.</param>
    /// <param name="reasonPhrase">Its phrase, or one line on what happened.</param>
    void OnDone(int statusCode, string reasonPhrase);
}

/// <summary>Decides what becomes of a REFER that comes in, on the lane.</summary>
public interface ITransferHandler
{
    /// <summary>Somebody asks this side to call somebody else. The handler accepts or rejects now, or within 20 s: then it is declined.</summary>
    void OnTransferRequested(IncomingTransfer transfer);
}
