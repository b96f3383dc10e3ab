using System.Diagnostics.CodeAnalysis;
using Parley.Core;

namespace Parley.Server.Rules;

/// <summary>What an administrator has set for calls to and from the users of a domain; never changes.</summary>
public sealed class DomainRules
{
    /// <summary>A domain without rules.</summary>
    public static readonly DomainRules None = new(new UserRules(), new Dictionary<string, UserRules>(), new Dictionary<string, RingGroup>(), new Dictionary<string, CallTarget>());

    private readonly UserRules _ofAll;
    private readonly Utf8Map<UserRules> _users;
    private readonly Utf8Map<RingGroup> _groups;
    private readonly Utf8Map<CallTarget> _shortCodes;

    /// <summary>The rules of a domain.</summary>
    /// <param name="ofAll">For users who have none of their own.</param>
    /// <param name="users">Of single users, by user name.</param>
    /// <param name="groups">By the name that is called.</param>
    /// <param name="shortCodes">What short numbers stand for.</param>
    public DomainRules(
        UserRules ofAll,
        IReadOnlyDictionary<string, UserRules> users,
        IReadOnlyDictionary<string, RingGroup> groups,
        IReadOnlyDictionary<string, CallTarget> shortCodes)
    {
        _ofAll = ofAll;
        _users = new Utf8Map<UserRules>(users);
        _groups = new Utf8Map<RingGroup>(groups);
        _shortCodes = new Utf8Map<CallTarget>(shortCodes);
        HasUserRules = users.Count > 0 || ofAll != new UserRules();
        LimitsCalls = ofAll.MaxCalls > 0 || users.Values.Any(user => user.MaxCalls > 0);
        IsEmpty = !HasUserRules && groups.Count == 0 && shortCodes.Count == 0;
    }

    /// <summary>True when nothing is set.</summary>
    public bool IsEmpty { get; }

    /// <summary>True when something is set for some users or for all.</summary>
    internal bool HasUserRules { get; }

    /// <summary>True when somebody may have a number of calls only.</summary>
    internal bool LimitsCalls { get; }

    /// <summary>The rules of a user.</summary>
    /// <param name="user">The name, unescaped.</param>
    public UserRules OfUser(ReadOnlySpan<byte> user) => _users.TryGetValue(user, out UserRules? rules) ? rules : _ofAll;

    /// <summary>Finds a group.</summary>
    public bool TryGetGroup(ReadOnlySpan<byte> name, [NotNullWhen(true)] out RingGroup? group) => _groups.TryGetValue(name, out group);

    /// <summary>Finds what a short number stands for.</summary>
    public bool TryGetShortCode(ReadOnlySpan<byte> code, [NotNullWhen(true)] out CallTarget? target) => _shortCodes.TryGetValue(code, out target);
}
