namespace Parley.Server.Configuration;

/// <summary>Reads an object of the configuration member by member, and says what is wrong with it and where.</summary>
/// <remarks>Every member must be asked for before <see cref="IsGood"/>, which refuses those that nobody asked for.</remarks>
internal sealed class ObjectReader
{
    private readonly ConfigurationNode _node;
    private readonly string _what;
    private readonly List<string> _known = [];

    /// <summary>Reads an object.</summary>
    /// <param name="node">The object.</param>
    /// <param name="what">What it is, for messages: <c>user "alice"</c>.</param>
    public ObjectReader(ConfigurationNode node, string what)
    {
        (_node, _what) = (node, what);
        if (node.Kind != NodeKind.Object) Fail($"{what} is {node}", node.Origin, "an object");
    }

    /// <summary>What is wrong; null while nothing is.</summary>
    public string? Reason { get; private set; }

    /// <summary>The objects that are members of a member, each with its name.</summary>
    public IEnumerable<ConfigurationMember> Members(string name)
    {
        if (Find(name) is not { } value) return [];
        if (value.Kind == NodeKind.Object) return value.Members;
        FailMember(name, value, "an object");
        return [];
    }

    /// <summary>A member of any kind; null when it is absent.</summary>
    public ConfigurationNode? Find(string name)
    {
        _known.Add(name);
        ConfigurationNode? found = null;
        foreach (ConfigurationMember member in _node.Members)
        {
            if (member.Name != name) continue;
            if (found is not null) Fail($"\"{name}\" of {_what} is there twice", member.Origin, "once");
            found = member.Value;
        }

        return found;
    }

    /// <summary>A whole number.</summary>
    public int Integer(string name, int min, int max, int absent)
    {
        if (Find(name) is not { } value) return absent;
        if (value.TryGetInteger(min, max, out int number)) return number;
        FailMember(name, value, $"{min} to {max}");
        return absent;
    }

    /// <summary>Whole seconds.</summary>
    public TimeSpan Seconds(string name, int min, int max, TimeSpan absent) => TimeSpan.FromSeconds(Integer(name, min, max, (int)absent.TotalSeconds));

    /// <summary>True or false.</summary>
    public bool Boolean(string name, bool absent)
    {
        if (Find(name) is not { } value) return absent;
        if (value.TryGetBoolean(out bool isSet)) return isSet;
        FailMember(name, value, "true or false");
        return absent;
    }

    /// <summary>One of some words.</summary>
    public T Word<T>(string name, T absent, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (Find(name) is not { } value) return absent;
        var allowed = new List<string>();
        foreach ((string word, T meant) in words)
        {
            if (value.Kind == NodeKind.Text && value.Text == word) return meant;
            allowed.Add($"\"{word}\"");
        }

        FailMember(name, value, string.Join(", ", allowed));
        return absent;
    }

    /// <summary>True when nothing is wrong.</summary>
    /// <param name="reason">What is wrong; null when nothing is.</param>
    public bool IsGood(ref string? reason)
    {
        foreach (ConfigurationMember member in _node.Members)
        {
            if (_known.Contains(member.Name)) continue;
            string meant = Spelling.Nearest(member.Name, _known) is { } near ? $"; did you mean \"{near}\"?" : "";
            Fail($"{_what} has an unknown key \"{ConfigurationNode.Shown(member.Name)}\"", member.Origin, string.Join(", ", _known), meant);
        }

        reason ??= Reason;
        return Reason is null;
    }

    /// <summary>Says what is wrong with a member.</summary>
    public void FailMember(string name, ConfigurationNode value, string allowed) => Fail($"\"{name}\" of {_what} is {value}", value.Origin, allowed);

    /// <summary>Says what is wrong with an object in this one.</summary>
    public void Fail(ObjectReader nested) => Reason ??= nested.Reason;

    /// <summary>Says what is wrong; the first word stays.</summary>
    public void Fail(string wrong, string origin, string allowed, string hint = "") => Reason ??= $"cannot be used: {wrong} ({origin}){hint}; allowed: {allowed}";
}
