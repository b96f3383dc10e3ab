using Parley.Sdp;
using Parley.Sip.Messages;

namespace Parley.UserAgent;

/// <summary>How a call is placed.</summary>
public sealed record CallOptions
{
    /// <summary>What the call says and who hears the other side.</summary>
    public CallAudio Audio { get; init; } = CallAudio.None;

    /// <summary>How long it may ring before it is cancelled.</summary>
    /// <value>3 minutes unless set: the least that proxies wait (RFC 3261 16.6, timer C). More than 0.</value>
    public TimeSpan RingTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Whether the INVITE has an offer. Without one the other side makes it, in its answer or a reliable provisional response.</summary>
    /// <value>True unless set: who offers hears early media, and whom it suits to be offered something is mostly another server.</value>
    /// <remarks>Source: RFC 3261 13.2.1.</remarks>
    public bool SendsOffer { get; init; } = true;

    /// <summary>Whether the sound is protected by SRTP.</summary>
    /// <value>Null, the default, is as the user agent is set up.</value>
    public SrtpUse? Srtp { get; init; }

    /// <summary>How many addresses of 3xx responses are tried, one after the other.</summary>
    /// <value>0 to 16; 0, the default, takes a 3xx for a refusal.</value>
    public int MaxRedirects { get; init; }

    /// <summary>Values of headers to add to the INVITE, by name.</summary>
    /// <remarks>Not those that the protocol itself needs.</remarks>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Who is told how far the call comes; null for nobody.</summary>
    internal Transfers.Referral? Referral { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (RingTimeout <= TimeSpan.Zero) throw new ArgumentException($"{nameof(RingTimeout)} must be more than 0.");
        if (MaxRedirects is < 0 or > 16) throw new ArgumentException($"{nameof(MaxRedirects)} must be 0 to 16.");
        foreach ((string name, string value) in Headers)
        {
            SipHeaders.Empty.Add(name, value);      // throws for what would not be one row
            if (HeaderTable.Find(WireText.ToBytes(name)) is HeaderId.Via or HeaderId.From or HeaderId.To or HeaderId.CallId or HeaderId.CSeq or HeaderId.Contact
                or HeaderId.MaxForwards or HeaderId.Route or HeaderId.ContentLength or HeaderId.ContentType)
            {
                throw new ArgumentException($"{nameof(Headers)} must not have {name}: the protocol needs it.");
            }
        }
    }
}
