using Parley.Core;

namespace Parley.Server.Voicemail;

/// <summary>Goes through the messages of a mailbox by keys: a core without sound, files or clock, which is fed keys and the time and drained of steps.</summary>
/// <remarks>
/// <code>
///             Begin                    all of it was played
/// (nothing) --------> Playing a message --------------------> Waiting 5 s for a key
///                       ^   ^  |                                   |
///                       |   |  1 (again), 2 (keep), 3 (delete)     | a key, or none: kept
///                       |   +--+                                   |
///                       +-------------- the next one --------------+---- none is left ---> Leaving ---> Over
/// </code>
/// A message counts as heard when it was played to its end and nobody pressed 3 within five seconds, or was kept by 2: who hangs up before has it for a new one the next time.
/// </remarks>
internal sealed class MailboxPlayback(IReadOnlyList<VoicemailMessage> messages)
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(5);

    private readonly Queue<MailboxStep> _steps = new();
    private int _current;
    private bool _isWaiting;
    private bool _isLeaving;

    /// <summary>When <see cref="OnDeadline"/> wants to be called.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Begins with the first message.</summary>
    public void Begin() => PlayOrLeave();

    /// <summary>A key was pressed; others than 1, 2 and 3 mean nothing.</summary>
    public void OnKey(char key)
    {
        if (_isLeaving || key is not ('1' or '2' or '3')) return;
        Stop();
        if (key == '2') Tell(MailboxStepKind.Keep);
        if (key == '3') Tell(MailboxStepKind.Delete);
        if (key != '1') _current++;
        PlayOrLeave();
    }

    /// <summary>All that was to be played has been.</summary>
    public void OnPlayed(Instant now)
    {
        if (_isLeaving)
        {
            _steps.Enqueue(new MailboxStep(MailboxStepKind.HangUp, null));
            return;
        }

        if (_isWaiting) return;     // the tone that says so
        _isWaiting = true;
        NextDeadline = now + KeyTimeout;
        Tell(MailboxStepKind.Wait);
    }

    /// <summary>The message that is to be played is not there any more.</summary>
    public void OnMissing()
    {
        if (_isLeaving) return;
        Stop();
        _current++;
        PlayOrLeave();
    }

    /// <summary>The time came; calling it early does nothing.</summary>
    public void OnDeadline(Instant now)
    {
        if (now < NextDeadline) return;
        Stop();
        Tell(MailboxStepKind.Keep);
        _current++;
        PlayOrLeave();
    }

    /// <summary>Gives what is to be done, in order.</summary>
    public bool TryTake(out MailboxStep step) => _steps.TryDequeue(out step);

    private void PlayOrLeave()
    {
        _isLeaving = _current >= messages.Count;
        if (_isLeaving) _steps.Enqueue(new MailboxStep(MailboxStepKind.Leave, null));
        else Tell(MailboxStepKind.Play);
    }

    private void Stop() => (_isWaiting, NextDeadline) = (false, Instant.Never);

    private void Tell(MailboxStepKind kind) => _steps.Enqueue(new MailboxStep(kind, messages[_current]));
}

/// <summary>Something that a <see cref="MailboxPlayback"/> wants done.</summary>
/// <param name="Kind">What.</param>
/// <param name="Message">With which message; null where it is none.</param>
internal readonly record struct MailboxStep(MailboxStepKind Kind, VoicemailMessage? Message);

/// <summary>What a <see cref="MailboxPlayback"/> wants done.</summary>
internal enum MailboxStepKind
{
    /// <summary>To play a message, in the place of what is played.</summary>
    Play,

    /// <summary>To play the tone that asks for a key.</summary>
    Wait,

    /// <summary>To note that a message was heard.</summary>
    Keep,

    /// <summary>To delete a message, and play the tone of that.</summary>
    Delete,

    /// <summary>To play the tone that says that there are no more.</summary>
    Leave,

    /// <summary>To hang up.</summary>
    HangUp,
}
