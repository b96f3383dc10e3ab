using Parley.Phone.Terminal;

namespace Parley.Phone.State;

/// <summary>Something that the phone's one reader takes, in order: news, keys, lines.</summary>
internal abstract record PhoneInput;

/// <summary>A key was pressed.</summary>
internal sealed record KeyPressed(Key Key) : PhoneInput;

/// <summary>A second has passed, or the terminal has another size: what is shown may not be true any more.</summary>
/// <param name="IsAnew">True when nothing is left of what was shown.</param>
internal sealed record ScreenStale(bool IsAnew = false) : PhoneInput;

/// <summary>A line of standard input; null at its end.</summary>
internal sealed record LineRead(string? Line) : PhoneInput;
