using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The best of the final responses that came for a request so far, and the challenges of those that were not chosen.</summary>
/// <remarks>
/// Order: 6xx; then the lowest class; within 4xx those that tell how to try again (401, 407, 415, 420, 484), then any
/// other, then 480, 404, 487 and 408. Holds a lease of the response. Source: RFC 3261 16.7 steps 6 and 7.
/// </remarks>
internal struct BestResponse
{
    private PooledBuffer? _message;
    private byte[]? _challenges;
    private int _challengesLength;

    /// <summary>Its status; 0 while there is none.</summary>
    public int StatusCode { get; private set; }

    /// <summary>Rows of challenges to add to it.</summary>
    public readonly ReadOnlySpan<byte> Challenges => IsChallenge(StatusCode) ? _challenges.AsSpan(0, _challengesLength) : default;

    /// <summary>True when a response would be preferred to what there is.</summary>
    public readonly bool IsBeatenBy(int statusCode) => StatusCode == 0 || Rank(statusCode) < Rank(StatusCode);

    /// <summary>Takes a response in the place of the one before.</summary>
    /// <param name="statusCode">300 to 699.</param>
    /// <param name="message">The message; its lease is taken over. Null for a response that this server makes itself.</param>
    public void Replace(int statusCode, PooledBuffer? message)
    {
        _message?.Release();
        (StatusCode, _message) = (statusCode, message);
    }

    /// <summary>Keeps the challenges of a 401 or 407 that is not chosen because another one is.</summary>
    public void AddChallenges(scoped in SipMessageView response)
    {
        if (!IsChallenge(StatusCode) || !IsChallenge(response.StatusCode)) return;
        AddRows(response, HeaderId.WwwAuthenticate);
        AddRows(response, HeaderId.ProxyAuthenticate);
    }

    /// <summary>Sends it to who asked.</summary>
    /// <param name="server">The request's transaction.</param>
    /// <param name="responses">Adds rows to a message.</param>
    /// <param name="isCancelled">True when he has given up meanwhile: nothing better is 487 then.</param>
    public void Send(SipServerTransaction server, ResponseForwarder responses, bool isCancelled)
    {
        PooledBuffer? message = TakeMessage();
        if (StatusCode == 503)
        {
            // RFC 3261 16.7 step 6: it is that element which is overloaded, not this one.
            message?.Release();
            server.Respond(new SipReply(500) { ReasonPhrase = "Next Hop Unavailable"u8 });
        }
        else if (message is not null)
        {
            server.Respond(StatusCode, responses.AddRows(message, Challenges));
        }
        else
        {
            bool isUnreached = StatusCode is 0 or 408 or 487;
            server.Respond(new SipReply(isCancelled && isUnreached ? 487 : StatusCode == 0 ? 408 : StatusCode));
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _message?.Release();
        this = default;
    }

    /// <summary>The smaller, the better.</summary>
    public static int Rank(int statusCode) => statusCode switch
    {
        >= 600 => 0,
        401 or 407 => 401,
        415 or 420 or 484 => 402,
        480 => 404,
        404 => 405,
        487 => 406,
        408 => 407,
        >= 400 and < 500 => 403,
        503 => 599,
        _ => statusCode / 100 * 100,
    };

    /// <summary>Takes the message out, with its lease.</summary>
    /// <returns>Null when this server makes the response itself.</returns>
    private PooledBuffer? TakeMessage()
    {
        PooledBuffer? message = _message;
        _message = null;
        return message;
    }

    private static bool IsChallenge(int statusCode) => statusCode is 401 or 407;

    private void AddRows(scoped in SipMessageView response, HeaderId id)
    {
        SipMessageIndex index = response.Index;
        for (int row = index.FirstRow(id); row >= 0; row = index.NextRow(row))
        {
            ReadOnlySpan<byte> bytes = response.Buffer[index[row].RowOffset..index.RowEnd(row)];
            _challenges ??= new byte[1024];
            if (_challenges.Length - _challengesLength < bytes.Length) Array.Resize(ref _challenges, Math.Max(_challenges.Length * 2, _challengesLength + bytes.Length));
            bytes.CopyTo(_challenges.AsSpan(_challengesLength));
            _challengesLength += bytes.Length;
        }
    }
}
