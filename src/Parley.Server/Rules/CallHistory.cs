using System.Buffers;
using System.Globalization;
using System.Text;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Where a call has been sent at this server, for those who get it next: the History-Info and Diversion of its INVITE.</summary>
/// <remarks>
/// <code>
/// &lt;sip:alice@example.com&gt;;index=1                                        whom the caller asked for
/// &lt;sip:alice@192.0.2.7?Reason=SIP%3Bcause%3D408&gt;;index=1.1;rc=1           her phone did not answer
/// &lt;sip:bob@example.com&gt;;index=1.2;mp=1                                   so the call went to him
/// &lt;sip:bob@192.0.2.8&gt;;index=1.2.1;rc=1.2                                 and now to this phone
/// </code>
/// What came in History-Info stays; a gap in it gets the index 0. Where the caller wants privacy for it, the URIs that this server adds are anonymous.
/// How a phone is woken is left out of its URI (RFC 8599 13). Kept for calls that rules apply to, and for those that came with History-Info. Source: RFC 7044 9, 10; RFC 5806.
/// </remarks>
internal sealed class CallHistory
{
    private const int MostEntries = 50;
    private const string Anonymous = "sip:anonymous@anonymous.invalid";

    private static readonly SearchValues<byte> IndexBytes = SearchValues.Create("0123456789."u8);

    private readonly List<string> _entries = [];        // each whole
    private readonly List<string> _diversions = [];     // the latest first
    private readonly bool _isPrivate;
    private string _index;
    private int _branches;

    private CallHistory(string index, bool isPrivate) => (_index, _isPrivate) = (index, isPrivate);

    /// <summary>The history of an INVITE as it came.</summary>
    public static CallHistory Begin(scoped in SipMessageView invite)
    {
        bool isPrivate = PrivacyValues.Ask(invite, "history"u8) || PrivacyValues.Ask(invite, "header"u8);
        string? last = null;
        bool isComplete = false;
        foreach (HeaderValue value in invite.Values(HeaderId.HistoryInfo))
        {
            if (!NameAddressView.TryParse(value, out NameAddressView entry)) continue;
            if (!entry.Parameters.TryGet("index"u8, out ParameterView index) || !IsIndex(index.Value)) continue;
            last = Encoding.ASCII.GetString(index.Value);
            isComplete = entry.Uri.SequenceEqual(invite.RequestUri);
        }

        if (isComplete) return new CallHistory(last!, isPrivate);
        var history = new CallHistory(last is null ? "1" : $"{last}.0", isPrivate);
        history._entries.Add(history.Entry(WithoutHeaders(invite.RequestUri), history._index));
        return history;
    }

    /// <summary>The call goes to somebody else.</summary>
    /// <param name="from">The Request-URI that it had.</param>
    /// <param name="target">The one that it gets.</param>
    /// <param name="reason">Why.</param>
    public void Divert(ReadOnlySpan<byte> from, CallTarget target, DiversionReason reason)
    {
        string parent = _index;
        _index = string.Create(CultureInfo.InvariantCulture, $"{parent}.{++_branches}");
        _branches = 0;
        Add($"{Entry(target.Uri.ToString(), _index)};mp={parent}");
        if (reason == DiversionReason.Unknown) return;      // a short code is a way to write somebody's name
        string privacy = _isPrivate ? ";privacy=full" : "";
        _diversions.Insert(0, $"<{WithoutHeaders(from)}>;reason={Name(reason)};counter=1{privacy}");
    }

    /// <summary>The call is tried at one more target.</summary>
    /// <returns>Its number, from 1.</returns>
    public int AddBranch() => ++_branches;

    /// <summary>A target has refused the call, or not answered it.</summary>
    public void OnFailed(int branch, ReadOnlySpan<byte> uri, TargetKind kind, int statusCode) =>
        Add(BranchEntry(branch, string.Create(CultureInfo.InvariantCulture, $"{PushParameters.Shown(uri)}?Reason=SIP%3Bcause%3D{statusCode}"), kind));

    /// <summary>Puts the history into the INVITE for a target.</summary>
    public void Write(SipEdits edits, scoped in SipMessageView invite, int branch, ReadOnlySpan<byte> uri, TargetKind kind)
    {
        foreach (string entry in _entries) edits.AppendValue(invite, HeaderId.HistoryInfo, Encoding.UTF8.GetBytes(entry));
        edits.AppendValue(invite, HeaderId.HistoryInfo, Encoding.UTF8.GetBytes(BranchEntry(branch, PushParameters.Shown(uri), kind)));
        for (int i = _diversions.Count - 1; i >= 0; i--) edits.PrependValue(invite, HeaderId.Diversion, Encoding.UTF8.GetBytes(_diversions[i]));
    }

    private static bool IsIndex(ReadOnlySpan<byte> index) => index.Length is > 0 and < 128 && !index.ContainsAnyExcept(IndexBytes);

    private static string WithoutHeaders(ReadOnlySpan<byte> uri)
    {
        int end = uri.IndexOf((byte)'?');
        return Encoding.UTF8.GetString(end < 0 ? uri : uri[..end]);
    }

    private static string Name(DiversionReason reason) => reason switch
    {
        DiversionReason.Unconditional => "unconditional",
        DiversionReason.Busy => "user-busy",
        DiversionReason.NoAnswer => "no-answer",
        DiversionReason.Offline => "unavailable",
        DiversionReason.DoNotDisturb => "do-not-disturb",
        DiversionReason.Declined => "deflection",
        _ => "unknown",
    };

    private void Add(string entry)
    {
        if (_entries.Count < MostEntries) _entries.Add(entry);
    }

    private string BranchEntry(int branch, string uri, TargetKind kind)
    {
        string parameter = kind switch { TargetKind.Contact => "rc", TargetKind.OtherUser => "mp", _ => "np" };
        return string.Create(CultureInfo.InvariantCulture, $"{Entry(uri, $"{_index}.{branch}")};{parameter}={_index}");
    }

    private string Entry(string uri, string index)
    {
        int headers = uri.IndexOf('?', StringComparison.Ordinal);
        string shown = _isPrivate ? Anonymous + (headers < 0 ? "" : uri[headers..]) : uri;
        return $"<{shown}>;index={index}";
    }
}

/// <summary>What a target is to the Request-URI that it was found for.</summary>
/// <remarks>Source: RFC 7044 10.4.</remarks>
internal enum TargetKind
{
    /// <summary>The same.</summary>
    Same,

    /// <summary>A place where the same user is.</summary>
    Contact,

    /// <summary>Somebody else.</summary>
    OtherUser,
}
