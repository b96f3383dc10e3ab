using Parley.Core;
using Parley.Phone.Desk;
using Parley.Phone.State;

namespace Parley.Phone;

/// <summary>Runs the phone: gives what happens to who shows it, and what is wanted to the desk, until all is ended.</summary>
internal static class PhoneRun
{
    /// <summary>Runs it.</summary>
    /// <param name="desk">What works.</param>
    /// <param name="state">What is known.</param>
    /// <param name="front">What the user sees.</param>
    /// <param name="time">The clocks.</param>
    /// <param name="cancellationToken">The wish to end, which is followed properly: calls are ended and accounts unregistered.</param>
    /// <returns>False when it was interrupted rather than left.</returns>
    public static async Task<bool> RunAsync(PhoneDesk desk, PhoneState state, IPhoneFront front, TimeProvider time, CancellationToken cancellationToken)
    {
        var clock = new MonotonicClock(time);
        bool isInterrupted = false;
        await using CancellationTokenRegistration ending = cancellationToken.Register(desk.End);
        await foreach (PhoneInput input in desk.Inputs.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            foreach (PhoneIntent intent in front.Take(new Moment(clock.Now, time.GetLocalNow()), input))
            {
                isInterrupted |= intent is Quit { IsInterrupt: true };
                foreach (PhoneIntent step in state.Decide(intent)) desk.Do(step);
            }
        }

        return !isInterrupted && !cancellationToken.IsCancellationRequested;
    }
}
