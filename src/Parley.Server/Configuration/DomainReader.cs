using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Parley.Server.Accounts;
using Parley.Server.Rules;
using Parley.Sip.Messages;

namespace Parley.Server.Configuration;

/// <summary>Reads an item of <c>domains</c>: a name, or an object with what the domain is and the rules of its users.</summary>
internal static class DomainReader
{
    private const string TargetValues = "a user of the domain, or a SIP URI";
    private const int MaxServiceRoute = 8;
    private const int MaxCallsLimit = 10_000;
    private const int LongestRingingSeconds = 180;

    /// <summary>Reads an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="reason">What is wrong.</param>
    /// <returns>False when it cannot be used.</returns>
    public static bool TryRead(ConfigurationNode item, [NotNullWhen(true)] out DomainOptions? domain, ref string? reason)
    {
        domain = null;
        if (item.Kind != NodeKind.Object) return TryReadName(item, out string only, ref reason) && (domain = new DomainOptions(only)) is not null;
        var reader = new ObjectReader(item, "a domain");
        if (reader.Find("name") is not { } written)
        {
            reason = "has an object without a name";
            return false;
        }

        if (!TryReadName(written, out string name, ref reason)) return false;
        DomainRole role = reader.Word("role", DomainRole.Proxy, ("proxy", DomainRole.Proxy), ("redirect", DomainRole.Redirect), ("edge", DomainRole.Edge));
        SipUri? registrar = ReadRegistrar(reader, role);
        ImmutableArray<SipUri> serviceRoute = ReadServiceRoute(reader);
        DomainRules rules = ReadRules(reader, name);
        if (!reader.IsGood(ref reason)) return false;
        domain = new DomainOptions(name, role) { Registrar = registrar, ServiceRoute = serviceRoute, Rules = rules, RulesText = rules.IsEmpty ? "" : item.ToJson() };
        return true;
    }

    /// <summary>An edge needs somebody to pass requests on to, and nobody else has a use for it.</summary>
    private static SipUri? ReadRegistrar(ObjectReader domain, DomainRole role)
    {
        const string Values = "a SIP URI without a user such as \"sip:192.0.2.1:5060\", beside \"role\": \"edge\" and there alone";
        ConfigurationNode? node = domain.Find("registrar");
        if (node is null)
        {
            if (role == DomainRole.Edge) domain.Fail("the role edge has no \"registrar\"", domain.Find("role")!.Origin, Values);
            return null;
        }

        if (role == DomainRole.Edge && node.TryGetText(out string text) && SipUri.TryParse(text, out SipUri? uri) && uri is { IsSip: true, User: null, Headers.Count: 0 }) return uri;
        domain.FailMember("registrar", node, Values);
        return null;
    }

    private static ImmutableArray<SipUri> ReadServiceRoute(ObjectReader domain)
    {
        if (domain.Find("serviceRoute") is not { } node) return [];
        var routes = ImmutableArray.CreateBuilder<SipUri>();
        bool isGood = node.TryGetList(out IReadOnlyList<ConfigurationNode> items) && items.Count is > 0 and <= MaxServiceRoute;
        foreach (ConfigurationNode item in items)
        {
            isGood &= item.TryGetText(out string text) & SipUri.TryParse(text, out SipUri? uri) && uri is { IsSip: true, Headers.Count: 0 };
            if (isGood) routes.Add(uri!);
        }

        if (isGood) return routes.ToImmutable();
        domain.FailMember("serviceRoute", node, $"a list of 1 to {MaxServiceRoute} SIP URIs such as \"sip:proxy.example.com;lr\"");
        return [];
    }

    private static bool TryReadName(ConfigurationNode written, out string name, ref string? reason)
    {
        name = "";
        if (written.TryGetText(out string text) && AccountName.TryCheckDomain(text, out name, out string _)) return true;
        reason = $"has {written}, which is no host name or IP address";
        return false;
    }

    private static DomainRules ReadRules(ObjectReader domain, string name)
    {
        UserRules ofAll = ReadUserRules(domain, name, "the domain", new UserRules());
        var users = new Dictionary<string, UserRules>(StringComparer.Ordinal);
        foreach (ConfigurationMember member in domain.Members("users"))
        {
            string what = $"user \"{ConfigurationNode.Shown(member.Name)}\"";
            var reader = new ObjectReader(member.Value, what);
            Add(domain, users, member, what, ReadUserRules(reader, name, what, ofAll), reader);
        }

        var groups = new Dictionary<string, RingGroup>(StringComparer.Ordinal);
        foreach (ConfigurationMember member in domain.Members("groups"))
        {
            string what = $"group \"{ConfigurationNode.Shown(member.Name)}\"";
            var reader = new ObjectReader(member.Value, what);
            Add(domain, groups, member, what, ReadGroup(reader, member.Value, name, what), reader);
        }

        var shortCodes = new Dictionary<string, CallTarget>(StringComparer.Ordinal);
        foreach (ConfigurationMember member in domain.Members("shortCodes"))
        {
            string what = $"short code \"{ConfigurationNode.Shown(member.Name)}\"";
            CallTarget? target = member.Value.TryGetText(out string text) ? CallTarget.Read(text, name) : null;
            if (target is null) domain.Fail($"{what} is {member.Value}", member.Origin, TargetValues);
            else if (!shortCodes.TryAdd(member.Name, target)) domain.Fail($"{what} is there twice", member.Origin, "once");
        }

        RefuseGroupsInGroups(domain, groups, name);
        return new DomainRules(ofAll, users, groups, shortCodes);
    }

    private static void Add<T>(ObjectReader domain, Dictionary<string, T> all, ConfigurationMember member, string what, T value, ObjectReader reader)
    {
        string? reason = null;
        if (!reader.IsGood(ref reason)) domain.Fail(reader);
        else if (!all.TryAdd(member.Name, value)) domain.Fail($"{what} is there twice", member.Origin, "once");
    }

    /// <summary>The rules of a user, or of all of a domain. What is not set is as it is for all.</summary>
    private static UserRules ReadUserRules(ObjectReader reader, string domain, string what, UserRules ofAll)
    {
        ForwardingRules forward = ofAll.Forward;
        if (reader.Find("forward") is { } node)
        {
            var nested = new ObjectReader(node, $"\"forward\" of {what}");
            forward = new ForwardingRules
            {
                Always = ReadTarget(nested, "always", domain) ?? forward.Always,
                Busy = ReadTarget(nested, "busy", domain) ?? forward.Busy,
                NoAnswer = ReadTarget(nested, "noAnswer", domain) ?? forward.NoAnswer,
                Offline = ReadTarget(nested, "offline", domain) ?? forward.Offline,
                Declined = ReadTarget(nested, "declined", domain) ?? forward.Declined,
                After = nested.Seconds("after", 1, LongestRingingSeconds, forward.After),
            };
            string? reason = null;
            if (!nested.IsGood(ref reason)) reader.Fail(nested);
        }

        return new UserRules
        {
            Forward = forward,
            DoNotDisturb = reader.Boolean("doNotDisturb", ofAll.DoNotDisturb),
            MaxCalls = reader.Integer("maxCalls", 0, MaxCallsLimit, ofAll.MaxCalls),
        };
    }

    private static RingGroup ReadGroup(ObjectReader reader, ConfigurationNode node, string domain, string what)
    {
        var members = new List<CallTarget>();
        ConfigurationNode? list = reader.Find("members");
        if (list is null || list.Kind != NodeKind.List || list.Items.Count == 0) reader.Fail($"{what} has no members", (list ?? node).Origin, $"\"members\" with {TargetValues}, once or more");
        foreach (ConfigurationNode item in list?.Items ?? [])
        {
            CallTarget? member = item.TryGetText(out string text) ? CallTarget.Read(text, domain) : null;
            if (member is null) reader.Fail($"{what} has the member {item}", item.Origin, TargetValues);
            else members.Add(member);
        }

        return new RingGroup
        {
            Members = [.. members],
            Order = reader.Word("ring", RingOrder.All, ("all", RingOrder.All), ("inTurn", RingOrder.InTurn), ("roundRobin", RingOrder.RoundRobin)),
            After = reader.Seconds("after", 1, LongestRingingSeconds, ForwardingRules.DefaultAfter),
            Otherwise = ReadTarget(reader, "otherwise", domain),
        };
    }

    private static CallTarget? ReadTarget(ObjectReader reader, string name, string domain)
    {
        if (reader.Find(name) is not { } value) return null;
        CallTarget? target = value.TryGetText(out string text) ? CallTarget.Read(text, domain) : null;
        if (target is null) reader.FailMember(name, value, TargetValues);
        return target;
    }

    private static void RefuseGroupsInGroups(ObjectReader domain, Dictionary<string, RingGroup> groups, string name)
    {
        foreach ((string group, RingGroup options) in groups)
        {
            CallTarget? nested = options.Members.FirstOrDefault(member => member.Uri.Host.Equals(name, StringComparison.OrdinalIgnoreCase) && groups.ContainsKey(member.Uri.User!));
            if (nested is not null) domain.Fail($"group \"{group}\" has the group \"{nested.Uri.User}\" as a member", domain.Find("groups")!.Origin, "users and URIs; \"otherwise\" may name a group");
        }
    }
}
