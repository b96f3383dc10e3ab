using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

/// <summary>A test that needs libopus.</summary>
public sealed class OpusFactAttribute : FactAttribute
{
    public OpusFactAttribute()
    {
        if (!OpusCodec.IsAvailable) Skip = "libopus is not installed.";
    }
}

/// <summary>A table of tests that need libopus.</summary>
public sealed class OpusTheoryAttribute : TheoryAttribute
{
    public OpusTheoryAttribute()
    {
        if (!OpusCodec.IsAvailable) Skip = "libopus is not installed.";
    }
}
