using Parley.Core;
using Parley.Net;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Infos;

/// <summary>Presses keys by INFO, one after the other: none is sent before the one ahead of it was answered, and held down for its time.</summary>
/// <remarks>A request has no place in the sound, so the other side has the keys in order only when each waits for the last. Source: RFC 6086 4.4.</remarks>
internal sealed class KeysByInfo(UserAgentCore core, CallLeg leg) : LoopTimer
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(100), Pause = TimeSpan.FromMilliseconds(100);      // as with the sound

    private readonly Queue<Batch> _batches = [];
    private int _waiting;
    private int _next;
    private Instant _notBefore = Instant.Zero;
    private bool _isUnderWay;
    private bool _isStopped;

    /// <summary>Sends keys behind those that wait.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <param name="kind">By which body.</param>
    /// <param name="done">Hears the status and phrase of what came of it, once: the first refusal ends it.</param>
    /// <returns>False when too many wait.</returns>
    public bool TryAdd(string digits, KeyTransport kind, Action<int, string>? done)
    {
        if (_isStopped || digits.Length == 0 || _waiting + digits.Length > CallMedia.MaxDigits) return false;
        _batches.Enqueue(new Batch(digits, kind, done));
        _waiting += digits.Length;
        TrySend();
        return true;
    }

    /// <summary>The call is over: what waits fails.</summary>
    public void Stop()
    {
        _isStopped = true;
        core.Lane.Loop.Schedule(this, Instant.Never);
        while (_batches.TryDequeue(out Batch batch)) batch.Done?.Invoke(487, "The call has ended");
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => TrySend();

    private void TrySend()
    {
        if (_isStopped || _isUnderWay || !_batches.TryPeek(out Batch batch)) return;
        Instant now = core.Lane.Now;
        if (now < _notBefore)
        {
            core.Lane.Loop.Schedule(this, _notBefore);
            return;
        }

        _isUnderWay = true;
        _notBefore = now + Duration + Pause;
        char digit = batch.Digits[_next++];
        _waiting--;
        leg.StartInfo(KeyBody.Write(digit, batch.Kind, Duration), OnAnswer);
    }

    private void OnAnswer(int status, string phrase)
    {
        _isUnderWay = false;
        if (_isStopped) return;
        Batch batch = _batches.Peek();
        if (status >= 300 || _next == batch.Digits.Length)
        {
            _waiting -= batch.Digits.Length - _next;
            _next = 0;
            _batches.Dequeue();
            batch.Done?.Invoke(status, phrase);
        }

        TrySend();
    }

    private readonly record struct Batch(string Digits, KeyTransport Kind, Action<int, string>? Done);
}
