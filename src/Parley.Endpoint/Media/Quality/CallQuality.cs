using Parley.Media.Quality;

namespace Parley.Endpoint.Media.Quality;

/// <summary>How good one direction of a call is.</summary>
/// <param name="Codec">What is spoken through: <c>PCMU</c>.</param>
/// <param name="Packets">Packets that it is measured on.</param>
/// <param name="Measures">What was measured.</param>
/// <param name="Rating">How good that is, and what takes from it.</param>
/// <param name="Jitter">Interarrival jitter (RFC 3550 A.8).</param>
public readonly record struct DirectionQuality(string Codec, long Packets, QualityMeasures Measures, QualityRating Rating, TimeSpan Jitter);

/// <summary>How good a call was for five seconds.</summary>
/// <param name="Number">Which of the call's intervals: 1 and up.</param>
/// <param name="Receiving">What is heard here; null when nothing came, as on hold.</param>
/// <param name="Sending">What the other side hears; null when it does not report.</param>
public readonly record struct QualityInterval(long Number, DirectionQuality? Receiving, DirectionQuality? Sending);

/// <summary>How good a call is from its beginning until now.</summary>
/// <param name="Receiving">What is heard here; null when nothing came.</param>
/// <param name="Sending">What the other side hears; null when it does not report.</param>
/// <param name="Intervals">The last intervals, oldest first: <see cref="QualityMonitor.MaxIntervals"/> at most.</param>
/// <remarks>
/// What is heard here is measured at playout: losses are those that had to be concealed, after all repair. Of what the other side hears it tells itself: what its reports have as lost, less what its
/// extended reports say was made good, and how long it waits. Where these do not come, all that is lost counts as heard, and its delay as that of an ordinary telephone.
/// </remarks>
public sealed record CallQuality(DirectionQuality? Receiving, DirectionQuality? Sending, IReadOnlyList<QualityInterval> Intervals);
