using Parley.Endpoint.Tracing;
using Parley.Output;

namespace Parley.Commands;

/// <summary>The picture of a call: opened before anything is sent, drawn when all is over.</summary>
internal sealed class LadderFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly StreamWriter _file;

    private LadderFile(string path, StreamWriter file)
    {
        (_path, _file) = (path, file);
    }

    /// <summary>Opens it.</summary>
    /// <param name="path">Null for no picture.</param>
    /// <returns>Null when there is none to draw.</returns>
    /// <exception cref="CommandException">It cannot be written, with the reason.</exception>
    public static LadderFile? Open(string? path)
    {
        if (path is null) return null;
        try
        {
            return new LadderFile(path, new StreamWriter(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.Failed($"--ladder: {problem.Message}");
        }
    }

    /// <summary>Draws it and says so.</summary>
    public async Task DrawAsync(LadderDiagram diagram, string title, CommandOutput output)
    {
        await _file.WriteAsync(LadderSvg.Draw(diagram, title)).ConfigureAwait(false);
        await _file.FlushAsync().ConfigureAwait(false);
        output.Event("ladder", ("file", _path));
        output.Say($"ladder drawn in {_path}");
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
