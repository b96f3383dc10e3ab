using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Net.Tls;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Tests.Hosting;
using Parley.Server.Tls;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Tls;

/// <summary>RFC 5923: a server that has connected to another one is asked over its own connection, if it has proved to be who is asked for.</summary>
public sealed class ConnectionReuseTests : IDisposable
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly X509Certificate2 _authority = TestCertificate.Make("authority", isAuthority: true);
    private readonly List<Side> _sides = [];

    public void Dispose()
    {
        foreach (Side side in _sides) side.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_proved_its_name_is_asked_over_the_connection_that_it_made()
    {
        (Side asking, Side asked) = (Start("a.example"), Start("b.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));

        Assert.Equal(200, await asked.AskAsync(asking, "a.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));

        Assert.Equal(1, asking.Endpoint.ConnectionCount);
        Assert.Equal(1, asked.Endpoint.ConnectionCount);
    }

    [Fact]
    public async Task Not_for_a_name_that_it_did_not_prove()
    {
        (Side asking, Side asked) = (Start("a.example"), Start("b.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));

        Assert.Null(await asked.AskAsync(asking, "other.example"));

        Assert.Equal(["other.example: its certificate is for a.example, 127.0.0.1 and not for other.example"], asked.Refusals);
    }

    [Fact]
    public async Task Not_when_nobody_asked_it_for_its_certificate()
    {
        (Side asking, Side asked) = (Start("a.example"), Start("b.example", ClientCertificates.None));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));

        Assert.Equal(200, await asked.AskAsync(asking, "a.example"));

        Assert.Equal(2, asked.Endpoint.ConnectionCount);
    }

    [Fact]
    public async Task Not_by_a_certificate_that_is_for_clients_alone()
    {
        (Side asking, Side asked) = (Start("a.example", use: ClientUse), Start("b.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));

        Assert.Null(await asked.AskAsync(asking, "a.example"));

        Assert.StartsWith("a.example: its certificate is not trusted: ", Assert.Single(asked.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_when_it_does_not_listen_by_tls()
    {
        (Side asking, Side asked) = (Start("a.example", listens: SipTransport.Tcp), Start("b.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));
        Assert.DoesNotContain(";alias", asking.LastVia, StringComparison.Ordinal);

        Assert.Null(await asked.AskAsync(asking, "a.example"));     // at a port that speaks no TLS
    }

    [Fact]
    public async Task When_its_connection_is_over_another_one_is_made()
    {
        (Side asking, Side asked) = (Start("a.example", idle: TimeSpan.FromSeconds(2)), Start("b.example"));
        Assert.Equal(200, await asking.AskAsync(asked, "b.example"));
        Assert.EndsWith(";rport;alias", asking.LastVia, StringComparison.Ordinal);
        using (var limit = new CancellationTokenSource(Limit))
        {
            while (asked.Endpoint.ConnectionCount > 0) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }

        Assert.Equal(200, await asked.AskAsync(asking, "a.example"));
    }

    private Side Start(string host, ClientCertificates wanted = ClientCertificates.Optional, SipTransport listens = SipTransport.Tls, string? use = null, TimeSpan? idle = null)
    {
        using X509Certificate2 certificate = TestCertificate.Make(host, names => AddNames(names, host), _authority, use: use);
        (string path, string key) = (_folder.File($"{host}.pem"), _folder.File($"{host}.key"));
        TestCertificate.Write(certificate, path, key);
        var side = new Side(new ParleyConfiguration { Tls = new TlsOptions { Certificate = path, Key = key } }, new TlsTrust([_authority]), wanted, listens, idle);
        _sides.Add(side);
        return side;
    }

    private static void AddNames(SubjectAlternativeNameBuilder names, string host)
    {
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Loopback);
    }

    /// <summary>A server that answers everything with 200, and asks others.</summary>
    private sealed class Side : IDisposable
    {
        private readonly NetworkLoop _loop = NetworkLoop.Start();
        private readonly ServerCertificates _certificates;
        private readonly List<string> _refusals = [];
        private int _asked;

        public Side(ParleyConfiguration configuration, TlsTrust trust, ClientCertificates wanted, SipTransport listens, TimeSpan? idle)
        {
            _certificates = ServerCertificates.Open(configuration, [], TimeProvider.System, NullLogger.Instance);
            var failures = new TlsFailures(TimeProvider.System, NullLogger.Instance);
            var acceptor = new TlsAcceptor(_certificates, trust, wanted, failures, TimeProvider.System) { Timeout = Limit };
            Endpoint = SipEndpoint.Start(
                new SipEndpointOptions
                {
                    Listen = [new SipListen(listens, NetworkAddress.FromIPv4(0x7F000001, 0))],
                    IdleTimeout = idle ?? Limit,
                    StreamListener = new KestrelListener(NullLoggerFactory.Instance, acceptor),
                    Tls = new SipTlsOptions { Trust = trust, OwnCertificate = () => _certificates.Current, OnNotConnected = OnNotConnected },
                },
                [_loop],
                _ => new AnsweringUser());
        }

        public SipEndpoint Endpoint { get; }

        public string LastVia { get; private set; } = "";

        public string[] Refusals
        {
            get
            {
                lock (_refusals) return [.. _refusals];
            }
        }

        /// <summary>Sends the other one an OPTIONS.</summary>
        /// <returns>The status of the answer; null when it could not be sent.</returns>
        public async Task<int?> AskAsync(Side other, string host)
        {
            var question = new Question();
            SipFlow flow = new SipFlow(SipTransport.Tls, other.Endpoint.ListenPoints[0].Address).To(host);
            Assert.True(Endpoint.Lanes[0].Post(new Work(() => Send(flow, question))));
            return await question.Answer.Task.WaitAsync(Limit);
        }

        public void Dispose()
        {
            Endpoint.Dispose();
            _loop.Dispose();
            _certificates.Dispose();
        }

        private void Send(in SipFlow flow, Question question)
        {
            SipLane lane = Endpoint.Lanes[0];
            Span<byte> branch = stackalloc byte[SipLane.MaxBranchBytes], via = stackalloc byte[SipLane.MaxViaBytes + SipLane.MaxBranchBytes];
            branch = branch[..lane.WriteBranch(branch)];
            LastVia = Encoding.UTF8.GetString(via[..lane.WriteVia(via, flow, branch)]);
            string request = $"OPTIONS sip:{flow.ServerName} SIP/2.0\r\nVia: {LastVia}\r\nMax-Forwards: 70\r\nFrom: <sip:ask@example.test>;tag=1\r\nTo: <sip:{flow.ServerName}>\r\n"
                + $"Call-ID: {++_asked}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
            lane.SendRequest(SipMethod.Options, branch, lane.Loop.Buffers.Copy(Encoding.UTF8.GetBytes(request)), flow, question, state: null);
        }

        private void OnNotConnected(NetworkAddress remote, string host, string reason)
        {
            lock (_refusals) _refusals.Add($"{host}: {reason}");
        }

        private sealed class Work(Action action) : ILoopWork
        {
            public void Run(Instant now) => action();
        }
    }

    /// <summary>A request whose answer somebody waits for.</summary>
    private sealed class Question : ITransactionUser
    {
        public TaskCompletionSource<int?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnRequest(in SipIncomingRequest request) => throw new NotSupportedException();

        public void OnResponse(SipClientTransaction transaction, in SipMessageView response) => Answer.TrySetResult(response.StatusCode);

        public void OnTimeout(SipClientTransaction transaction) => Answer.TrySetResult(null);

        public void OnTransportFailed(SipClientTransaction transaction) => Answer.TrySetResult(null);

        public void OnServerFailed(SipServerTransaction transaction)
        {
        }

        public void OnStrayResponse(in SipMessageView response, in SipFlow flow)
        {
        }
    }
}
