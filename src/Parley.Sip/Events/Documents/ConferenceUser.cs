using System.Diagnostics.CodeAnalysis;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>Somebody in a <see cref="ConferenceInfo"/>.</summary>
/// <remarks>Source: RFC 4575 5.6.</remarks>
/// <param name="Entity">Who: a URI.</param>
/// <param name="Endpoints">His devices in the conference.</param>
public sealed record ConferenceUser(string Entity, IReadOnlyList<ConferenceEndpoint> Endpoints)
{
    private const int MaxEndpoints = 32;

    /// <summary>How much of him is told.</summary>
    public ConferenceElementState State { get; init; }

    /// <summary>His name for people; null where that is not said.</summary>
    public string? DisplayText { get; init; }

    /// <summary>What he does in the conference; null where that is not said.</summary>
    public string? Role { get; init; }

    /// <inheritdoc/>
    public bool Equals(ConferenceUser? other) =>
        other is not null && (Entity, State, DisplayText, Role) == (other.Entity, other.State, other.DisplayText, other.Role) && Endpoints.SequenceEqual(other.Endpoints);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entity, DisplayText, Endpoints.Count);

    internal static bool TryRead(XElement element, [NotNullWhen(true)] out ConferenceUser? user)
    {
        user = null;
        if (element.Attribute("entity")?.Value is not { } entity || !ConferenceInfo.TryReadState(element, out ConferenceElementState state)) return false;
        List<ConferenceEndpoint> endpoints = [];
        foreach (XElement child in element.Elements(ConferenceInfo.Namespace + "endpoint"))
        {
            if (endpoints.Count == MaxEndpoints || !ConferenceEndpoint.TryRead(child, out ConferenceEndpoint? endpoint)) return false;
            endpoints.Add(endpoint);
        }

        user = new ConferenceUser(entity, endpoints)
        {
            State = state,
            DisplayText = element.Text(ConferenceInfo.Namespace + "display-text"),
            Role = element.Element(ConferenceInfo.Namespace + "roles")?.Text(ConferenceInfo.Namespace + "entry"),
        };
        return true;
    }

    internal XElement Write() => new(
        ConferenceInfo.Namespace + "user",
        new XAttribute("entity", EventXml.Clean(Entity)),
        ConferenceInfo.Attribute(State),
        ConferenceInfo.Element("display-text", DisplayText),
        Role is null ? null : new XElement(ConferenceInfo.Namespace + "roles", ConferenceInfo.Element("entry", Role)),
        Endpoints.Select(endpoint => endpoint.Write()));
}

/// <summary>A device of a <see cref="ConferenceUser"/>.</summary>
/// <remarks>Source: RFC 4575 5.7.</remarks>
/// <param name="Entity">Its URI.</param>
/// <param name="Media">Its streams.</param>
public sealed record ConferenceEndpoint(string Entity, IReadOnlyList<ConferenceMedia> Media)
{
    private const int MaxMedia = 32;

    /// <summary>How much of it is told.</summary>
    public ConferenceElementState State { get; init; }

    /// <summary>Where it is: <c>connected</c>, <c>on-hold</c>, <c>dialing-out</c> ...; null where that is not said.</summary>
    public string? Status { get; init; }

    /// <summary>How it came: <c>dialed-in</c>, <c>dialed-out</c>, <c>focus-owner</c>; null where that is not said.</summary>
    public string? JoiningMethod { get; init; }

    /// <summary>How it left: <c>departed</c>, <c>booted</c>, <c>failed</c>, <c>busy</c>; null where that is not said.</summary>
    public string? DisconnectionMethod { get; init; }

    /// <inheritdoc/>
    public bool Equals(ConferenceEndpoint? other) =>
        other is not null && (Entity, State, Status, JoiningMethod, DisconnectionMethod) == (other.Entity, other.State, other.Status, other.JoiningMethod, other.DisconnectionMethod)
        && Media.SequenceEqual(other.Media);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Entity, Status, Media.Count);

    internal static bool TryRead(XElement element, [NotNullWhen(true)] out ConferenceEndpoint? endpoint)
    {
        endpoint = null;
        if (element.Attribute("entity")?.Value is not { } entity || !ConferenceInfo.TryReadState(element, out ConferenceElementState state)) return false;
        List<ConferenceMedia> media = [];
        foreach (XElement child in element.Elements(ConferenceInfo.Namespace + "media"))
        {
            if (media.Count == MaxMedia || child.Attribute("id")?.Value is not { } id) return false;
            media.Add(new ConferenceMedia(id, child.Text(ConferenceInfo.Namespace + "type"), child.Text(ConferenceInfo.Namespace + "status")));
        }

        endpoint = new ConferenceEndpoint(entity, media)
        {
            State = state,
            Status = element.Text(ConferenceInfo.Namespace + "status"),
            JoiningMethod = element.Text(ConferenceInfo.Namespace + "joining-method"),
            DisconnectionMethod = element.Text(ConferenceInfo.Namespace + "disconnection-method"),
        };
        return true;
    }

    internal XElement Write() => new(
        ConferenceInfo.Namespace + "endpoint",
        new XAttribute("entity", EventXml.Clean(Entity)),
        ConferenceInfo.Attribute(State),
        ConferenceInfo.Element("status", Status),
        ConferenceInfo.Element("joining-method", JoiningMethod),
        ConferenceInfo.Element("disconnection-method", DisconnectionMethod),
        Media.Select(media => new XElement(
            ConferenceInfo.Namespace + "media",
            new XAttribute("id", EventXml.Clean(media.Id)),
            ConferenceInfo.Element("type", media.Type),
            ConferenceInfo.Element("status", media.Direction))));
}

/// <summary>A stream of a <see cref="ConferenceEndpoint"/>.</summary>
/// <remarks>Source: RFC 4575 5.8.</remarks>
/// <param name="Id">Its name among those of the device.</param>
/// <param name="Type"><c>audio</c>, <c>video</c> ...; null where that is not said.</param>
/// <param name="Direction"><c>sendrecv</c>, <c>sendonly</c>, <c>recvonly</c> or <c>inactive</c>, as the device sees it; null where that is not said.</param>
public sealed record ConferenceMedia(string Id, string? Type, string? Direction);
