using System.Buffers.Text;

namespace Parley.Load.Messages;

/// <summary>What a load tool wants to know of a message.</summary>
internal readonly ref struct ReceivedMessage
{
    private ReceivedMessage(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The whole.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The status of a response; 0 for a request.</summary>
    public int Status { get; private init; }

    /// <summary>The method of a request.</summary>
    public ReadOnlySpan<byte> Method { get; private init; }

    /// <summary>Whose it is.</summary>
    public ExchangeId Id { get; private init; }

    /// <summary>The number in CSeq.</summary>
    public int Number { get; private init; }

    /// <summary>The value of To.</summary>
    public ReadOnlySpan<byte> To { get; private init; }

    /// <summary>The URI in Contact; empty when there is none.</summary>
    public ReadOnlySpan<byte> Contact { get; private init; }

    /// <summary>The value of WWW-Authenticate; empty when there is none.</summary>
    public ReadOnlySpan<byte> Challenge { get; private init; }

    /// <summary>Reads a message.</summary>
    /// <returns>False for what is none, or nobody's here.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ReceivedMessage message)
    {
        message = default;
        int status = 0;
        ReadOnlySpan<byte> method = [];
        if (bytes.StartsWith("SIP/2.0 "u8))
        {
            if (!Utf8Parser.TryParse(bytes[8..], out status, out _) || status is < 100 or > 699) return false;
        }
        else
        {
            int blank = bytes.IndexOf((byte)' ');
            if (blank <= 0) return false;
            method = bytes[..blank];
        }

        ExchangeId id = default;
        int number = 0;
        ReadOnlySpan<byte> to = [], contact = [], challenge = [];
        bool isOurs = false;
        var lines = new HeaderLines(bytes);
        while (lines.Next())
        {
            switch (lines.Name)
            {
                case Header.CallId: isOurs = ExchangeId.TryRead(lines.Value, out id); break;
                case Header.CSeq: _ = Utf8Parser.TryParse(lines.Value, out number, out _); break;
                case Header.To: to = lines.Value; break;
                case Header.Contact when contact.IsEmpty: contact = UriOf(lines.Value); break;
                case Header.WwwAuthenticate when challenge.IsEmpty: challenge = lines.Value; break;
                default: break;
            }
        }

        if (!isOurs || number == 0) return false;
        message = new ReceivedMessage(bytes) { Status = status, Method = method, Id = id, Number = number, To = to, Contact = contact, Challenge = challenge };
        return true;
    }

    private static ReadOnlySpan<byte> UriOf(ReadOnlySpan<byte> contact)
    {
        int open = contact.IndexOf((byte)'<');
        if (open < 0) return contact;
        int close = contact[open..].IndexOf((byte)'>');
        return close < 0 ? [] : contact[(open + 1)..(open + close)];
    }
}
