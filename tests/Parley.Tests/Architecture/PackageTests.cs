using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Parley.Tests.Architecture;

/// <summary>A dependency is pinned, used, explained, and restored from wherever the builder's own registry is.</summary>
public sealed partial class PackageTests
{
    private static readonly XElement[] Versions = [.. Repository.Xml("Directory.Packages.props").Descendants("PackageVersion")];

    [Fact]
    public void Every_version_is_exact()
    {
        Assert.NotEmpty(Versions);
        Assert.All(Versions, version => Assert.Matches(ExactVersion(), version.Attribute("Version")!.Value));
    }

    [Fact]
    public void Every_version_stands_under_its_reason()
    {
        Assert.All(Versions, version =>
        {
            // One reason may stand above several packages that belong together.
            XNode? above = version.PreviousNode;
            while (above is XElement { Name.LocalName: "PackageVersion" } or XText) above = above.PreviousNode;
            Assert.True(above is XComment { Value.Length: > 20 }, $"{Name(version)} has no reason above it in Directory.Packages.props.");
        });
    }

    [Fact]
    public void Every_version_is_used_and_every_package_has_one()
    {
        var used = Repository.AllProjects.SelectMany(project => project.PackageReferences)
            .Concat(Repository.Xml("Directory.Build.props").Descendants("PackageReference").Select(Name))
            .Distinct(StringComparer.Ordinal);
        Assert.Equal(Versions.Select(Name).Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_project_has_versions_of_its_own()
    {
        string[] own = [.. Repository.AllProjects
            .Where(project => project.Xml.Descendants("PackageReference").Any(package => package.Attributes().Any(attribute => attribute.Name.LocalName.StartsWith("Version", StringComparison.Ordinal))))
            .Select(project => project.Path)];
        Assert.Empty(own);
    }

    [Fact]
    public void Every_project_has_a_lock_file_that_names_no_registry()
    {
        Assert.All(Repository.AllProjects, project =>
        {
            string path = Path.Combine(Repository.Root, project.Folder, "packages.lock.json");
            Assert.True(File.Exists(path), $"{project.Folder}/packages.lock.json is missing: run dotnet restore.");
        });
        string[] lockFiles = [.. Repository.Files("packages.lock.json"), .. Repository.Files("package-lock.json")];
        Assert.All(lockFiles, path => Assert.DoesNotContain("://", File.ReadAllText(Path.Combine(Repository.Root, path)), StringComparison.Ordinal));
        string[] settings = [.. Repository.Files("*").Where(path => Path.GetFileName(path).ToUpperInvariant() is "NUGET.CONFIG" or ".NPMRC")];
        Assert.Empty(settings);
    }

    private static string Name(XElement item) => item.Attribute("Include")!.Value;

    [GeneratedRegex(@"^\d+\.\d+\.\d+$")]
    private static partial Regex ExactVersion();
}
