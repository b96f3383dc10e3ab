using System.Buffers.Text;
using System.Text;

namespace Parley.Sip.Capabilities;

/// <summary>The value of a feature parameter: one of several, each a token, a number or a range of numbers, which an exclamation mark turns round; or one string.</summary>
/// <remarks>
/// <code>
/// "INVITE,BYE"  "!presence,message-summary"  "#&gt;=5"  "#-4:+5.125"  "&lt;PC&gt;"  TRUE
/// </code>
/// Tokens are compared without case, strings with it. A number that cannot be read is a token. Source: RFC 3840 9, RFC 3841 7.2.4, 8.
/// </remarks>
internal static class FeatureValue
{
    private enum Kind
    {
        Token,
        String,
        Number,
    }

    /// <summary>True when a value fits both.</summary>
    /// <param name="left">As it was written, with quotes where it has them.</param>
    /// <param name="right">Likewise.</param>
    public static bool Overlap(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        left = Unquote(left);
        while (TryTake(ref left, out Literal one))
        {
            ReadOnlySpan<byte> rest = Unquote(right);
            while (TryTake(ref rest, out Literal other))
            {
                if (one.Overlaps(other)) return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> value) => value is [(byte)'"', .. var text, (byte)'"'] ? text : value;

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out Literal literal)
    {
        literal = default;
        if (rest.IsEmpty) return false;
        if (rest is [(byte)'<', .. var text, (byte)'>'])
        {
            literal = new Literal(Kind.String, text);
            rest = default;
            return true;
        }

        int comma = rest.IndexOf((byte)',');
        literal = Literal.Read(Trim(comma < 0 ? rest : rest[..comma]));
        rest = comma < 0 ? default : rest[(comma + 1)..];
        return true;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (text is [(byte)' ' or (byte)'\t', ..]) text = text[1..];
        while (text is [.., (byte)' ' or (byte)'\t']) text = text[..^1];
        return text;
    }

    private readonly ref struct Literal(Kind kind, ReadOnlySpan<byte> text)
    {
        private readonly Kind _kind = kind;
        private readonly ReadOnlySpan<byte> _text = text;

        private bool IsNegated { get; init; }

        private decimal Low { get; init; }

        private decimal High { get; init; }

        public static Literal Read(ReadOnlySpan<byte> text)
        {
            bool isNegated = text is [(byte)'!', ..];
            if (isNegated) text = text[1..];
            return text is [(byte)'#', .. var number] && TryReadRange(number, out decimal low, out decimal high)
                ? new Literal(Kind.Number, text) { IsNegated = isNegated, Low = low, High = high }
                : new Literal(Kind.Token, text) { IsNegated = isNegated };
        }

        public bool Overlaps(scoped in Literal other)
        {
            if (_kind != other._kind) return IsNegated || other.IsNegated;
            if (_kind == Kind.Number) return OverlapsNumber(other);
            if (IsNegated && other.IsNegated) return true;
            bool isEqual = _kind == Kind.String ? _text.SequenceEqual(other._text) : Ascii.EqualsIgnoreCase(_text, other._text);
            return isEqual != (IsNegated || other.IsNegated);
        }

        private bool OverlapsNumber(scoped in Literal other)
        {
            if (!IsNegated && !other.IsNegated) return Low <= other.High && other.Low <= High;
            if (IsNegated && other.IsNegated) return !(Covers(this, other) || Covers(other, this));
            (decimal low, decimal high) = IsNegated ? (other.Low, other.High) : (Low, High);
            (decimal notLow, decimal notHigh) = IsNegated ? (Low, High) : (other.Low, other.High);
            return low < notLow || high > notHigh;
        }

        /// <summary>True when two ranges leave no number out.</summary>
        private static bool Covers(scoped in Literal lower, scoped in Literal upper) =>
            lower.Low == decimal.MinValue && upper.High == decimal.MaxValue && upper.Low <= lower.High;

        private static bool TryReadRange(ReadOnlySpan<byte> text, out decimal low, out decimal high)
        {
            (low, high) = (decimal.MinValue, decimal.MaxValue);
            if (text.StartsWith(">="u8)) return TryReadNumber(text[2..], out low);
            if (text.StartsWith("<="u8)) return TryReadNumber(text[2..], out high);
            int colon = text.IndexOf((byte)':');
            if (colon >= 0) return TryReadNumber(text[..colon], out low) & TryReadNumber(text[(colon + 1)..], out high);
            bool isRead = TryReadNumber(text is [(byte)'=', .. var number] ? number : text, out low);
            high = low;
            return isRead;
        }

        private static bool TryReadNumber(ReadOnlySpan<byte> text, out decimal number) =>
            Utf8Parser.TryParse(text, out number, out int read) & read == text.Length && read > 0;
    }
}
