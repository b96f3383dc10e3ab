using System.Globalization;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Infos;
using Parley.UserAgent.Transfers;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A peer that sends any message of a call at any time, and a person who presses any button: nothing is thrown, and nothing is left at the end.</summary>
public sealed class RandomPeerTests
{
    private const int WalksPerSeed = 250;
    private const int StepsPerWalk = 25;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Nothing_is_thrown_and_nothing_is_left(int seed)
    {
        for (int i = 0; i < WalksPerSeed; i++) new Walk((seed * 1_000_000) + i).Run();
    }

    private sealed class Walk : ITransferHandler, ITransferObserver
    {
        private static readonly string[] Methods = ["INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "OPTIONS"];
        private static readonly int[] Statuses = [100, 180, 183, 199, 200, 202, 302, 401, 403, 404, 405, 408, 415, 422, 480, 481, 486, 487, 488, 491, 500, 503, 603];
        private static readonly string[] Rows =
        [
            "", "", "", "Supported: 100rel, timer, replaces\r\n", "Require: 100rel\r\n", "Session-Expires: 1800;refresher=uas\r\n", "Session-Expires: 1\r\nMin-SE: 90\r\n", "RSeq: 1\r\nRequire: 100rel\r\n",
            "Refer-To: <sip:carol@192.0.2.9>\r\n", "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n", "Event: refer\r\nSubscription-State: active;expires=60\r\n", "Event: dialog\r\n",
            "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO\r\n", "Expires: 1\r\n", "Recv-Info: conference\r\nInfo-Package: conference\r\n", "Retry-After: 1\r\n", "Min-SE: 3600\r\n", "Contact: <sip:other@192.0.2.9:5060>\r\n",
            "Record-Route: <sip:192.0.2.9;lr>\r\n",
        ];

        private readonly Random _random;
        private readonly string _seed;
        private readonly VirtualNetwork _network;
        private readonly VirtualPhone _phone;
        private readonly ScriptedPeer _peer;
        private readonly List<string> _requests = [];       // of the phone
        private readonly List<string> _log = [];
        private int _sequence;
        private int _reliable;

        public Walk(int seed)
        {
            (_random, _seed) = (new Random(seed), seed.ToString(CultureInfo.InvariantCulture));
            _network = new VirtualNetwork(seed);
            _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060", options => options with { MaxCalls = 4 });
            _phone.Core.TransferHandler = this;
            _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
        }

        private CallLeg? Call { get; set; }

        public void Run()
        {
            try
            {
                Begin();
                for (int i = 0; i < StepsPerWalk; i++) Step();
                Finish();
            }
            catch (Exception problem)
            {
                Assert.Fail($"Seed {_seed}: {problem}\n{string.Join("\n", _log)}");
            }
        }

        void ITransferHandler.OnTransferRequested(IncomingTransfer transfer)
        {
            if (_random.Next(3) == 0) transfer.Reject();
            else if (_random.Next(2) == 0) transfer.Accept(new CallOptions(), _phone);
        }

        void ITransferObserver.OnDone(int statusCode, string reasonPhrase) => _log.Add($"transfer: {statusCode}");

        private void Begin()
        {
            if (_random.Next(2) == 0)
            {
                Call = _phone.Call(_peer.Uri, new CallOptions { Audio = CallAudio.None });
                string invite = _peer.TakeRequest("INVITE");
                _requests.Add(invite);
                (_peer.CallId, _peer.FromTag, _peer.ToTag) = (Header(invite, "Call-ID"), "remote", Header(invite, "From").Split(";tag=")[1]);
            }
            else
            {
                Send("INVITE");
            }
        }

        private string Direction() => _random.Next(4) switch { 0 => "a=sendonly\r\n", 1 => "a=inactive\r\n", 2 => "a=recvonly\r\n", _ => "" };

        private void Step()
        {
            int kind = _random.Next(10);
            if (kind < 4) Send(Methods[_random.Next(Methods.Length)]);
            else if (kind < 7) AnswerSomething();
            else if (kind < 9) Press();
            _network.RunFor(TimeSpan.FromMilliseconds(_random.Next(5) == 0 ? _random.Next(40_000) : _random.Next(60)));
            Listen();
        }

        private void Send(string method)
        {
            int sequence = method is "ACK" or "CANCEL" ? Math.Max(1, _sequence - _random.Next(2)) : _random.Next(8) == 0 ? Math.Max(1, _sequence - 1) : ++_sequence;
            string headers = Rows[_random.Next(Rows.Length)] + Rows[_random.Next(Rows.Length)];
            if (method == "PRACK") headers += $"RAck: {_random.Next(1, 4)} {Math.Max(1, _random.Next(_sequence + 1))} INVITE\r\n";
            string? body = _random.Next(3) switch { 0 => null, 1 => _peer.Sdp(Direction(), _random.Next(1, 5)), _ => _random.Next(2) == 0 ? "nonsense" : _peer.Sdp(media: "audio 0 RTP/AVP 0") };
            string? branch = method is "ACK" or "CANCEL" && _random.Next(2) == 0 ? _sequence.ToString(CultureInfo.InvariantCulture) : null;
            _log.Add($"peer: {method} {sequence} {headers.Replace("\r\n", " ", StringComparison.Ordinal)}{(body is null ? "" : "with a body")}");
            _peer.Send(method, sequence, body, headers, branch, hasContact: _random.Next(4) > 0, toTag: _random.Next(12) == 0 ? "wrong" : null);
        }

        private void AnswerSomething()
        {
            if (_requests.Count == 0) return;
            string request = _requests[_random.Next(Math.Max(0, _requests.Count - 4), _requests.Count)];
            int status = Statuses[_random.Next(Statuses.Length)];
            string headers = Rows[_random.Next(Rows.Length)];
            if (status is > 100 and < 200 && _random.Next(2) == 0) headers = $"Require: 100rel\r\nRSeq: {++_reliable}\r\n";
            string? tag = status == 100 ? null : _random.Next(6) == 0 ? "fork" : "remote";
            string? body = _random.Next(3) == 0 ? null : _peer.Sdp(Direction(), _random.Next(1, 5));
            _log.Add($"peer: {status} to {request.Split("\r\n")[0]} {headers.Replace("\r\n", " ", StringComparison.Ordinal)}{(body is null ? "" : "with a body")} from {tag}");
            _peer.Answer(request, $"{status} Any", tag, body, headers, hasContact: _random.Next(4) > 0);
        }

        private void Press()
        {
            Call ??= _phone.Incoming.Count > 0 ? _phone.Incoming[^1] : null;
            if (_random.Next(4) == 0 && _phone.Incoming.Count > 0) Call = _phone.Incoming[_random.Next(_phone.Incoming.Count)];
            if (Call is not { } call) return;
            int button = _random.Next(11);
            _log.Add($"person: {button} in {call.State}");
            switch (button)
            {
                case 0: call.Ring(); break;
                case 1: call.Answer(CallAudio.None); break;
                case 2: call.Reject(486); break;
                case 3: call.HangUp(); break;
                case 4: call.Hold(true); break;
                case 5: call.Hold(false); break;
                case 6: call.SendDigits("1", KeyTransport.Info); break;
                case 7: call.SendDigits("12#"); break;
                case 8: call.Transfer(_peer.Uri, this); break;
                case 9: call.Progress(CallAudio.None); break;
                default: _phone.Call(_peer.Uri, new CallOptions { Audio = CallAudio.None }); break;
            }
        }

        /// <summary>Takes what came: requests can be answered later, and a dialog has the phone's tag.</summary>
        private void Listen()
        {
            while (_peer.TryTake(TimeSpan.Zero) is { } message)
            {
                _log.Add($"phone: {message.Split("\r\n")[0]}");
                if (!message.StartsWith("SIP/2.0 ", StringComparison.Ordinal))
                {
                    _requests.Add(message);
                }
                else if (_peer.ToTag is null && Header(message, "To").Split(";tag=") is [_, { } tag] && Header(message, "CSeq").EndsWith("INVITE", StringComparison.Ordinal))
                {
                    _peer.ToTag = tag;
                }
            }
        }

        private void Finish()
        {
            _phone.Core.HangUpAll();
            Assert.True(_network.RunUntilIdle(TimeSpan.FromDays(3)), _network.ToString());
            _phone.Core.HangUpAll();
            Assert.True(_network.RunUntilIdle(TimeSpan.FromDays(3)), _network.ToString());
            Assert.Equal(_phone.Heard.Count(word => word == "call"), _phone.Incoming.Count);
            Assert.All(_phone.Incoming, call => Assert.Equal(CallState.Ended, call.State));
            Assert.Equal(0, _phone.Core.SubscriptionCount);
            _phone.AssertNothingLeft();
            Assert.True(_network.RunUntilIdle(TimeSpan.FromDays(3)), _network.ToString());
            Assert.Equal(0, _network.Buffers.Outstanding);
        }
    }
}
