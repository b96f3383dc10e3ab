using Parley.Core;

namespace Parley.Phone.State;

/// <summary>A time as a phone needs it: to count with, and to show.</summary>
/// <param name="Instant">Never goes back: how long a call lasts.</param>
/// <param name="Clock">What the clock on the wall says: when a call was missed.</param>
internal readonly record struct Moment(Instant Instant, DateTimeOffset Clock);
