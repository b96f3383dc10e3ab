using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Voicemail;

/// <summary>The mailboxes of a server's users: what is in them, and how many more there may be.</summary>
/// <remarks>
/// What is in them is in memory too, so that lanes may ask; whatever changes a mailbox waits for the disk, and is for other threads. One of these works on the files at a
/// time. Another process, <c>parley voicemail</c>, may change them while a server runs: <see cref="Poll"/> notices.
/// </remarks>
internal sealed class Mailboxes : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _disk = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<string, VoicemailMessage>> _boxes = new(StringComparer.Ordinal);   // the following are changed under the gate
    private readonly Dictionary<string, int> _recording = new(StringComparer.Ordinal);
    private long _bytes;
    private long _bytesReserved;
    private DateTime _seenChange;
    private ITimer? _timer;

    /// <summary>The mailboxes in a data folder, not read yet.</summary>
    public Mailboxes(string dataFolder, TimeProvider time, ILogger logger) => (Files, _time, _logger) = (new MailboxFiles(dataFolder), time, logger);

    /// <summary>Runs what waits for the disk on another thread than its caller's.</summary>
    public Func<Action, Task> Worker { get; init; } = Task.Run;

    /// <summary>The files.</summary>
    public MailboxFiles Files { get; }

    /// <summary>Told on another thread when the messages of a user are others than they were.</summary>
    public Action<string>? Changed { get; set; }

    /// <summary>Reads what is there.</summary>
    /// <param name="salvages">Makes messages of what a crash has cut off: for a server that starts.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">There are no rights to it.</exception>
    public void Load(bool salvages)
    {
        lock (_disk)
        {
            _seenChange = Files.ChangedAt;
            Replace([.. Files.ReadAll(salvages)]);
        }
    }

    /// <summary>Begins to look every second whether another process has changed something.</summary>
    public void Start() => _timer = _time.CreateTimer(_ => Poll(), null, PollInterval, PollInterval);

    /// <summary>Looks no more.</summary>
    public void Dispose() => _timer?.Dispose();

    /// <summary>How many messages a user has.</summary>
    /// <returns>Those not heard yet, and the others.</returns>
    public (int New, int Old) CountOf(string user)
    {
        lock (_gate)
        {
            if (!_boxes.TryGetValue(user, out SortedDictionary<string, VoicemailMessage>? box)) return default;
            int heard = box.Values.Count(message => message.IsHeard);
            return (box.Count - heard, heard);
        }
    }

    /// <summary>The messages of a user: those not heard yet first, each in the order in which they came.</summary>
    public IReadOnlyList<VoicemailMessage> List(string user)
    {
        lock (_gate) return _boxes.TryGetValue(user, out SortedDictionary<string, VoicemailMessage>? box) ? [.. box.Values.OrderBy(message => message.IsHeard)] : [];
    }

    /// <summary>All messages, in the order in which they came.</summary>
    public IReadOnlyList<VoicemailMessage> ListAll()
    {
        lock (_gate) return [.. _boxes.Values.SelectMany(box => box.Values).OrderBy(message => message.Id, StringComparer.Ordinal)];
    }

    /// <summary>Keeps room for a message; <see cref="Release"/> gives it back when it is over.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="limits">How many there may be.</param>
    /// <param name="bytes">The most that it can take.</param>
    /// <returns>False when the mailbox or the disk's share is full.</returns>
    public bool TryReserve(string user, VoicemailOptions limits, long bytes)
    {
        lock (_gate)
        {
            int recording = _recording.GetValueOrDefault(user), kept = _boxes.TryGetValue(user, out SortedDictionary<string, VoicemailMessage>? box) ? box.Count : 0;
            if (kept + recording >= limits.MaxPerUser || _bytes + _bytesReserved + bytes > limits.MaxMegabytes * 1_048_576L) return false;
            _recording[user] = recording + 1;
            _bytesReserved += bytes;
            return true;
        }
    }

    /// <summary>Gives back room that was kept.</summary>
    public void Release(string user, long bytes)
    {
        lock (_gate)
        {
            if (--_recording[user] == 0) _recording.Remove(user);
            _bytesReserved -= bytes;
        }
    }

    /// <summary>Begins a message: its sound goes to <see cref="MailboxFiles.SoundOf"/>.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public VoicemailMessage Begin(string user, string caller, string displayName)
    {
        DateTimeOffset now = _time.GetUtcNow();
        string id = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
        var message = new VoicemailMessage(id, user, caller, displayName, now);
        lock (_disk) Files.Begin(message);
        return message;
    }

    /// <summary>The sound of a message is written: it is in the mailbox from now on, unless it is too short to be one.</summary>
    /// <returns>False when it was.</returns>
    public bool Complete(VoicemailMessage message)
    {
        lock (_disk)
        {
            if (Files.Complete(message) is not { } complete) return false;
            lock (_gate) Put(complete);
        }

        Changed?.Invoke(message.User);
        return true;
    }

    /// <summary>The user has heard a message.</summary>
    public void Keep(VoicemailMessage message) => Change(message, isKept: true);

    /// <summary>Deletes a message.</summary>
    /// <returns>False when it is not there any more.</returns>
    public bool Delete(VoicemailMessage message) => Change(message, isKept: false);

    /// <summary>Looks whether another process has changed something, and reads it.</summary>
    public void Poll()
    {
        string[] changed;
        try
        {
            lock (_disk)
            {
                DateTime at = Files.ChangedAt;
                if (at == _seenChange) return;
                _seenChange = at;
                changed = Replace([.. Files.ReadAll(salvages: false)]);
            }
        }
        catch (Exception problem) when (FileFault.Is(problem))
        {
            Log.VoicemailFailed(_logger, problem);
            return;
        }

        foreach (string user in changed) Changed?.Invoke(user);
    }

    private bool Change(VoicemailMessage message, bool isKept)
    {
        try
        {
            lock (_disk)
            {
                VoicemailMessage? there;
                lock (_gate) there = _boxes.TryGetValue(message.User, out SortedDictionary<string, VoicemailMessage>? box) ? box.GetValueOrDefault(message.Id) : null;
                if (there is null || (isKept && there.IsHeard)) return false;
                if (isKept) Files.Write(there with { IsHeard = true });
                else Files.Delete(there);
                lock (_gate)
                {
                    if (isKept) Put(there with { IsHeard = true });
                    else Remove(there);
                }
            }
        }
        catch (Exception problem) when (FileFault.Is(problem))
        {
            Log.VoicemailFailed(_logger, problem);
            return false;
        }

        Changed?.Invoke(message.User);
        return true;
    }

    /// <summary>Takes what is on disk for what there is.</summary>
    /// <returns>Whose messages are others than they were.</returns>
    private string[] Replace(VoicemailMessage[] messages)
    {
        lock (_gate)
        {
            Dictionary<string, VoicemailMessage[]> before = _boxes.ToDictionary(box => box.Key, box => box.Value.Values.ToArray(), StringComparer.Ordinal);
            _boxes.Clear();
            _bytes = 0;
            foreach (VoicemailMessage message in messages) Put(message);
            return [.. before.Keys.Union(_boxes.Keys).Where(user => !(_boxes.TryGetValue(user, out SortedDictionary<string, VoicemailMessage>? now) ? now.Values : Enumerable.Empty<VoicemailMessage>()).SequenceEqual(before.GetValueOrDefault(user, [])))];
        }
    }

    private void Put(VoicemailMessage message)
    {
        if (!_boxes.TryGetValue(message.User, out SortedDictionary<string, VoicemailMessage>? box)) _boxes.Add(message.User, box = new SortedDictionary<string, VoicemailMessage>(StringComparer.Ordinal));
        if (box.TryGetValue(message.Id, out VoicemailMessage? before)) _bytes -= before.LengthBytes;
        box[message.Id] = message;
        _bytes += message.LengthBytes;
    }

    private void Remove(VoicemailMessage message)
    {
        SortedDictionary<string, VoicemailMessage> box = _boxes[message.User];
        if (!box.Remove(message.Id)) return;
        _bytes -= message.LengthBytes;
        if (box.Count == 0) _boxes.Remove(message.User);
    }
}
