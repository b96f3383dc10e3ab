using Microsoft.Extensions.Logging;

namespace Parley.Server.Configuration;

/// <summary>Holds the configuration of a running server, and reads it anew when its file changes.</summary>
/// <remarks>
/// <see cref="Current"/> is a snapshot that is replaced as a whole: who handles a request reads it once. Of a changed file the keys that
/// can be reloaded are taken; the log names the others. A file with a mistake changes nothing.
/// </remarks>
public sealed class ConfigurationWatcher : IDisposable
{
    /// <summary>Editors write a file in several steps; it is read when it has been left alone for so long.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(250);

    private readonly Lock _reloading = new();
    private readonly ConfigurationSources _sources;
    private readonly Action<ParleyConfiguration> _changed;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly FileSystemWatcher? _files;
    private ParleyConfiguration _current;

    /// <summary>Watches the file of some sources.</summary>
    /// <param name="current">The configuration that was read from them.</param>
    /// <param name="sources">Where it is read from again.</param>
    /// <param name="changed">Called on some thread, one call at a time, with each new snapshot after it is <see cref="Current"/>.</param>
    /// <param name="time">For the quiet time.</param>
    /// <param name="logger">Gets what was taken and what was not.</param>
    public ConfigurationWatcher(
        ParleyConfiguration current, ConfigurationSources sources, Action<ParleyConfiguration> changed, TimeProvider time, ILogger logger)
    {
        (_current, _sources, _changed, _logger) = (current, sources, changed, logger);
        _timer = time.CreateTimer(_ => Reload(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        string file = Path.GetFullPath(sources.File ?? ConfigurationSources.DefaultFile);
        string? folder = Path.GetDirectoryName(file);
        if (folder is null || !Directory.Exists(folder)) return;
        try
        {
            // The folder is watched, for a file that is replaced by another one or comes later.
            _files = new FileSystemWatcher(folder, Path.GetFileName(file));
            _files.Changed += (_, _) => ReloadSoon();
            _files.Created += (_, _) => ReloadSoon();
            _files.Renamed += (_, _) => ReloadSoon();
            _files.EnableRaisingEvents = true;
        }
        catch (IOException e)
        {
            // The system has no watch left (inotify's limit): the server runs, a new configuration waits for a restart.
            Log.ConfigurationNotWatched(logger, file, e.Message);
        }
    }

    /// <summary>The configuration now.</summary>
    public ParleyConfiguration Current => Volatile.Read(ref _current);

    /// <summary>Reads the sources anew at once.</summary>
    /// <returns>Why the present configuration stays; null when the new one is in force, as far as it can be.</returns>
    public ConfigurationError? Reload()
    {
        lock (_reloading)
        {
            if (!ParleyConfiguration.TryLoad(_sources, out ParleyConfiguration? read, out ConfigurationError? error))
            {
                Log.ConfigurationRefused(_logger, error.Message);
                return error;
            }

            ConfigurationReload reload = ConfigurationReload.Between(_current, read);
            if (reload.NeedRestart.Length > 0) Log.ConfigurationNeedsRestart(_logger, string.Join(", ", reload.NeedRestart));
            if (reload.Taken.Length == 0) return null;
            Volatile.Write(ref _current, reload.Configuration);
            Log.ConfigurationTaken(_logger, string.Join(", ", reload.Taken));
            _changed(reload.Configuration);
            return null;
        }
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        _files?.Dispose();
        _timer.Dispose();
    }

    private void ReloadSoon()
    {
        try
        {
            _timer.Change(QuietTime, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The file changed while the server was ending.
        }
    }
}
