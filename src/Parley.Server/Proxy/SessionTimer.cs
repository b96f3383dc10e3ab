using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What a proxy that wants a session timer does to an INVITE or UPDATE and to its 2xx.</summary>
/// <param name="Interval">Session-Expires as it is forwarded, in seconds; 0 when no timer is wanted.</param>
/// <param name="MinSE">Min-SE to be set, in seconds; 0 leaves it.</param>
/// <param name="IsCallerAware">True when the request says <c>Supported: timer</c>.</param>
/// <remarks>Source: RFC 4028 8.</remarks>
internal readonly record struct SessionTimer(uint Interval, uint MinSE, bool IsCallerAware)
{
    /// <summary>The shortest interval that anybody may ask for, in seconds.</summary>
    /// <remarks>Source: RFC 4028 4.</remarks>
    public const uint Shortest = 90;

    /// <summary>The answer to who asks for less.</summary>
    public static ReadOnlySpan<byte> MinSERow => "Min-SE: 90\r\n"u8;

    /// <summary>Decides what to do with a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="wanted">The interval that this server wants, in seconds.</param>
    /// <param name="timer">What to do; nothing with headers that cannot be read.</param>
    /// <returns>False when the interval is too short for this server, and the caller can be told so with 422.</returns>
    public static bool TryPlan(scoped in SipMessageView request, uint wanted, out SessionTimer timer)
    {
        timer = default;
        bool isAware = request.HasToken(HeaderId.Supported, "timer"u8);
        if (!TryRead(request, HeaderId.MinSE, out uint? floor) || !TryRead(request, HeaderId.SessionExpires, out uint? asked)) return true;
        uint least = Math.Max(floor ?? Shortest, Shortest);
        if (asked is not { } interval)
        {
            timer = new SessionTimer(Math.Max(wanted, least), 0, isAware);
            return true;
        }

        if (interval < Shortest && isAware) return false;
        bool raisesFloor = interval < Shortest && (floor ?? 0) < Shortest;
        timer = new SessionTimer(Math.Max(Math.Min(interval, wanted), least), raisesFloor ? Shortest : 0, isAware);
        return true;
    }

    /// <summary>Changes the request.</summary>
    public void Apply(SipEdits edits, scoped in SipMessageView request)
    {
        if (Interval == 0) return;
        if (request.TryGetParameterized(HeaderId.SessionExpires, out ParameterizedValueView asked) != HeaderStatus.Ok)
        {
            edits.SetHeader(request, HeaderId.SessionExpires, Interval);
        }
        else if (!TryParse(asked.Value, out uint interval) || interval != Interval)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{Interval}{Encoding.UTF8.GetString(asked.Parameters.Bytes)}");
            edits.SetHeader(request, HeaderId.SessionExpires, Encoding.UTF8.GetBytes(text));
        }

        if (MinSE > 0) edits.SetHeader(request, HeaderId.MinSE, MinSE);
    }

    /// <summary>What is added to a 2xx, whole rows: where only the caller knows session timers, he is to refresh.</summary>
    /// <param name="success">The 2xx as it came.</param>
    /// <returns>Empty when nothing is.</returns>
    public byte[] RowsFor(scoped in SipMessageView success)
    {
        if (Interval == 0 || !IsCallerAware || success.Has(HeaderId.SessionExpires)) return [];
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Session-Expires: {Interval};refresher=uac\r\nRequire: timer\r\n"));
    }

    /// <summary>The session interval that a 2xx sets, with what is added to it; zero for none.</summary>
    public TimeSpan IntervalOf(scoped in SipMessageView success)
    {
        if (TryRead(success, HeaderId.SessionExpires, out uint? interval) && interval is { } seconds) return TimeSpan.FromSeconds(seconds);
        return IsCallerAware ? TimeSpan.FromSeconds(Interval) : TimeSpan.Zero;
    }

    /// <returns>False when it is malformed.</returns>
    private static bool TryRead(scoped in SipMessageView message, HeaderId id, out uint? seconds)
    {
        seconds = null;
        HeaderStatus status = message.TryGetParameterized(id, out ParameterizedValueView value);
        if (status == HeaderStatus.Missing) return true;
        if (status != HeaderStatus.Ok || !TryParse(value.Value, out uint number)) return false;
        seconds = number;
        return true;
    }

    private static bool TryParse(ReadOnlySpan<byte> digits, out uint number) => Utf8Parser.TryParse(digits, out number, out int consumed) && consumed == digits.Length;
}
