using Microsoft.Extensions.Logging;

namespace Parley.Server.Configuration;

/// <summary>Holds the configuration of a running server, and reads it anew when its file changes.</summary>
/// <remarks>
/// <see cref="Current"/> is a snapshot that is replaced as a whole: who handles a request reads it once. Of a changed file the keys that
/// can be reloaded are taken; the log names the others. A file with a mistake changes nothing. The file is looked at, not watched
/// by the system: that would report every write to its folder, which may be the one that the server writes to. Its bytes are compared:
/// two states of a file can have the same length and, within a tick of the system's clock, the same time.
/// </remarks>
public sealed class ConfigurationWatcher : IDisposable
{
    /// <summary>How often the file is looked at. Editors write one in several steps: it is read when two looks find it the same.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(400);

    private readonly Lock _reloading = new();
    private readonly ConfigurationSources _sources;
    private readonly Action<ParleyConfiguration> _changed;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly string _file;
    private byte[] _seen;
    private bool _isChanging;
    private ParleyConfiguration _current;

    /// <summary>Watches the file of some sources.</summary>
    /// <param name="current">The configuration that was read from them.</param>
    /// <param name="sources">Where it is read from again.</param>
    /// <param name="changed">Called on some thread, one call at a time, with each new snapshot after it is <see cref="Current"/>.</param>
    /// <param name="time">When to look.</param>
    /// <param name="logger">Gets what was taken and what was not.</param>
    public ConfigurationWatcher(
        ParleyConfiguration current, ConfigurationSources sources, Action<ParleyConfiguration> changed, TimeProvider time, ILogger logger)
    {
        (_current, _sources, _changed, _logger) = (current, sources, changed, logger);
        _file = Path.GetFullPath(sources.File ?? ConfigurationSources.DefaultFile);
        _seen = ReadBytes();
        _timer = time.CreateTimer(_ => Look(), null, LookInterval, LookInterval);
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
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_reloading)
        {
            byte[] now = ReadBytes();
            bool isSame = now.AsSpan().SequenceEqual(_seen);
            _seen = now;
            if (isSame && _isChanging) Reload();
            _isChanging = !isSame;
        }
    }

    /// <summary>The file's bytes; none when it is not there or cannot be read.</summary>
    private byte[] ReadBytes()
    {
        try
        {
            return File.ReadAllBytes(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
