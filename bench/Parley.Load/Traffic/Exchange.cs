using Parley.Core;
using Parley.Load.Messages;

namespace Parley.Load.Traffic;

/// <summary>Where an exchange is.</summary>
internal enum ExchangeState
{
    /// <summary>It is not under way.</summary>
    Idle,

    /// <summary>A request waits for its answer, which ends the exchange, or for a challenge.</summary>
    Asking,

    /// <summary>An INVITE waits for its answer.</summary>
    Inviting,

    /// <summary>A call was answered, and the callee waits for the ACK, which ends the exchange.</summary>
    Acknowledging,

    /// <summary>A BYE waits for its answer.</summary>
    Ending,
}

/// <summary>A registration, a question or a call that is under way: both its sides, because the load tool is both.</summary>
internal sealed class Exchange
{
    private readonly byte[] _dialog = new byte[2048];
    private int _toLength;
    private int _targetLength;
    private int _routesLength;

    /// <summary>Where it is.</summary>
    public ExchangeState State { get; set; }

    /// <summary>Which it is.</summary>
    public ExchangeId Id { get; set; }

    /// <summary>The number of the user that registers or is called.</summary>
    public int User { get; set; }

    /// <summary>The number of the present request in CSeq.</summary>
    public int Number { get; set; }

    /// <summary>When it should have begun, which is what its time counts from.</summary>
    public Instant Due { get; set; }

    /// <summary>When it has failed, unless something comes before.</summary>
    public Instant GiveUp { get; set; }

    /// <summary>The caller's request.</summary>
    public Repeated Request { get; } = new();

    /// <summary>The callee's answer to an INVITE.</summary>
    public Repeated Answer { get; } = new();

    /// <summary>The value of To with the callee's tag.</summary>
    public ReadOnlySpan<byte> To => _dialog.AsSpan(0, _toLength);

    /// <summary>The callee's contact.</summary>
    public ReadOnlySpan<byte> Target => _dialog.AsSpan(_toLength, _targetLength);

    /// <summary>The Route lines of the caller's next requests.</summary>
    public ReadOnlySpan<byte> Routes => _dialog.AsSpan(_toLength + _targetLength, _routesLength);

    /// <summary>Keeps what the requests after an answered INVITE need of the answer.</summary>
    public void KeepDialog(in ReceivedMessage answer)
    {
        var writer = new MessageWriter(_dialog);
        writer.Text(answer.To);
        writer.Text(answer.Contact);
        (_toLength, _targetLength) = (answer.To.Length, answer.Contact.Length);
        _routesLength = Answers.WriteRoutes(_dialog.AsSpan(_toLength + _targetLength), answer.Bytes);
    }

    /// <summary>Begins without a dialog.</summary>
    public void ForgetDialog()
    {
        (_toLength, _targetLength, _routesLength) = (0, 0, 0);
        Answer.End();
    }

    /// <summary>Touches its memory, so that the system need not do it while something is measured.</summary>
    public void Touch()
    {
        _dialog.AsSpan().Fill(1);
        Request.Touch();
        Answer.Touch();
    }
}
