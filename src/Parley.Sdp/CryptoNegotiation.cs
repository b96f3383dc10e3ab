using System.Security.Cryptography;
using Parley.Core;

namespace Parley.Sdp;

/// <summary>Whether a session's media is protected by SRTP.</summary>
public enum SrtpUse
{
    /// <summary>Never: keys are neither offered nor taken.</summary>
    Off,

    /// <summary>Where the other side can do it too, else plain RTP (RFC 8643). A secure profile is taken when it is offered.</summary>
    Offer,

    /// <summary>Always: a secure profile is offered, and what is not protected is refused.</summary>
    Require,
}

/// <summary>What both sides protect their packets with.</summary>
/// <param name="Tag">Of the line that was taken.</param>
/// <param name="Suite">The crypto-suite, of both directions.</param>
/// <param name="LocalKey">What this side sends with; the same object for as long as it is the same key.</param>
/// <param name="RemoteKey">What the other side sends with.</param>
/// <remarks>Source: RFC 4568 5.1.2.</remarks>
public sealed record NegotiatedCrypto(int Tag, string Suite, CryptoKey LocalKey, CryptoKey RemoteKey);

/// <summary>The security descriptions of one session: keeps this side's keys, offers them, and chooses among the other side's lines.</summary>
/// <remarks>
/// A key lasts for as long as this side's address does; with another address there is another key, as the other side
/// begins its roll-over counter anew then (RFC 4568 7.1.4). The forks of a session share it. Source: RFC 4568 5 and 7, RFC 8643.
/// </remarks>
internal sealed class CryptoNegotiation(SrtpUse use, SdpList<CryptoSuite> suites)
{
    private readonly Dictionary<string, CryptoKey> _keys = [];
    private NetworkAddress _address;

    /// <summary>True when keys are offered and taken.</summary>
    public bool IsOn => use != SrtpUse.Off && suites.Count > 0;

    /// <summary>The profile of offers.</summary>
    public string OfferedProtocol => use == SrtpUse.Require ? "RTP/SAVP" : "RTP/AVP";

    /// <summary>True for a profile that is protected in any case.</summary>
    public static bool IsSecure(string protocol) => protocol is "RTP/SAVP" or "RTP/SAVPF";

    /// <summary>True for a profile that this side can do.</summary>
    public bool IsKnown(string protocol) => protocol is "RTP/AVP" or "RTP/AVPF" || (IsOn && IsSecure(protocol));

    /// <summary>The lines of an offer: the preferred suite first.</summary>
    public SdpList<SdpAttribute> Offer(NetworkAddress local)
    {
        SdpList<SdpAttribute> lines = [];
        if (!IsOn) return lines;
        Use(local);
        foreach (CryptoSuite suite in suites)
        {
            if (suite.IsOffered) lines = lines.Add(new SdpAttribute(CryptoAttribute.Name, CryptoAttribute.Write(lines.Count + 1, suite.Name, KeyOf(suite))));
        }

        return lines;
    }

    /// <summary>The line of an answer.</summary>
    /// <param name="crypto">What was chosen for the address.</param>
    public static SdpAttribute Answer(NegotiatedCrypto crypto) =>
        new(CryptoAttribute.Name, CryptoAttribute.Write(crypto.Tag, crypto.Suite, crypto.LocalKey));

    /// <summary>Takes the first line of an offer that both can do.</summary>
    /// <param name="media">The offered stream.</param>
    /// <param name="local">Where this side receives; the default value when that is not known yet, and nothing will come of it.</param>
    /// <param name="crypto">What protects the stream; null for plain RTP.</param>
    /// <returns>False when the stream must not be taken as it is.</returns>
    public bool TryChoose(MediaDescription media, NetworkAddress local, out NegotiatedCrypto? crypto)
    {
        crypto = null;
        if (IsOn)
        {
            if (local.IsSpecified) Use(local);
            foreach (SdpAttribute attribute in media.Attributes)
            {
                if (!TryRead(attribute, out CryptoAttribute? line, out CryptoSuite suite)) continue;
                crypto = new NegotiatedCrypto(line!.Tag, suite.Name, KeyOf(suite), line.Key);
                break;
            }
        }

        return crypto is not null || (use != SrtpUse.Require && !IsSecure(media.Protocol));
    }

    /// <summary>Takes the line of an answer to this side's offer.</summary>
    /// <param name="media">The answered stream.</param>
    /// <param name="offered">The stream of the offer.</param>
    /// <param name="crypto">What protects the stream; null for plain RTP, when the other side does not protect it.</param>
    /// <returns>False when the negotiation has failed.</returns>
    public bool TryTake(MediaDescription media, MediaDescription offered, out NegotiatedCrypto? crypto)
    {
        crypto = null;
        int lines = 0;
        foreach (SdpAttribute attribute in media.Attributes)
        {
            if (!IsOn || attribute.Name != CryptoAttribute.Name) continue;
            // One of the offered lines, with its tag, and a key of its own: else one side would not know what the other does.
            if (++lines > 1 || !TryRead(attribute, out CryptoAttribute? line, out CryptoSuite suite) || !IsOffered(offered, line!)
                || line!.Key.KeyAndSalt.SequenceEqual(KeyOf(suite).KeyAndSalt)) return false;
            crypto = new NegotiatedCrypto(line.Tag, suite.Name, KeyOf(suite), line.Key);
        }

        return crypto is not null || (use != SrtpUse.Require && !IsSecure(offered.Protocol) && !IsSecure(media.Protocol));
    }

    private static bool IsOffered(MediaDescription offered, CryptoAttribute line)
    {
        foreach (SdpAttribute attribute in offered.Attributes)
        {
            if (attribute.Name == CryptoAttribute.Name && CryptoAttribute.TryParse(attribute.Value, out CryptoAttribute? ours) && ours.Tag == line.Tag) return ours.Suite == line.Suite;
        }

        return false;
    }

    private bool TryRead(SdpAttribute attribute, out CryptoAttribute? line, out CryptoSuite suite)
    {
        (line, suite) = (null, default);
        if (attribute.Name != CryptoAttribute.Name || !CryptoAttribute.TryParse(attribute.Value, out line)) return false;
        foreach (CryptoSuite known in suites)
        {
            if (known.Name != line.Suite) continue;
            suite = known;
            return line.Key.KeyAndSalt.Length == known.KeyAndSaltLengthBytes;
        }

        return false;
    }

    private void Use(NetworkAddress local)
    {
        if (local == _address) return;
        _address = local;
        _keys.Clear();
    }

    private CryptoKey KeyOf(CryptoSuite suite)
    {
        if (!_keys.TryGetValue(suite.Name, out CryptoKey? key)) _keys[suite.Name] = key = new CryptoKey(RandomNumberGenerator.GetBytes(suite.KeyAndSaltLengthBytes));
        return key;
    }
}
