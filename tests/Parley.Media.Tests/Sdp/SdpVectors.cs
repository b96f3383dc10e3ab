using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

/// <summary>The descriptions in vectors/sdp.</summary>
internal static class SdpVectors
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "vectors", "sdp");

    public static IEnumerable<string> Files => Directory.GetFiles(Folder, "*.sdp").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Files];

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static SessionDescription FromFile(string name) => Read(Bytes(name));

    public static SessionDescription Read(ReadOnlySpan<byte> text)
    {
        Assert.True(SessionDescription.TryParse(text, out SessionDescription? description, out SdpError error), error.ToString());
        return description;
    }

    /// <summary>A description of lines, each ended by the test's compiler with a line feed.</summary>
    public static SessionDescription Read(string text)
    {
        Assert.True(SessionDescription.TryParse(text, out SessionDescription? description, out SdpError error), error.ToString());
        return description;
    }
}
