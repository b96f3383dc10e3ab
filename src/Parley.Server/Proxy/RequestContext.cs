using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.CallRecords;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Rules;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>A request on its way through the chain of steps, and what the steps before have found out about it.</summary>
/// <remarks>Valid during the call, as are all views and spans in it.</remarks>
public ref struct RequestContext
{
    internal RequestContext(ServerLane server, in SipIncomingRequest incoming)
    {
        Server = server;
        Incoming = incoming;
        Configuration = server.Server.Configuration;
        Message.TryGetRequestUri(out SipUriView uri);
        RequestUri = uri;
    }

    /// <summary>The request as the lane gave it: for who makes a transaction of it.</summary>
    public SipIncomingRequest Incoming { get; }

    /// <summary>The message as it was received.</summary>
    public readonly SipMessageView Message => Incoming.Message;

    /// <summary>The method.</summary>
    public readonly SipMethod Method => Incoming.Message.Method;

    /// <summary>What the server was configured to be when the request came.</summary>
    public ParleyConfiguration Configuration { get; }

    /// <summary>The Request-URI that counts: the message's own, or what it stands for (RFC 3261 16.4).</summary>
    public SipUriView RequestUri { get; internal set; }

    /// <summary>Our domain that <see cref="RequestUri"/> is in; null when the request is for somebody else.</summary>
    public DomainOptions? Domain { get; internal set; }

    /// <summary>What is known of who sent it. Stands once the caller was identified.</summary>
    public CallerKind Caller { get; internal set; }

    /// <summary>True when it is part of a dialog: it has a To tag.</summary>
    public readonly bool IsInDialog => Message.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && !to.Tag.IsEmpty;

    /// <summary>True when <see cref="RequestUri"/> names this server, and no user of it.</summary>
    public readonly bool IsForServer => Domain is not null && !RequestUri.HasUser;

    /// <summary>True when <see cref="RequestUri"/> is a <c>sips</c> URI: it may go over TLS only.</summary>
    public readonly bool IsSecure => RequestUri.Scheme == SipUriScheme.Sips;

    internal ServerLane Server { get; }

    /// <summary>How the message's Route is to be changed.</summary>
    internal RouteChanges Routes { get; set; }

    /// <summary>The next hop by Route; the default value when no Route is left.</summary>
    internal SipUriView NextRoute { get; set; }

    /// <summary>True when a Route is left that names somebody else.</summary>
    internal readonly bool HasNextRoute => !NextRoute.Bytes.IsEmpty;

    /// <summary>What the last of our Routes says; the default value when none was ours.</summary>
    internal RouteToken Token { get; set; }

    /// <summary>True when <see cref="Token"/> comes from a Path of ours: nothing but its flow leads to the phone.</summary>
    internal bool NeedsFlow { get; set; }

    /// <summary>True when a Route of ours says that it has a flow and we did not write it.</summary>
    internal bool IsTokenForged { get; set; }

    internal LoopMark Mark { get; set; }

    internal Passage Passage { get; set; }

    /// <summary>What the rules of the configuration have made of a call so far; null when none applied.</summary>
    internal CallRoute? Route { get; set; }

    /// <summary>True when the accounts were brought up to date for this request.</summary>
    internal bool AreAccountsFresh { get; set; }

    /// <summary>Gives the request another Request-URI, for this step's successors and for who gets it in the end.</summary>
    /// <param name="uri">A sip URI, to be valid as long as the request: what a step keeps, not what it has on its stack.</param>
    /// <remarks>Who calls it answers for where the request goes: the caller's rights were checked for the URI before. Source: RFC 3261 16.5.</remarks>
    /// <exception cref="ArgumentException">The URI cannot be read.</exception>
    public void Retarget(ReadOnlySpan<byte> uri)
    {
        if (!SipUriView.TryParse(uri, out SipUriView target)) throw new ArgumentException("No URI.", nameof(uri));
        RequestUri = target;
        Domain = Server.Server.FindDomain(target);
    }

    /// <summary>Gives the request another Request-URI, for this step's successors and for who gets it in the end.</summary>
    /// <param name="uri">A sip or sips URI.</param>
    /// <remarks>Who calls it answers for where the request goes: the caller's rights were checked for the URI before. Source: RFC 3261 16.5.</remarks>
    public void Retarget(SipUri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        Retarget(Encoding.UTF8.GetBytes(uri.ToString()));
    }

    /// <summary>Answers; an ACK is dropped.</summary>
    /// <param name="statusCode">300 to 699, or 200.</param>
    public readonly StepResult Reply(int statusCode) => Reply(new SipReply(statusCode));

    /// <summary>Answers; an ACK is dropped.</summary>
    /// <param name="reply">A final response.</param>
    public readonly StepResult Reply(in SipReply reply)
    {
        if (Method == SipMethod.Invite && Server.Server.CallRecords is not null) CallRecording.Refuse(this, reply.StatusCode);
        Server.Counters.CountReply(Method, reply.StatusCode);
        Incoming.Reply(reply);
        return StepResult.Done;
    }
}
