namespace Parley.Tests.Architecture;

/// <summary>The compiled product, as the tests' own output folder holds it.</summary>
internal static class Assemblies
{
    /// <summary>Where a project's assembly is. The program is the one whose file name is not its project's.</summary>
    public static string PathOf(string project) =>
        Path.Combine(AppContext.BaseDirectory, (project == "Parley" ? "parley" : project) + ".dll");
}
