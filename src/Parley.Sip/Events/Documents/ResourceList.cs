using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>What a body with the states of a list of resources is about: <c>application/rlmi+xml</c>.</summary>
/// <remarks>Source: RFC 4662 5.</remarks>
/// <param name="Uri">The list.</param>
/// <param name="Resources">Its resources, or those of them that something is told of.</param>
public sealed record ResourceList(string Uri, IReadOnlyList<ListedResource> Resources)
{
    /// <summary>Its media type.</summary>
    public const string MediaType = "application/rlmi+xml";

    private const int MaxResources = 1000;
    private static readonly XNamespace Namespace = "urn:ietf:params:xml:ns:rlmi";
    private static readonly string[] States = ["", "pending", "active", "terminated"];

    /// <summary>The number of the document in its subscription.</summary>
    public uint Version { get; init; }

    /// <summary>False when not all resources of the list are told of.</summary>
    public bool IsFull { get; init; } = true;

    /// <summary>Reads a document.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out ResourceList? list)
    {
        list = null;
        if (!EventXml.TryRead(body, Namespace + "list", out XElement? root) || root.Attribute("uri")?.Value is not { } uri) return false;
        if (!uint.TryParse(root.Attribute("version")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint version)) return false;
        List<ListedResource> resources = [];
        foreach (XElement element in root.Elements(Namespace + "resource"))
        {
            if (resources.Count == MaxResources || element.Attribute("uri")?.Value is not { } resource) return false;
            List<ResourceInstance> instances = [];
            foreach (XElement instance in element.Elements(Namespace + "instance"))
            {
                int state = Array.IndexOf(States, instance.Attribute("state")?.Value ?? "");
                if (state < 1 || instance.Attribute("id")?.Value is not { } id || instances.Count == MaxResources) return false;
                instances.Add(new ResourceInstance(id, (SubscriptionState)state, instance.Attribute("cid")?.Value, instance.Attribute("reason")?.Value));
            }

            resources.Add(new ListedResource(resource, instances) { Name = element.Text(Namespace + "name") });
        }

        list = new ResourceList(uri, resources) { Version = version, IsFull = root.Attribute("fullState")?.Value is "true" or "1" };
        return true;
    }

    /// <summary>Writes the document.</summary>
    public byte[] Write() => EventXml.Write(new XElement(
        Namespace + "list",
        new XAttribute("uri", EventXml.Clean(Uri)),
        new XAttribute("version", Version),
        new XAttribute("fullState", IsFull),
        Resources.Select(resource => new XElement(
            Namespace + "resource",
            new XAttribute("uri", EventXml.Clean(resource.Uri)),
            resource.Name is { } name ? new XElement(Namespace + "name", EventXml.Clean(name)) : null,
            resource.Instances.Select(instance => new XElement(
                Namespace + "instance",
                new XAttribute("id", EventXml.Clean(instance.Id)),
                new XAttribute("state", States[(int)instance.State]),
                EventXml.Attribute("reason", instance.Reason),
                EventXml.Attribute("cid", instance.ContentId)))))));
}

/// <summary>A resource of a <see cref="ResourceList"/>.</summary>
/// <param name="Uri">Which.</param>
/// <param name="Instances">The subscriptions to it; none while nothing is known.</param>
public sealed record ListedResource(string Uri, IReadOnlyList<ResourceInstance> Instances)
{
    /// <summary>Its name for people; null where that is not said.</summary>
    public string? Name { get; init; }
}

/// <summary>A subscription to a resource of a <see cref="ResourceList"/>.</summary>
/// <param name="Id">Its name among those to the resource.</param>
/// <param name="State">Where it is; never <see cref="SubscriptionState.Waiting"/>.</param>
/// <param name="ContentId">Which part of the body has the state; there when the subscription is active.</param>
/// <param name="Reason">Why it ended, in the words of RFC 6665 4.1.3; there when it has.</param>
public sealed record ResourceInstance(string Id, SubscriptionState State, string? ContentId, string? Reason = null);
