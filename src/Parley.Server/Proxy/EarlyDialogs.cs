using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The early dialogs of a call's branches, for a caller who wants to hear when one of several is over: 199 (Early Dialog Terminated).</summary>
/// <remarks>Only kept for those callers, and a bounded number of dialogs. Source: RFC 6228 6.</remarks>
internal sealed class EarlyDialogs
{
    private const int Most = 32;

    private readonly List<(Branch Branch, byte[] Tag)> _dialogs = [];

    /// <summary>True when the sender of an INVITE is to be told: it knows 199, and asks for no reliable responses, which a proxy cannot send.</summary>
    public static bool AreWanted(scoped in SipMessageView invite) =>
        invite.Has(HeaderId.Supported) && invite.HasToken(HeaderId.Supported, "199"u8) && !invite.HasToken(HeaderId.Require, "100rel"u8);

    /// <summary>A provisional response was forwarded.</summary>
    public void OnProvisional(Branch branch, scoped in SipMessageView response)
    {
        if (response.TryGetTo(out NameAddressView to) != HeaderStatus.Ok || to.Tag.IsEmpty) return;
        byte[] tag = to.Tag.ToArray();
        int known = _dialogs.FindIndex(dialog => dialog.Tag.AsSpan().SequenceEqual(tag));
        if (response.StatusCode == 199)
        {
            if (known >= 0) _dialogs.RemoveAt(known);       // somebody further on has told the caller
        }
        else if (known < 0 && _dialogs.Count < Most)
        {
            _dialogs.Add((branch, tag));
        }
    }

    /// <summary>A branch has failed: takes out the tags of its dialogs.</summary>
    public List<byte[]> TakeOf(Branch branch)
    {
        List<byte[]> tags = [.. _dialogs.Where(dialog => ReferenceEquals(dialog.Branch, branch)).Select(dialog => dialog.Tag)];
        _dialogs.RemoveAll(dialog => ReferenceEquals(dialog.Branch, branch));
        return tags;
    }

    /// <summary>Tells the caller of dialogs that are over, while the INVITE has no final response yet.</summary>
    /// <param name="server">The INVITE's transaction.</param>
    /// <param name="tags">The dialogs' To tags.</param>
    /// <param name="statusCode">What ended them.</param>
    public static void Tell(SipServerTransaction server, List<byte[]> tags, int statusCode)
    {
        if (server.IsFinished) return;
        byte[] reason = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Reason: SIP;cause={statusCode}\r\n"));
        foreach (byte[] tag in tags) server.Respond(new SipReply(199) { ToTag = tag, Headers = reason });
    }
}
