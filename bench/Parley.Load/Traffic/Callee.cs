using Parley.Core;
using Parley.Load.Messages;

namespace Parley.Load.Traffic;

/// <summary>The side that is asked: answers at once whatever comes.</summary>
/// <remarks>Its 200 to an INVITE goes out again until the ACK comes (RFC 3261 13.3.1.4); everything else is answered as often as it is asked.</remarks>
internal sealed class Callee
{
    private readonly byte[] _answer = new byte[Network.BatchSocket.MaxDatagramBytes];

    /// <summary>False for one that lets it ring.</summary>
    public bool AnswersCalls { get; set; } = true;

    /// <summary>A request came.</summary>
    /// <param name="exchange">Whose it is; null when that exchange is over.</param>
    /// <param name="request">The request.</param>
    /// <param name="port">Where it came in.</param>
    /// <param name="now">The time.</param>
    /// <returns>True when it is the ACK that the exchange waited for.</returns>
    public bool OnRequest(Exchange? exchange, in ReceivedMessage request, Port port, Instant now)
    {
        if (request.Method.SequenceEqual("ACK"u8))
        {
            exchange?.Answer.End();
            return exchange?.State == ExchangeState.Acknowledging;
        }

        if (!request.Method.SequenceEqual("INVITE"u8))
        {
            Send(port, Answers.Write(_answer, request.Bytes, "200 OK"u8, port.Text, []));
            return false;
        }

        Send(port, Answers.Write(_answer, request.Bytes, "180 Ringing"u8, port.Text, []));
        if (!AnswersCalls || exchange is null) return false;
        exchange.Answer.Begin(Answers.Write(exchange.Answer.Room, request.Bytes, "200 OK"u8, port.Text, Requests.SessionDescription), now);
        port.Outbox.Add(exchange.Answer.Bytes);
        return false;
    }

    private void Send(Port port, int length) => port.Outbox.Add(_answer.AsSpan(0, length));
}
