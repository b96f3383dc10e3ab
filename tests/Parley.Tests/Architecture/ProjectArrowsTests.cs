using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Parley.Tests.Architecture;

/// <summary>Arrows between projects point down only: ARCHITECTURE.md, "The rooms".</summary>
public sealed class ProjectArrowsTests
{
    // A project and what it stands on. What those stand on is allowed as well.
    private static readonly Dictionary<string, string[]> StandsOn = new(StringComparer.Ordinal)
    {
        ["Parley.Core"] = [],
        ["Parley.Net"] = ["Parley.Core"],
        ["Parley.Sdp"] = ["Parley.Core"],
        ["Parley.Ice"] = ["Parley.Core"],
        ["Parley.Sip"] = ["Parley.Core"],
        ["Parley.Rtp"] = ["Parley.Core"],
        ["Parley.Media"] = ["Parley.Core"],
        ["Parley.Endpoint"] = ["Parley.Net", "Parley.Sdp", "Parley.Sip", "Parley.Rtp", "Parley.Media", "Parley.Ice"],
        ["Parley.UserAgent"] = ["Parley.Endpoint"],
        ["Parley.Server"] = ["Parley.UserAgent"],
        ["Parley"] = ["Parley.Server"],
    };

    // What only the top of the house may use; everything else is a library without a web server, database or command line.
    private static readonly string[] ForTheTop = ["Microsoft.AspNetCore.", "Microsoft.Data.Sqlite", "SQLitePCLRaw", "System.CommandLine"];
    private static readonly string[] Top = ["Parley.Server", "Parley"];

    public static TheoryData<string> Projects => [.. Repository.Product.Keys];

    [Fact]
    public void Every_project_has_its_place_in_the_house()
    {
        Assert.Equal(StandsOn.Keys.Order(StringComparer.Ordinal), Repository.Product.Keys.Order(StringComparer.Ordinal));
        string map = File.ReadAllText(Path.Combine(Repository.Root, "ARCHITECTURE.md"));
        Assert.All(Repository.Product.Values, project => Assert.Contains($"`{project.Folder}`", map, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var listed = Repository.Xml("Parley.slnx").Descendants("Project").Select(project => project.Attribute("Path")!.Value);
        Assert.Equal(Repository.AllProjects.Select(project => project.Path).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Projects))]
    public void A_project_file_points_down_only(string name)
    {
        Repository.Project project = Repository.Product[name];
        Assert.Empty(project.ProjectReferences.Except(Closure(name)));
        if (Top.Contains(name)) return;
        Assert.Empty(project.FrameworkReferences);
        Assert.DoesNotContain(project.PackageReferences, IsForTheTop);
    }

    [Theory, MemberData(nameof(Projects))]
    public void A_compiled_assembly_points_down_only(string name)
    {
        using var assembly = new PEReader(File.OpenRead(Assemblies.PathOf(name)));
        MetadataReader metadata = assembly.GetMetadataReader();
        string[] references = [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];

        Assert.Contains("System.Runtime", references);
        Assert.Empty(references.Where(reference => reference.StartsWith("Parley", StringComparison.OrdinalIgnoreCase)).Except(Closure(name)));
        if (!Top.Contains(name)) Assert.DoesNotContain(references, IsForTheTop);
    }

    private static bool IsForTheTop(string reference) =>
        Array.Exists(ForTheTop, start => reference.StartsWith(start, StringComparison.Ordinal));

    private static HashSet<string> Closure(string name)
    {
        var all = new HashSet<string>(StandsOn[name], StringComparer.Ordinal);
        foreach (string below in StandsOn[name]) all.UnionWith(Closure(below));
        return all;
    }
}
