using System.Net.Sockets;
using System.Security.Cryptography;
using Parley.Core;

namespace Parley.Net.Dns;

/// <summary>Somebody who answers questions about names.</summary>
public interface IDnsClient
{
    /// <summary>Asks for the records of a name.</summary>
    /// <param name="name">The name, with or without its last dot.</param>
    /// <param name="type">A, AAAA, SRV, NAPTR or CNAME.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What came of it; failures of servers and networks are answers too.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    ValueTask<DnsAnswer> QueryAsync(string name, DnsType type, CancellationToken cancellationToken = default);

    /// <summary>The addresses that this machine knows by itself for a name, with port 0: such a name is not to be asked for.</summary>
    IReadOnlyList<NetworkAddress> FindLocally(string name);
}

/// <summary>Asks the servers that do the recursion for this machine, and keeps what they say for as long as they allow.</summary>
/// <remarks>
/// Over UDP with EDNS, over TCP what is too long. Each question has a socket and a number of its own that cannot be guessed, and only an answer
/// from the server that was asked, with the question in it, counts (RFC 5452). The same question is asked once at a time. Safe on every thread.
/// Source: RFC 1035, 2181, 2308, 6891, 7766.
/// </remarks>
public sealed class DnsClient : IDnsClient
{
    private const int MaxUnderWay = 1024;
    private const int MaxAliases = 8;
    private const int CacheCapacity = 10_000;

    private readonly DnsConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly DnsCache _cache;
    private readonly Dictionary<(string Name, DnsType Type), Task<DnsAnswer>> _underWay = [];

    /// <summary>Makes a client.</summary>
    /// <param name="configuration">Whom it asks; the system's servers when absent.</param>
    /// <param name="time">The time; the system's when absent.</param>
    public DnsClient(DnsConfiguration? configuration = null, TimeProvider? time = null)
    {
        _configuration = configuration ?? DnsConfiguration.FromSystem();
        ArgumentOutOfRangeException.ThrowIfZero(_configuration.Servers.Count, nameof(configuration));
        _time = time ?? TimeProvider.System;
        _cache = new DnsCache(CacheCapacity, _time);
    }

    /// <inheritdoc/>
    public IReadOnlyList<NetworkAddress> FindLocally(string name) => _configuration.Hosts?.Find(name) ?? [];

    /// <inheritdoc/>
    public async ValueTask<DnsAnswer> QueryAsync(string name, DnsType type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        name = DnsName.Normalize(name);
        Task<DnsAnswer>? task;
        lock (_gate)
        {
            if (_cache.Find(name, type) is { } kept) return kept;
            if (!_underWay.TryGetValue((name, type), out task))
            {
                if (_underWay.Count >= MaxUnderWay) return DnsAnswer.Of(DnsStatus.Unreachable);
                task = Task.Run(() => AskAndKeepAsync(name, type), CancellationToken.None);
                _underWay.Add((name, type), task);
            }
        }

        return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<DnsAnswer> AskAndKeepAsync(string name, DnsType type)
    {
        DnsAnswer answer;
        try
        {
            answer = await FollowAsync(name, type).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is SocketException or IOException)
        {
            answer = DnsAnswer.Of(DnsStatus.Unreachable);
        }

        lock (_gate)
        {
            _underWay.Remove((name, type));
            return _cache.Add(name, type, answer);
        }
    }

    /// <summary>Asks, and asks on where a name stands for another of which nothing was said.</summary>
    private async Task<DnsAnswer> FollowAsync(string name, DnsType type)
    {
        TimeSpan timeToLive = TimeSpan.MaxValue;
        for (int i = 0; i < MaxAliases; i++)
        {
            (DnsAnswer answer, string alias) = await AskAsync(name, type).ConfigureAwait(false);
            if (answer.TimeToLive < timeToLive) timeToLive = answer.TimeToLive;
            if (alias == name) return answer with { TimeToLive = timeToLive };
            name = alias;
        }

        return DnsAnswer.Of(DnsStatus.Refused);
    }

    private async Task<(DnsAnswer Answer, string Alias)> AskAsync(string name, DnsType type)
    {
        DnsAnswer last = DnsAnswer.Of(DnsStatus.Unreachable);
        for (int attempt = 0; attempt < _configuration.Attempts; attempt++)
        {
            foreach (NetworkAddress server in _configuration.Servers)
            {
                (DnsReading reading, DnsAnswer answer, string alias) = await AskServerAsync(server, name, type).ConfigureAwait(false);
                if (reading == DnsReading.Continues) return (answer, alias);
                if (reading != DnsReading.Whole) continue;
                if (answer.Status != DnsStatus.Refused) return (answer, name);
                last = answer;      // another server may know more
            }
        }

        return (last, name);
    }

    private async Task<(DnsReading Reading, DnsAnswer Answer, string Alias)> AskServerAsync(NetworkAddress server, string name, DnsType type)
    {
        using var limit = new CancellationTokenSource(_configuration.Timeout, _time);
        var question = new Question(server, name, type);
        try
        {
            DnsReading reading = await question.AskByDatagramAsync(isExtended: true, limit.Token).ConfigureAwait(false);
            if (reading == DnsReading.NotUnderstood) reading = await question.AskByDatagramAsync(isExtended: false, limit.Token).ConfigureAwait(false);
            if (reading is DnsReading.Truncated or DnsReading.Malformed) reading = await question.AskByStreamAsync(limit.Token).ConfigureAwait(false);
            return (reading, question.Answer, question.Alias);
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException or IOException)
        {
            return (DnsReading.NotOurs, question.Answer, name);
        }
    }

    /// <summary>A question to one server.</summary>
    private sealed class Question(NetworkAddress server, string name, DnsType type)
    {
        public DnsAnswer Answer { get; private set; } = DnsAnswer.Of(DnsStatus.Unreachable);

        public string Alias { get; private set; } = "";

        public async Task<DnsReading> AskByDatagramAsync(bool isExtended, CancellationToken cancellationToken)
        {
            (ushort id, byte[] query) = Write(isExtended);
            if (query.Length == 0) return Unaskable();
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            await socket.ConnectAsync(server.ToIPEndPoint(), cancellationToken).ConfigureAwait(false);     // from others nothing comes through then
            await socket.SendAsync(query, cancellationToken).ConfigureAwait(false);
            byte[] buffer = new byte[4096];
            while (true)
            {
                int length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                DnsReading reading = Read(buffer.AsSpan(0, length), id);
                if (reading != DnsReading.NotOurs) return reading;
            }
        }

        public async Task<DnsReading> AskByStreamAsync(CancellationToken cancellationToken)
        {
            (ushort id, byte[] query) = Write(isExtended: false);
            if (query.Length == 0) return Unaskable();
            using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(server.ToIPEndPoint(), cancellationToken).ConfigureAwait(false);
            using var stream = new NetworkStream(socket);
            await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], cancellationToken).ConfigureAwait(false);
            byte[] length = new byte[2];
            await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
            byte[] message = new byte[(length[0] << 8) | length[1]];
            await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
            DnsReading reading = Read(message, id);
            return reading == DnsReading.Truncated ? DnsReading.Malformed : reading;
        }

        private (ushort Id, byte[] Query) Write(bool isExtended)
        {
            ushort id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
            Span<byte> buffer = stackalloc byte[DnsMessage.MaxQueryBytes];
            return (id, buffer[..DnsMessage.WriteQuery(id, name, type, isExtended, buffer)].ToArray());
        }

        private DnsReading Read(ReadOnlySpan<byte> message, ushort id)
        {
            DnsReading reading = DnsMessage.Read(message, id, name, type, out DnsAnswer answer, out string alias);
            if (reading is DnsReading.Whole or DnsReading.Continues) (Answer, Alias) = (answer, alias);
            return reading;
        }

        /// <summary>What is no name cannot exist, and no server needs to say so.</summary>
        private DnsReading Unaskable()
        {
            Answer = DnsAnswer.Of(DnsStatus.NoSuchName);
            return DnsReading.Whole;
        }
    }
}
