using System.Runtime.Intrinsics;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>How the rows and values of a header add up.</summary>
/// <remarks>Source: RFC 3261 7.3.1.</remarks>
public enum HeaderRows : byte
{
    /// <summary>One row with one value.</summary>
    Single,

    /// <summary>Any number of rows, each with values between commas; joined with commas they mean the same.</summary>
    CommaList,

    /// <summary>Any number of rows with one value each, which may have commas of its own and must not be joined.</summary>
    Many,
}

/// <summary>The grammar of one value of a header.</summary>
/// <remarks>Source: RFC 3261 25.1 unless the member says otherwise.</remarks>
public enum HeaderSyntax : byte
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A token: a method, an option tag, a coding.</summary>
    Token,

    /// <summary>A token with parameters.</summary>
    TokenWithParameters,

    /// <summary>A URI with or without brackets and display name, with parameters.</summary>
    NameAddress,

    /// <summary>A URI in brackets with or without display name, with parameters.</summary>
    BracketedAddress,

    /// <summary>Contact: an address or the star.</summary>
    Contact,

    /// <summary>Via.</summary>
    Via,

    /// <summary>CSeq: number and method.</summary>
    CSeq,

    /// <summary>RAck: two numbers and a method (RFC 3262 7.2).</summary>
    RAck,

    /// <summary>Call-ID: one word or two with an at sign between.</summary>
    CallId,

    /// <summary>Call-ID with parameters (RFC 3891 6.1, RFC 3911 7.1).</summary>
    CallIdWithParameters,

    /// <summary>Decimal digits.</summary>
    Number,

    /// <summary>Decimal digits with parameters; Retry-After may have a comment between.</summary>
    NumberWithParameters,

    /// <summary>A media type or range with parameters.</summary>
    MediaType,

    /// <summary>A scheme and its parameters between commas.</summary>
    Credentials,
}

/// <summary>What Parley knows of a header.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its full name as it is written.</param>
/// <param name="Compact">Its compact form, '\0' when it has none (RFC 3261 7.3.3).</param>
/// <param name="Rows">How its rows and values add up.</param>
/// <param name="Syntax">The grammar of one value.</param>
public sealed record HeaderDefinition(HeaderId Id, string Name, char Compact, HeaderRows Rows, HeaderSyntax Syntax)
{
    private readonly byte[] _nameBytes = Encoding.ASCII.GetBytes(Name);
    private readonly byte[] _linePrefix = Encoding.ASCII.GetBytes(Name + ": ");

    /// <summary>The full name in bytes.</summary>
    public ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>The full name, a colon and a space: how a row starts.</summary>
    public ReadOnlySpan<byte> LinePrefix => _linePrefix;
}

/// <summary>The one table of headers: names, compact forms and grammar of every header come from here.</summary>
/// <remarks>To add a header, add its <see cref="HeaderId"/> and its row. A name is found with one hash and one comparison.</remarks>
public static class HeaderTable
{
    private static readonly HeaderDefinition[] Definitions = Build();

    private const int SlotBits = 10;
    private static readonly uint Multiplier = FindMultiplier();
    private static readonly byte[] Slots = FillSlots(Multiplier)!;
    private static readonly byte[] CompactForms = FillCompactForms();
    private static readonly NamePattern[] Patterns = [.. Definitions.Select(definition => new NamePattern(definition.NameBytes))];

    /// <summary>Every header that has a name, in the order of its number; <see cref="HeaderId.Unknown"/> is not among them.</summary>
    public static ReadOnlySpan<HeaderDefinition> All => Definitions.AsSpan(1);

    /// <summary>One more than the highest header number.</summary>
    internal static int Count => Definitions.Length;

    /// <summary>What is known of a header.</summary>
    /// <returns>For <see cref="HeaderId.Unknown"/> a definition without a name, of any number of rows of text.</returns>
    public static HeaderDefinition Get(HeaderId id) => Definitions[(int)id];

    /// <summary>The header of a full or compact name, in any case.</summary>
    public static HeaderId Find(ReadOnlySpan<byte> name)
    {
        if (name.Length < 2)
        {
            if (name.Length == 0) return HeaderId.Unknown;
            int letter = (name[0] | 0x20) - 'a';
            return (uint)letter < 26 && name[0] < 0x80 ? (HeaderId)CompactForms[letter] : HeaderId.Unknown;
        }

        byte id = Slots[Hash(name, Multiplier)];
        return id != 0 && Ascii.EqualsIgnoreCase(name, Definitions[id].NameBytes) ? (HeaderId)id : HeaderId.Unknown;
    }

    /// <summary>The header of a full or compact name that stands in the middle of a message: compared as a whole where enough bytes follow it.</summary>
    internal static HeaderId Find(ReadOnlySpan<byte> message, int offset, int length)
    {
        if (length < 2 || length > Vector256<byte>.Count || message.Length - offset < Vector256<byte>.Count) return Find(message.Slice(offset, length));
        byte id = Slots[Hash(message.Slice(offset, length), Multiplier)];
        return Patterns[id].Matches(Vector256.Create(message[offset..]), length) ? (HeaderId)id : HeaderId.Unknown;
    }

    private static HeaderDefinition[] Build()
    {
        HeaderDefinition[] rows =
        [
            // RFC 3261 20
            Row(HeaderId.Accept, "Accept", HeaderRows.CommaList, HeaderSyntax.MediaType),
            Row(HeaderId.AcceptEncoding, "Accept-Encoding", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.AcceptLanguage, "Accept-Language", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.AlertInfo, "Alert-Info", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.Allow, "Allow", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.AuthenticationInfo, "Authentication-Info", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.Authorization, "Authorization", HeaderRows.Many, HeaderSyntax.Credentials),
            Row(HeaderId.CallId, "Call-ID", HeaderRows.Single, HeaderSyntax.CallId, 'i'),
            Row(HeaderId.CallInfo, "Call-Info", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.Contact, "Contact", HeaderRows.CommaList, HeaderSyntax.Contact, 'm'),
            Row(HeaderId.ContentDisposition, "Content-Disposition", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.ContentEncoding, "Content-Encoding", HeaderRows.CommaList, HeaderSyntax.Token, 'e'),
            Row(HeaderId.ContentLanguage, "Content-Language", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.ContentLength, "Content-Length", HeaderRows.Single, HeaderSyntax.Number, 'l'),
            Row(HeaderId.ContentType, "Content-Type", HeaderRows.Single, HeaderSyntax.MediaType, 'c'),
            Row(HeaderId.CSeq, "CSeq", HeaderRows.Single, HeaderSyntax.CSeq),
            Row(HeaderId.Date, "Date", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.ErrorInfo, "Error-Info", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.Expires, "Expires", HeaderRows.Single, HeaderSyntax.Number),
            Row(HeaderId.From, "From", HeaderRows.Single, HeaderSyntax.NameAddress, 'f'),
            Row(HeaderId.InReplyTo, "In-Reply-To", HeaderRows.CommaList, HeaderSyntax.CallId),
            Row(HeaderId.MaxForwards, "Max-Forwards", HeaderRows.Single, HeaderSyntax.Number),
            Row(HeaderId.MimeVersion, "MIME-Version", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.MinExpires, "Min-Expires", HeaderRows.Single, HeaderSyntax.Number),
            Row(HeaderId.Organization, "Organization", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.Priority, "Priority", HeaderRows.Single, HeaderSyntax.Token),
            Row(HeaderId.ProxyAuthenticate, "Proxy-Authenticate", HeaderRows.Many, HeaderSyntax.Credentials),
            Row(HeaderId.ProxyAuthorization, "Proxy-Authorization", HeaderRows.Many, HeaderSyntax.Credentials),
            Row(HeaderId.ProxyRequire, "Proxy-Require", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.RecordRoute, "Record-Route", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.ReplyTo, "Reply-To", HeaderRows.Single, HeaderSyntax.NameAddress),
            Row(HeaderId.Require, "Require", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.RetryAfter, "Retry-After", HeaderRows.Single, HeaderSyntax.NumberWithParameters),
            Row(HeaderId.Route, "Route", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.Server, "Server", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.Subject, "Subject", HeaderRows.Single, HeaderSyntax.Text, 's'),
            Row(HeaderId.Supported, "Supported", HeaderRows.CommaList, HeaderSyntax.Token, 'k'),
            Row(HeaderId.Timestamp, "Timestamp", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.To, "To", HeaderRows.Single, HeaderSyntax.NameAddress, 't'),
            Row(HeaderId.Unsupported, "Unsupported", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.UserAgent, "User-Agent", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.Via, "Via", HeaderRows.CommaList, HeaderSyntax.Via, 'v'),
            Row(HeaderId.Warning, "Warning", HeaderRows.CommaList, HeaderSyntax.Text),
            Row(HeaderId.WwwAuthenticate, "WWW-Authenticate", HeaderRows.Many, HeaderSyntax.Credentials),

            // RFC 3262
            Row(HeaderId.RAck, "RAck", HeaderRows.Single, HeaderSyntax.RAck),
            Row(HeaderId.RSeq, "RSeq", HeaderRows.Single, HeaderSyntax.Number),
            // RFC 3323, 3325, 3326, 3327, 3329
            Row(HeaderId.Privacy, "Privacy", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.PAssertedIdentity, "P-Asserted-Identity", HeaderRows.CommaList, HeaderSyntax.NameAddress),
            Row(HeaderId.PPreferredIdentity, "P-Preferred-Identity", HeaderRows.CommaList, HeaderSyntax.NameAddress),
            Row(HeaderId.Reason, "Reason", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.Path, "Path", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.SecurityClient, "Security-Client", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.SecurityServer, "Security-Server", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.SecurityVerify, "Security-Verify", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            // RFC 3515, 3608, 3841, 3891, 3892, 3903, 3911
            Row(HeaderId.ReferTo, "Refer-To", HeaderRows.Single, HeaderSyntax.NameAddress, 'r'),
            Row(HeaderId.ServiceRoute, "Service-Route", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.AcceptContact, "Accept-Contact", HeaderRows.CommaList, HeaderSyntax.Text, 'a'),
            Row(HeaderId.RejectContact, "Reject-Contact", HeaderRows.CommaList, HeaderSyntax.Text, 'j'),
            Row(HeaderId.RequestDisposition, "Request-Disposition", HeaderRows.CommaList, HeaderSyntax.Token, 'd'),
            Row(HeaderId.Replaces, "Replaces", HeaderRows.Single, HeaderSyntax.CallIdWithParameters),
            Row(HeaderId.ReferredBy, "Referred-By", HeaderRows.Single, HeaderSyntax.NameAddress, 'b'),
            Row(HeaderId.SipETag, "SIP-ETag", HeaderRows.Single, HeaderSyntax.Token),
            Row(HeaderId.SipIfMatch, "SIP-If-Match", HeaderRows.Single, HeaderSyntax.Token),
            Row(HeaderId.Join, "Join", HeaderRows.Single, HeaderSyntax.CallIdWithParameters),
            // RFC 4028, 4412, 4488, 4538
            Row(HeaderId.SessionExpires, "Session-Expires", HeaderRows.Single, HeaderSyntax.NumberWithParameters, 'x'),
            Row(HeaderId.MinSE, "Min-SE", HeaderRows.Single, HeaderSyntax.NumberWithParameters),
            Row(HeaderId.ResourcePriority, "Resource-Priority", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.AcceptResourcePriority, "Accept-Resource-Priority", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.ReferSub, "Refer-Sub", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.TargetDialog, "Target-Dialog", HeaderRows.Single, HeaderSyntax.CallIdWithParameters),
            // RFC 5009, 5373, 5393, 5626, 5806
            Row(HeaderId.PEarlyMedia, "P-Early-Media", HeaderRows.CommaList, HeaderSyntax.Token),
            Row(HeaderId.AnswerMode, "Answer-Mode", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.PrivAnswerMode, "Priv-Answer-Mode", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.MaxBreadth, "Max-Breadth", HeaderRows.Single, HeaderSyntax.Number),
            Row(HeaderId.FlowTimer, "Flow-Timer", HeaderRows.Single, HeaderSyntax.Number),
            Row(HeaderId.Diversion, "Diversion", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            // RFC 6050, 6086, 6442, 6665, 6809
            Row(HeaderId.PAssertedService, "P-Asserted-Service", HeaderRows.CommaList, HeaderSyntax.Text),
            Row(HeaderId.PPreferredService, "P-Preferred-Service", HeaderRows.CommaList, HeaderSyntax.Text),
            Row(HeaderId.InfoPackage, "Info-Package", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.RecvInfo, "Recv-Info", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.Geolocation, "Geolocation", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.GeolocationRouting, "Geolocation-Routing", HeaderRows.Single, HeaderSyntax.Token),
            Row(HeaderId.GeolocationError, "Geolocation-Error", HeaderRows.Single, HeaderSyntax.NumberWithParameters),
            Row(HeaderId.Event, "Event", HeaderRows.Single, HeaderSyntax.TokenWithParameters, 'o'),
            Row(HeaderId.AllowEvents, "Allow-Events", HeaderRows.CommaList, HeaderSyntax.Token, 'u'),
            Row(HeaderId.SubscriptionState, "Subscription-State", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.FeatureCaps, "Feature-Caps", HeaderRows.CommaList, HeaderSyntax.Text),
            // RFC 7044, 7315, 7433, 7989, 8224
            Row(HeaderId.HistoryInfo, "History-Info", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.PAssociatedUri, "P-Associated-URI", HeaderRows.CommaList, HeaderSyntax.BracketedAddress),
            Row(HeaderId.PCalledPartyId, "P-Called-Party-ID", HeaderRows.Single, HeaderSyntax.BracketedAddress),
            Row(HeaderId.PVisitedNetworkId, "P-Visited-Network-ID", HeaderRows.CommaList, HeaderSyntax.Text),
            Row(HeaderId.PAccessNetworkInfo, "P-Access-Network-Info", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.PChargingFunctionAddresses, "P-Charging-Function-Addresses", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.PChargingVector, "P-Charging-Vector", HeaderRows.Single, HeaderSyntax.Text),
            Row(HeaderId.UserToUser, "User-to-User", HeaderRows.CommaList, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.SessionId, "Session-ID", HeaderRows.Single, HeaderSyntax.TokenWithParameters),
            Row(HeaderId.Identity, "Identity", HeaderRows.Many, HeaderSyntax.Text, 'y'),
        ];

        var table = new HeaderDefinition[rows.Length + 1];
        table[0] = new HeaderDefinition(HeaderId.Unknown, "", '\0', HeaderRows.Many, HeaderSyntax.Text);
        foreach (HeaderDefinition row in rows) table[(int)row.Id] = row;
        return table;
    }

    private static HeaderDefinition Row(HeaderId id, string name, HeaderRows rows, HeaderSyntax syntax, char compact = '\0') =>
        new(id, name, compact, rows, syntax);

    // Length, the first two bytes, one in the middle and the last tell all names apart; the multiplier spreads them
    // over the slots so that no two meet. Bit 5 is set so that case does not matter.
    private static int Hash(ReadOnlySpan<byte> name, uint multiplier)
    {
        uint key = name[0] | ((uint)name[1] << 7) | ((uint)name[name.Length >> 1] << 14) | ((uint)name[^1] << 21) | 0x0408_1020u;
        return (int)(((key ^ ((uint)name.Length << 27)) * multiplier) >> (32 - SlotBits));
    }

    private static uint FindMultiplier()
    {
        uint multiplier = 0x9E37_79B1;
        for (int i = 0; i < 1_000_000; i++)
        {
            if (FillSlots(multiplier) is not null) return multiplier;
            multiplier = ((multiplier * 0x0019_660D) + 0x3C6E_F35F) | 1;
        }

        throw new InvalidOperationException("Two header names have the same key: take one more byte of the name into the hash.");
    }

    private static byte[]? FillSlots(uint multiplier)
    {
        var slots = new byte[1 << SlotBits];
        foreach (HeaderDefinition definition in All)
        {
            ref byte slot = ref slots[Hash(definition.NameBytes, multiplier)];
            if (slot != 0) return null;
            slot = (byte)definition.Id;
        }

        return slots;
    }

    private static byte[] FillCompactForms()
    {
        var forms = new byte[26];
        foreach (HeaderDefinition definition in All)
        {
            if (definition.Compact != '\0') forms[definition.Compact - 'a'] = (byte)definition.Id;
        }

        return forms;
    }

    /// <summary>A name, to be compared in one step with 32 bytes of which it may be the beginning.</summary>
    private readonly struct NamePattern
    {
        private readonly Vector256<byte> _lowerCase;    // zero behind the name
        private readonly Vector256<byte> _caseBits;     // bit 5 where there is a letter
        private readonly int _length;

        public NamePattern(ReadOnlySpan<byte> name)
        {
            Span<byte> lowerCase = stackalloc byte[Vector256<byte>.Count], caseBits = stackalloc byte[Vector256<byte>.Count];
            lowerCase.Clear();
            caseBits.Clear();
            for (int i = 0; i < name.Length; i++)
            {
                bool isLetter = char.IsAsciiLetter((char)name[i]);
                caseBits[i] = (byte)(isLetter ? 0x20 : 0);
                lowerCase[i] = (byte)(name[i] | caseBits[i]);
            }

            _lowerCase = Vector256.Create<byte>(lowerCase);
            _caseBits = Vector256.Create<byte>(caseBits);
            _length = name.Length;
        }

        public bool Matches(Vector256<byte> bytes, int length) =>
            length == _length
            && (Vector256.Equals(bytes | _caseBits, _lowerCase) | Vector256.Equals(_lowerCase, Vector256<byte>.Zero)) == Vector256<byte>.AllBitsSet;
    }
}
