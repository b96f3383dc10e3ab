using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Parley.Tests.Architecture;

/// <summary>The source tree that these tests were built from.</summary>
internal static partial class Repository
{
    /// <summary>The folder that holds Parley.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The projects of the product, by name ("Parley.Sip").</summary>
    public static IReadOnlyDictionary<string, Project> Product { get; } = Projects("src").ToDictionary(project => project.Name, StringComparer.Ordinal);

    /// <summary>Every project.</summary>
    public static IReadOnlyList<Project> AllProjects { get; } =
        [.. new[] { "src", "tests", "bench", "samples" }.SelectMany(Projects)];

    /// <summary>Every C# file that people wrote, with its path from the root.</summary>
    public static IReadOnlyList<(string Path, string[] Lines)> Sources { get; } =
        [.. Files("*.cs").Select(path => (path, File.ReadAllLines(Path.Combine(Root, path))))];

    /// <summary>Paths from the root of all files with a name, without what builds leave.</summary>
    public static IEnumerable<string> Files(string pattern) =>
        Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !BuildOutput().IsMatch(path))
            .Order(StringComparer.Ordinal);

    public static XDocument Xml(string path) => XDocument.Load(Path.Combine(Root, path));

    private static IEnumerable<Project> Projects(string folder) =>
        Files("*.csproj").Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal)).Select(path => new Project(path, Xml(path)));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Parley.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Parley.slnx above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex(@"(^|/)(bin|obj|artifacts|node_modules|TestResults|\.git)/")]
    private static partial Regex BuildOutput();

    /// <summary>What a project file says.</summary>
    internal sealed record Project(string Path, XDocument Xml)
    {
        public string Name { get; } = System.IO.Path.GetFileNameWithoutExtension(Path);

        public string Folder { get; } = System.IO.Path.GetDirectoryName(Path)!.Replace('\\', '/');

        public IReadOnlyList<string> ProjectReferences { get; } =
            [.. Includes(Xml, "ProjectReference").Select(path => System.IO.Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))];

        public IReadOnlyList<string> PackageReferences { get; } = [.. Includes(Xml, "PackageReference")];

        public IReadOnlyList<string> FrameworkReferences { get; } = [.. Includes(Xml, "FrameworkReference")];

        private static IEnumerable<string> Includes(XDocument xml, string element) =>
            xml.Descendants(element).Select(item => item.Attribute("Include")!.Value);
    }
}
