namespace Parley.Media.Mixing;

/// <summary>Decides how many beats may wait between two who keep the same time and not the same moment.</summary>
/// <remarks>
/// A reader that comes a little before its writer gets a beat of silence, once: from then on a beat waits, and the next such moment costs nothing. So the
/// delay grows by itself to what the threads' unrest needs. Here it shrinks again: a beat that has never been needed for five seconds is left out
/// in a moment of silence, and what a long stall has piled up at once.
/// </remarks>
internal struct Slack
{
    private const int Spare = 1;                // that stays, whether needed or not
    private const int Most = 8;                 // 160 ms: less than is kept, so that nobody reads what is being overwritten
    private const int Patience = 250;           // beats

    private int _least;
    private int _beats;

    /// <summary>A beat is about to be taken.</summary>
    /// <param name="waiting">How many more there are.</param>
    /// <param name="isQuiet">True when nobody would miss it.</param>
    /// <returns>How many to leave out before it.</returns>
    public int Next(int waiting, bool isQuiet)
    {
        if (waiting > Most)
        {
            _beats = 0;
            return waiting - Spare;
        }

        _least = _beats == 0 ? waiting : Math.Min(_least, waiting);
        if (++_beats < Patience) return 0;
        if (_least > Spare && !isQuiet) return 0;
        _beats = 0;
        return _least > Spare ? 1 : 0;
    }
}
