using System.Net;
using System.Net.Sockets;
using Parley.Core;

namespace Parley.Net.Tests;

public abstract partial class NetworkLoopContract
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_connection_carries_bytes_both_ways_and_knows_its_addresses(string host)
    {
        Assert.True(NetworkAddress.TryParseHost(host, 0, out NetworkAddress local));
        (NetworkLoop loop, IStreamListener listener, StreamRecorder server, StreamRecorder client, _) = await ConnectAsync(local);
        IStreamConnection accepted = await server.Connected, started = await client.Connected;
        Assert.True(accepted.IsAccepted);
        Assert.False(started.IsAccepted);
        Assert.NotEqual(accepted.Id, started.Id);
        Assert.Equal(listener.LocalAddress, started.RemoteAddress);
        Assert.Equal(listener.LocalAddress, accepted.LocalAddress);
        Assert.Equal(started.LocalAddress, accepted.RemoteAddress);

        byte[] request = Bytes(700_000, 1), response = Bytes(500_000, 2);
        for (int at = 0; at < request.Length; at += 50_000) Assert.True(Send(started, request.AsSpan(at, 50_000)));
        Loops.AssertSame(request, await server.ReadAsync(request.Length));
        await loop.RunAsync(() =>
        {
            for (int at = 0; at < response.Length; at += 50_000) Assert.True(Send(accepted, response.AsSpan(at, 50_000)));
        });
        Loops.AssertSame(response, await client.ReadAsync(response.Length));

        started.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await client.Closed);
        Assert.Equal(StreamCloseReason.ClosedByPeer, await server.Closed);
        Assert.False(Send(started, "x"u8));
        await loop.UntilAsync(() => loop.Counters.Connections == 0);
        Assert.Equal(1_200_000, loop.Counters.StreamBytesSent);
        Assert.Equal(1_200_000, loop.Counters.StreamBytesReceived);
    }

    [Fact]
    public async Task What_is_sent_or_closed_before_the_connection_stands_comes_after_it()
    {
        NetworkLoop loop = Start();
        StreamRecorder server = new(), client = new();
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => server);
        await loop.RunAsync(() =>
        {
            IStreamConnection connection = loop.ConnectStream(listener.LocalAddress, client);
            Assert.False(connection.LocalAddress.IsSpecified);
            Assert.True(Send(connection, "early"u8));
            connection.Close();
            Assert.False(Send(connection, "late"u8));
        });
        Assert.Equal("early"u8.ToArray(), await server.ReadAsync(100));
        await client.Connected;
        Assert.Equal(StreamCloseReason.ClosedHere, await client.Closed);
        Assert.Equal(StreamCloseReason.ClosedByPeer, await server.Closed);
    }

    [Fact]
    public async Task Sends_of_many_threads_are_each_whole_and_in_order()
    {
        (_, _, StreamRecorder server, StreamRecorder client, IStreamConnection connection) = await ConnectAsync(Loops.Loopback());
        await client.Connected;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (ushort i = 0; i < 5_000; i++) Assert.True(Send(connection, [(byte)thread, (byte)(i >> 8), (byte)i]));
        })));
        byte[] all = await server.ReadAsync(4 * 5_000 * 3);
        foreach (IGrouping<byte, byte[]> thread in all.Chunk(3).GroupBy(message => message[0]))
        {
            Assert.Equal(Enumerable.Range(0, 5_000), thread.Select(message => (message[1] << 8) | message[2]));
        }
    }

    [Fact]
    public async Task A_refused_connection_tells_its_handler_once()
    {
        NetworkLoop loop = Start();
        IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => null);
        await loop.RunAsync(listener.Dispose);
        var client = new StreamRecorder();
        await loop.RunAsync(() => Assert.True(Send(loop.ConnectStream(listener.LocalAddress, client), "x"u8)));
        Assert.Equal(StreamCloseReason.ConnectFailed, await client.Closed);
        await loop.RunAsync(() => Assert.Equal(1, client.TimesClosed));
    }

    [Fact]
    public async Task A_connection_that_cannot_even_be_tried_fails_after_the_call_that_started_it()
    {
        NetworkLoop loop = Start();
        var client = new StreamRecorder();
        await loop.RunAsync(() =>
        {
            IStreamConnection connection = loop.ConnectStream(NetworkAddress.FromIPv4(0xFFFFFFFF, 9), client);     // broadcast
            Assert.Equal(0, client.TimesClosed);
            Assert.False(connection.IsAccepted);
        });
        Assert.Equal(StreamCloseReason.ConnectFailed, await client.Closed);
    }

    [Fact]
    public async Task A_connection_nobody_answers_fails_when_its_time_is_over()
    {
        NetworkLoop loop = Start(options => options with { ConnectTimeout = TimeSpan.FromMilliseconds(200) });
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);     // one connection fits; the system does not answer further ones
        NetworkAddress address = NetworkAddress.From((IPEndPoint)full.LocalEndPoint!);
        StreamRecorder first = new(), second = new();
        await loop.RunAsync(() => loop.ConnectStream(address, first));
        await first.Connected;
        await loop.RunAsync(() => loop.ConnectStream(address, second));
        Assert.Equal(StreamCloseReason.ConnectFailed, await second.Closed);
    }

    [Fact]
    public async Task What_was_queued_before_close_arrives_whole_even_to_a_slow_reader_that_still_sends()
    {
        NetworkLoop loop = Start();
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (IStreamConnection connection, StreamRecorder server) = await AcceptAsync(loop, peer);
        byte[] bytes = Bytes(1_000_000, 3);
        await loop.RunAsync(() =>
        {
            for (int at = 0; at < bytes.Length; at += 50_000) Assert.True(Send(connection, bytes.AsSpan(at, 50_000)));
            connection.Close();
            Assert.False(Send(connection, "late"u8));
        });
        await peer.SendAsync("still talking, while the other side has closed"u8.ToArray());
        var received = new List<byte>();
        byte[] piece = new byte[10_000];
        int length;
        while ((length = await peer.ReceiveAsync(piece).WaitAsync(Loops.Limit)) > 0) received.AddRange(piece.AsSpan(0, length));
        Loops.AssertSame(bytes, received.ToArray());
        Assert.Equal(StreamCloseReason.ClosedHere, await server.Closed);
        Assert.Empty(await server.ReadAsync(1));
        peer.Close();
        await loop.UntilAsync(() => loop.Counters.Connections == 0);
    }

    [Fact]
    public async Task More_than_the_queue_holds_closes_the_connection()
    {
        NetworkLoop loop = Start(options => options with { StreamQueueBytes = 100_000 });
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (IStreamConnection connection, StreamRecorder server) = await AcceptAsync(loop, peer);
        byte[] bytes = new byte[20_000];
        int sends = 0;
        while (Send(connection, bytes)) Assert.True(++sends < 10_000);
        Assert.Equal(StreamCloseReason.SendQueueFull, await server.Closed);
        await loop.RunAsync(() => Assert.Equal(1, server.TimesClosed));
    }

    [Fact]
    public async Task A_close_that_the_peer_never_reads_takes_its_time_and_no_more()
    {
        NetworkLoop loop = Start(options => options with { StreamQueueBytes = 16 << 20, CloseTimeout = TimeSpan.FromMilliseconds(200) });
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (IStreamConnection connection, StreamRecorder server) = await AcceptAsync(loop, peer);
        byte[] bytes = new byte[60_000];
        for (int i = 0; i < 250; i++) Assert.True(Send(connection, bytes));
        connection.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await server.Closed);
        await loop.UntilAsync(() => loop.Counters.Connections == 0);
    }

    [Fact]
    public async Task A_peer_that_stays_after_our_close_is_left_when_its_time_is_over()
    {
        NetworkLoop loop = Start(options => options with { CloseTimeout = TimeSpan.FromMilliseconds(100) });
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (IStreamConnection connection, StreamRecorder server) = await AcceptAsync(loop, peer);
        connection.Close();
        Assert.Equal(StreamCloseReason.ClosedHere, await server.Closed);
        await loop.UntilAsync(() => loop.Counters.Connections == 0);
        Assert.Equal(1, server.TimesClosed);
    }

    [Fact]
    public async Task A_reset_is_a_failure_and_an_end_is_not()
    {
        NetworkLoop loop = Start();
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        (_, StreamRecorder reset) = await AcceptAsync(loop, peer);
        peer.Dispose();
        Assert.Equal(StreamCloseReason.Failed, await reset.Closed);

        peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (_, StreamRecorder ended) = await AcceptAsync(loop, peer);
        await peer.SendAsync("bye"u8.ToArray());
        peer.Dispose();
        Assert.Equal("bye"u8.ToArray(), await ended.ReadAsync(3));
        Assert.Equal(StreamCloseReason.ClosedByPeer, await ended.Closed);
    }

    [Fact]
    public async Task An_answer_to_the_last_words_of_a_peer_is_still_sent()
    {
        NetworkLoop loop = Start();
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var server = new StreamRecorder { Inspect = (connection, _) => Send(connection, "answer"u8) };
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => server);
        await peer.ConnectAsync(listener.LocalAddress.ToIPEndPoint());
        await peer.SendAsync("question"u8.ToArray());
        peer.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[100];
        Assert.Equal(6, await peer.ReceiveAsync(answer).WaitAsync(Loops.Limit));
        Assert.Equal(StreamCloseReason.ClosedByPeer, await server.Closed);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_turned_away_until_one_ends()
    {
        NetworkLoop loop = Start(options => options with { MaxAcceptedConnections = 2 });
        var servers = new List<StreamRecorder>();
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ =>
        {
            servers.Add(new StreamRecorder());
            return servers[^1];
        });
        StreamRecorder one = await ConnectToAsync(loop, listener), two = await ConnectToAsync(loop, listener);
        await loop.UntilAsync(() => servers.Count == 2);
        StreamRecorder three = await ConnectToAsync(loop, listener);
        await three.Closed;
        Assert.Equal(1, loop.Counters.ConnectionsTurnedAway);

        (await one.Connected).Close();
        await servers[0].Closed;
        StreamRecorder four = await ConnectToAsync(loop, listener);
        await loop.UntilAsync(() => servers.Count == 3);
        (await four.Connected).Close();
        (await two.Connected).Close();
        await loop.UntilAsync(() => loop.Counters.Connections == 0);
    }

    [Fact]
    public async Task A_connection_nobody_wants_is_closed_and_so_is_one_whose_acceptor_throws()
    {
        NetworkLoop loop = Start();
        int accepts = 0;
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => accepts++ == 0 ? null : throw new InvalidOperationException("acceptor"));
        await (await ConnectToAsync(loop, listener)).Closed;
        await (await ConnectToAsync(loop, listener)).Closed;
        Assert.Equal(2, loop.Counters.ConnectionsTurnedAway);
        Assert.Equal("acceptor", Assert.Single(_faults).Message);
        _faults.Clear();
    }

    [Fact]
    public async Task An_exception_of_a_handler_leaves_the_connection_open()
    {
        NetworkLoop loop = Start();
        var server = new StreamRecorder { Inspect = (_, bytes) => Assert.NotEqual((byte)'!', bytes[0]) };
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => server);
        IStreamConnection client = await (await ConnectToAsync(loop, listener)).Connected;
        Send(client, "!"u8);
        await loop.UntilAsync(() => loop.Counters.Faults == 1);
        Send(client, "?"u8);
        Assert.Equal("?"u8.ToArray(), await server.ReadAsync(1));
        _faults.Clear();
    }

    [Fact]
    public async Task Accepted_connections_outlive_their_listener_and_end_with_their_loop()
    {
        (NetworkLoop loop, IStreamListener listener, StreamRecorder server, StreamRecorder client, IStreamConnection connection) = await ConnectAsync(Loops.Loopback());
        await server.Connected;
        listener.Dispose();
        Send(connection, "still here"u8);
        Assert.Equal("still here"u8.ToArray(), await server.ReadAsync(10));
        loop.Dispose();
        Assert.Equal(StreamCloseReason.ClosedHere, await server.Closed);
        Assert.Equal(StreamCloseReason.ClosedHere, await client.Closed);
        Assert.Equal((1, 1), (server.TimesClosed, client.TimesClosed));
        Assert.False(Send(connection, "x"u8));
        connection.Close();
    }

    [Fact]
    public async Task What_was_sent_in_the_round_in_which_the_loop_ends_arrives()
    {
        NetworkLoop loop = Start();
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (IStreamConnection connection, _) = await AcceptAsync(loop, peer);
        await loop.RunAsync(() =>
        {
            Send(connection, "last words"u8);
            loop.Dispose();
        });
        byte[] bytes = new byte[100];
        Assert.Equal(10, await peer.ReceiveAsync(bytes).WaitAsync(Loops.Limit));
        Assert.Equal(0, await peer.ReceiveAsync(bytes).WaitAsync(Loops.Limit));
    }

    private async Task<(NetworkLoop Loop, IStreamListener Listener, StreamRecorder Server, StreamRecorder Client, IStreamConnection Connection)> ConnectAsync(
        NetworkAddress local)
    {
        NetworkLoop loop = Start();
        StreamRecorder server = new(), client = new();
        IStreamListener listener = loop.ListenStream(local, _ => server);
        IStreamConnection connection = await loop.RunAsync(() => loop.ConnectStream(listener.LocalAddress, client));
        return (loop, listener, server, client, connection);
    }

    private static async Task<StreamRecorder> ConnectToAsync(NetworkLoop loop, IStreamListener listener)
    {
        var client = new StreamRecorder();
        await loop.RunAsync(() => loop.ConnectStream(listener.LocalAddress, client));
        await client.Connected;
        return client;
    }

    private static async Task<(IStreamConnection Connection, StreamRecorder Server)> AcceptAsync(NetworkLoop loop, Socket peer)
    {
        var server = new StreamRecorder();
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => server);
        await peer.ConnectAsync(listener.LocalAddress.ToIPEndPoint());
        return (await server.Connected, server);
    }
}
