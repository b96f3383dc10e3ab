using System.Globalization;

namespace Parley.Media.Codecs;

/// <summary>The codecs that a program has, in order of preference. Immutable.</summary>
public sealed class AudioCodecs
{
    private readonly IAudioCodec[] _codecs;

    /// <summary>A choice of codecs.</summary>
    /// <exception cref="ArgumentException">There is none, or two have the same name and rate.</exception>
    public AudioCodecs(IEnumerable<IAudioCodec> codecs)
    {
        _codecs = [.. codecs];
        if (_codecs.Length == 0) throw new ArgumentException("At least one codec.", nameof(codecs));
        if (_codecs.DistinctBy(c => (c.Format.Name.ToUpperInvariant(), c.Format.ClockRate, c.Format.Channels)).Count() != _codecs.Length)
            throw new ArgumentException("A codec is there twice.", nameof(codecs));
    }

    /// <summary>What is offered when nothing else is asked for: Opus where its library is installed, G.722, PCMU and PCMA.</summary>
    public static AudioCodecs Default { get; } = new([.. OpusCodec.IsAvailable ? [new OpusCodec()] : (IAudioCodec[])[], new G722Codec(), new MuLawCodec(), new ALawCodec()]);

    /// <summary>All that can be asked for here. Opus and G.729 are among them where their libraries are installed.</summary>
    public static AudioCodecs All { get; } = new([
        .. Default._codecs,
        .. G729Codec.IsAvailable ? [new G729Codec()] : (IAudioCodec[])[],
        new L16Codec(16000), new L16Codec(48000), new L16Codec(44100), new L16Codec(8000)]);

    /// <summary>The codecs that are not there because the library is not that they stand on.</summary>
    /// <value>The encoding name, compared without regard to case, and the library's file.</value>
    public static IReadOnlyDictionary<string, string> Missing { get; } = FindMissing();

    /// <summary>The codecs, the preferred one first.</summary>
    public ReadOnlySpan<IAudioCodec> Span => _codecs;

    /// <summary>Finds the codec of an <c>rtpmap</c>.</summary>
    /// <returns>Null when there is none.</returns>
    public IAudioCodec? Find(string name, int clockRate, int channels)
    {
        foreach (IAudioCodec codec in _codecs)
        {
            if (codec.Format.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                && codec.Format.ClockRate == clockRate && codec.Format.Channels == channels) return codec;
        }

        return null;
    }

    /// <summary>The codecs of a comma-separated list of names such as <c>pcma,l16/16000</c>, in its order.</summary>
    /// <param name="names">Names without regard to case; one without a clock rate stands for all of its codecs.</param>
    /// <param name="unknown">The first name that none of these codecs has; null when all are known.</param>
    /// <returns>Null when a name is unknown or there is none.</returns>
    public AudioCodecs? Select(string names, out string? unknown)
    {
        unknown = null;
        List<IAudioCodec> chosen = [];
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            IAudioCodec[] named = Array.FindAll(_codecs, c => IsNamed(c.Format, name));
            if (named.Length == 0)
            {
                unknown = name;
                return null;
            }

            chosen.AddRange(named.Where(codec => !chosen.Contains(codec)));
        }

        return chosen.Count == 0 ? null : new AudioCodecs(chosen);
    }

    private static Dictionary<string, string> FindMissing()
    {
        Dictionary<string, string> missing = new(StringComparer.OrdinalIgnoreCase);
        if (!OpusCodec.IsAvailable) missing.Add("opus", NativeCodecs.FileOf(LibOpus.Library));
        if (!G729Codec.IsAvailable) missing.Add("G729", NativeCodecs.FileOf(LibBcg729.Library));
        return missing;
    }

    private static bool IsNamed(AudioFormat format, string name) =>
        name.Equals(format.Name, StringComparison.OrdinalIgnoreCase)
        || name.Equals(string.Create(CultureInfo.InvariantCulture, $"{format.Name}/{format.ClockRate}"), StringComparison.OrdinalIgnoreCase);
}
