namespace Parley.Load.Servers;

/// <summary>A folder for what servers write, gone when the command ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory($"parley-load-{Environment.ProcessId}-");

    /// <summary>Where it is.</summary>
    public string Path => _folder.FullName;

    /// <summary>Makes a folder in it.</summary>
    public string NewFolder(string name) => _folder.CreateSubdirectory(name).FullName;

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);
}
