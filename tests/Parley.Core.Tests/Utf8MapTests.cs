namespace Parley.Core.Tests;

public sealed class Utf8MapTests
{
    private static readonly Utf8Map<int> Map = new(new Dictionary<string, int> { ["bob"] = 1, ["Bob"] = 2, ["größe"] = 3, [""] = 4 });

    [Theory]
    [InlineData("bob", 1)]
    [InlineData("Bob", 2)]
    [InlineData("größe", 3)]
    [InlineData("", 4)]
    public void Finds_a_value_by_its_bytes(string text, int value)
    {
        Assert.True(Map.TryGetValue(System.Text.Encoding.UTF8.GetBytes(text), out int found));
        Assert.Equal(value, found);
    }

    [Theory]
    [InlineData("BOB")]
    [InlineData("bo")]
    public void Does_not_find_another(string text) => Assert.False(Map.TryGetValue(System.Text.Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void An_empty_map_has_nothing() => Assert.False(new Utf8Map<string>([]).TryGetValue("a"u8, out _));

    [Fact]
    public void Looking_up_makes_no_garbage()
    {
        Map.TryGetValue("bob"u8, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Map.TryGetValue("bob"u8, out _);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
