#pragma warning disable CS1591 // each member is the header of its name; HeaderTable says what it is
namespace Parley.Sip.Messages;

/// <summary>A header that Parley knows by name. <see cref="HeaderTable"/> says what each one is.</summary>
public enum HeaderId : byte
{
    /// <summary>Any other header: kept verbatim.</summary>
    Unknown,

    // RFC 3261 20
    Accept, AcceptEncoding, AcceptLanguage, AlertInfo, Allow, AuthenticationInfo, Authorization, CallId, CallInfo, Contact,
    ContentDisposition, ContentEncoding, ContentLanguage, ContentLength, ContentType, CSeq, Date, ErrorInfo, Expires, From,
    InReplyTo, MaxForwards, MimeVersion, MinExpires, Organization, Priority, ProxyAuthenticate, ProxyAuthorization, ProxyRequire,
    RecordRoute, ReplyTo, Require, RetryAfter, Route, Server, Subject, Supported, Timestamp, To, Unsupported, UserAgent, Via,
    Warning, WwwAuthenticate,

    // Extensions
    AcceptContact, AcceptResourcePriority, AllowEvents, AnswerMode, Diversion, Event, FeatureCaps, FlowTimer, Geolocation,
    GeolocationError, GeolocationRouting, HistoryInfo, Identity, InfoPackage, Join, MaxBreadth, MinSE, PAccessNetworkInfo,
    PAssertedIdentity, PAssertedService, PAssociatedUri, PCalledPartyId, PChargingFunctionAddresses, PChargingVector,
    PEarlyMedia, PPreferredIdentity, PPreferredService, PVisitedNetworkId, Path, Privacy, PrivAnswerMode, RAck, RSeq, Reason,
    RecvInfo, ReferSub, ReferTo, ReferredBy, RejectContact, Replaces, RequestDisposition, ResourcePriority, SecurityClient,
    SecurityServer, SecurityVerify, ServiceRoute, SessionExpires, SessionId, SipETag, SipIfMatch, SubscriptionState,
    TargetDialog, UserToUser,
}
