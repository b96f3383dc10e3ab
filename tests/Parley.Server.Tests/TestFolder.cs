namespace Parley.Server.Tests;

/// <summary>An empty folder that is gone after the test.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"parley-server-tests-{Guid.NewGuid():N}");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A file that is gone after the test.</summary>
internal sealed class TestFile : IDisposable
{
    private readonly TestFolder _folder = new();

    public TestFile(string content) => System.IO.File.WriteAllText(Path, content);

    public string Path => _folder.File("parley.json");

    public void Dispose() => _folder.Dispose();
}
