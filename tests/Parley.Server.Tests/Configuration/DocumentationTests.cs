using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Parley.Server.Configuration;

namespace Parley.Server.Tests.Configuration;

/// <summary>docs/configuration.md and the keys say the same.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(RepositoryFolder(), "docs", "configuration.md"));

    [Fact]
    public void Each_key_is_documented_with_its_default_and_when_it_is_taken()
    {
        var rows = Row().Matches(Text).ToDictionary(row => row.Groups["key"].Value);
        Assert.Equal(ConfigurationKeys.All.Select(key => key.Name).Order(), rows.Keys.Order());

        Assert.True(ParleyConfiguration.TryLoad(new ConfigurationSources(), out ParleyConfiguration? defaults, out _));
        foreach (ConfigurationKey key in ConfigurationKeys.All)
        {
            Assert.Equal(key.CanReload ? "reload" : "restart", rows[key.Name].Groups["when"].Value);
            Assert.Contains(key.Show(defaults), rows[key.Name].Groups["default"].Value, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_example_with_all_keys_can_be_loaded()
    {
        string example = Example().Match(Text).Groups["json"].Value;
        foreach (ConfigurationKey key in ConfigurationKeys.All.Where(key => key.Name != "database")) Assert.Contains($"\"{key.Leaf}\"", example, StringComparison.Ordinal);
        using var file = new TestFile(example);
        Assert.True(ParleyConfiguration.TryLoad(new ConfigurationSources { File = file.Path }, out _, out ConfigurationError? error), error?.Message);
    }

    [GeneratedRegex("^\\| `(?<key>[^`]+)` \\|[^|]*\\|(?<default>[^|]*)\\|[^|]*\\| (?<when>\\w+) \\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();

    [GeneratedRegex("```json\\n(?<json>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Example();

    private static string RepositoryFolder([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
}
