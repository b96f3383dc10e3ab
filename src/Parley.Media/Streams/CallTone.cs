namespace Parley.Media.Streams;

/// <summary>The tones by which a telephone network says how a call goes.</summary>
/// <remarks>Source: ITU-T E.180.</remarks>
public enum CallTone
{
    /// <summary>A number may be dialled.</summary>
    Dial,

    /// <summary>It rings at the other side.</summary>
    Ringing,

    /// <summary>The other side is in a call.</summary>
    Busy,

    /// <summary>The call cannot be put through.</summary>
    Congestion,

    /// <summary>Somebody else calls meanwhile.</summary>
    CallWaiting,
}

/// <summary>How a tone sounds.</summary>
/// <param name="FirstHertz">Its frequency.</param>
/// <param name="SecondHertz">The frequency that sounds with it; 0 for none.</param>
/// <param name="ModulationHertz">How often a second it swells; 0 for not.</param>
/// <param name="Cadence">How many milliseconds it sounds and pauses in turn, from the beginning again at its end; empty for a tone that goes on.</param>
public sealed record ToneShape(double FirstHertz, double SecondHertz, double ModulationHertz, IReadOnlyList<int> Cadence);
