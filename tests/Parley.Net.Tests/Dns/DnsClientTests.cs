using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Net.Dns;

namespace Parley.Net.Tests.Dns;

/// <summary>The client against a server that can lie, be silent, cut short and count; real servers are in the interop tests.</summary>
public sealed class DnsClientTests : IAsyncDisposable
{
    private readonly List<ScriptedDnsServer> _servers = [];

    public async ValueTask DisposeAsync()
    {
        foreach (ScriptedDnsServer server in _servers) await server.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_is_kept_until_its_time_is_over_and_the_question_asked_once_at_a_time()
    {
        var time = new ManualTime();
        ScriptedDnsServer server = Start((question, _) => [question.Answer(60, 1)]);
        var client = new DnsClient(new DnsConfiguration { Servers = [server.Address] }, time);

        DnsAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.QueryAsync(i % 2 == 0 ? "A.example." : "a.example", DnsType.A).AsTask()));
        Assert.All(answers, answer => Assert.Equal("192.0.2.1", Assert.Single(answer.Records).ToString()));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True((await client.QueryAsync("a.example", DnsType.A)).IsFromCache);
        Assert.Equal(1, server.Questions);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False((await client.QueryAsync("a.example", DnsType.A)).IsFromCache);
        Assert.Equal(2, server.Questions);
    }

    [Fact]
    public async Task What_may_not_be_kept_is_asked_each_time()
    {
        ScriptedDnsServer server = Start((question, _) => [question.Answer(0, 1)]);
        DnsClient client = ClientOf(server);

        await client.QueryAsync("a.example", DnsType.A);
        await client.QueryAsync("a.example", DnsType.A);

        Assert.Equal(2, server.Questions);
    }

    [Fact]
    public async Task Lies_before_the_answer_do_not_count()
    {
        ScriptedDnsServer server = Start((question, _) =>
        [
            [1, 2, 3],
            (question with { Id = (ushort)(question.Id ^ 1) }).Answer(60, 66),
            (question with { Name = "b.example" }).Answer(60, 66),
            question.Answer(60, 1),
        ]);

        DnsAnswer answer = await ClientOf(server).QueryAsync("a.example", DnsType.A);

        Assert.Equal("192.0.2.1", Assert.Single(answer.Records).ToString());
    }

    [Fact]
    public async Task What_is_too_long_for_a_datagram_comes_over_a_stream()
    {
        ScriptedDnsServer server = Start((question, isStream) => isStream
            ? [question.Answer(60, [.. Enumerable.Range(1, 200).Select(i => (byte)i)])]
            : [question.Truncated()]);

        DnsAnswer answer = await ClientOf(server).QueryAsync("a.example", DnsType.A);

        Assert.Equal(200, answer.Records.Count);
    }

    [Fact]
    public async Task A_server_that_does_not_know_extended_questions_gets_a_plain_one()
    {
        ScriptedDnsServer server = Start((question, _) => question.IsExtended ? [question.Refuse(1)] : [question.Answer(60, 1)]);

        DnsAnswer answer = await ClientOf(server).QueryAsync("a.example", DnsType.A);

        Assert.Equal(DnsStatus.Found, answer.Status);
    }

    [Fact]
    public async Task The_next_server_is_asked_when_one_is_silent_or_cannot_answer()
    {
        ScriptedDnsServer silent = Start((_, _) => []), broken = Start((question, _) => [question.Refuse(2)]), good = Start((question, _) => [question.Answer(60, 1)]);
        var client = new DnsClient(new DnsConfiguration { Servers = [silent.Address, broken.Address, good.Address], Timeout = TimeSpan.FromMilliseconds(300) });

        DnsAnswer answer = await client.QueryAsync("a.example", DnsType.A);

        Assert.Equal(DnsStatus.Found, answer.Status);
        Assert.Equal((1, 1, 1), (silent.Questions, broken.Questions, good.Questions));
    }

    [Fact]
    public async Task Servers_that_are_gone_are_told_and_not_asked_again_at_once_and_what_they_said_before_still_counts()
    {
        bool isGone = false;
        var time = new ManualTime();
        ScriptedDnsServer server = Start((question, _) => isGone ? [question.Refuse(2)] : [question.Answer(60, 1)]);
        var client = new DnsClient(new DnsConfiguration { Servers = [server.Address], Attempts = 1 }, time);
        await client.QueryAsync("a.example", DnsType.A);
        isGone = true;
        time.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(DnsStatus.Found, (await client.QueryAsync("a.example", DnsType.A)).Status);
        Assert.Equal(DnsStatus.Refused, (await client.QueryAsync("b.example", DnsType.A)).Status);
        Assert.Equal(3, server.Questions);
        await client.QueryAsync("a.example", DnsType.A);
        await client.QueryAsync("b.example", DnsType.A);
        Assert.Equal(3, server.Questions);

        isGone = false;
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.False((await client.QueryAsync("a.example", DnsType.A)).IsFromCache);
        Assert.Equal(DnsStatus.Found, (await client.QueryAsync("b.example", DnsType.A)).Status);
    }

    [Fact]
    public async Task Nobody_there_is_an_answer_too()
    {
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        NetworkAddress address = NetworkAddress.From((IPEndPoint)unused.LocalEndPoint!);
        unused.Close();

        DnsAnswer answer = await new DnsClient(new DnsConfiguration { Servers = [address], Timeout = TimeSpan.FromMilliseconds(300) }).QueryAsync("a.example", DnsType.A);

        Assert.Equal(DnsStatus.Unreachable, answer.Status);
    }

    [Fact]
    public async Task An_alias_of_which_nothing_is_said_is_asked_for()
    {
        ScriptedDnsServer server = Start((question, _) => question.Name == "a.example"
            ? [new MessageBuilder(question.Name, question.Type, id: question.Id).Answer("a.example", DnsType.Cname, 10, MessageBuilder.Name("b.example")).Bytes]
            : [question.Answer(60, 1)]);

        DnsAnswer answer = await ClientOf(server).QueryAsync("a.example", DnsType.A);

        Assert.Equal("192.0.2.1", Assert.Single(answer.Records).ToString());
        Assert.Equal(TimeSpan.FromSeconds(10), answer.TimeToLive);
    }

    [Fact]
    public async Task Aliases_without_end_are_given_up()
    {
        ScriptedDnsServer server = Start((question, _) =>
            [new MessageBuilder(question.Name, question.Type, id: question.Id).Answer(question.Name, DnsType.Cname, 10, MessageBuilder.Name("x" + question.Name)).Bytes]);

        Assert.Equal(DnsStatus.Refused, (await ClientOf(server).QueryAsync("a.example", DnsType.A)).Status);
        Assert.InRange(server.Questions, 2, 8);
    }

    [Fact]
    public async Task What_is_no_name_does_not_exist_and_nobody_is_asked()
    {
        ScriptedDnsServer server = Start((question, _) => [question.Answer(60, 1)]);

        Assert.Equal(DnsStatus.NoSuchName, (await ClientOf(server).QueryAsync("a..example", DnsType.A)).Status);
        Assert.Equal(0, server.Questions);
    }

    private static DnsClient ClientOf(ScriptedDnsServer server) => new(new DnsConfiguration { Servers = [server.Address] });

    private ScriptedDnsServer Start(Func<DnsQuestion, bool, byte[][]> answer)
    {
        var server = new ScriptedDnsServer(answer);
        _servers.Add(server);
        return server;
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks = 1_000_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}

/// <summary>A question as a server sees it.</summary>
internal sealed record DnsQuestion(ushort Id, string Name, DnsType Type, bool IsExtended)
{
    public byte[] Answer(int seconds, params byte[] lastBytes)
    {
        var message = new MessageBuilder(Name, Type, id: Id);
        foreach (byte last in lastBytes) message.Answer(Name, DnsType.A, seconds, [192, 0, 2, last]);
        return message.Bytes;
    }

    public byte[] Refuse(int code) => new MessageBuilder(Name, Type, code, Id).Bytes;

    public byte[] Truncated() => new MessageBuilder(Name, Type, id: Id, isTruncated: true).Bytes;
}

/// <summary>A DNS server on loopback, over UDP and TCP, that says what a test wants.</summary>
internal sealed class ScriptedDnsServer : IAsyncDisposable
{
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<DnsQuestion, bool, byte[][]> _answer;
    private readonly Task _running;
    private int _questions;

    public ScriptedDnsServer(Func<DnsQuestion, bool, byte[][]> answer)
    {
        _answer = answer;
        for (int tries = 0; ; tries++)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            try
            {
                _datagrams.Bind(_listener.LocalEndPoint!);
                break;
            }
            catch (SocketException) when (tries < 20)
            {
                _listener.Dispose();
                _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            }
        }

        _listener.Listen();
        Address = NetworkAddress.From((IPEndPoint)_listener.LocalEndPoint!);
        _running = Task.WhenAll(ServeDatagramsAsync(), ServeStreamsAsync());
    }

    public NetworkAddress Address { get; }

    /// <summary>How many questions came by datagram.</summary>
    public int Questions => Volatile.Read(ref _questions);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _datagrams.Dispose();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task ServeDatagramsAsync()
    {
        byte[] buffer = new byte[2048];
        try
        {
            while (true)
            {
                SocketReceiveFromResult received = await _datagrams.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _end.Token);
                Interlocked.Increment(ref _questions);
                foreach (byte[] answer in _answer(Read(buffer.AsSpan(0, received.ReceivedBytes)), false)) await _datagrams.SendToAsync(answer, received.RemoteEndPoint, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ServeStreamsAsync()
    {
        try
        {
            while (true)
            {
                using Socket connection = await _listener.AcceptAsync(_end.Token);
                using var stream = new NetworkStream(connection);
                byte[] length = new byte[2];
                await stream.ReadExactlyAsync(length, _end.Token);
                byte[] question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(question, _end.Token);
                foreach (byte[] answer in _answer(Read(question), true)) await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static DnsQuestion Read(ReadOnlySpan<byte> message)
    {
        int at = 12;
        Assert.True(DnsName.TryRead(message, ref at, out string name));
        return new DnsQuestion(BinaryPrimitives.ReadUInt16BigEndian(message), name, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[at..]), message[11] == 1);
    }
}
