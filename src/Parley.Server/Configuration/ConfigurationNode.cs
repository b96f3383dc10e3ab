using System.Globalization;

namespace Parley.Server.Configuration;

/// <summary>A value with the place that it was written at.</summary>
/// <remarks>Values of a file have the types of JSON. Those of the environment and the command line are texts, and are read as what the key wants.</remarks>
internal sealed class ConfigurationNode
{
    private static readonly char[] Separators = [' ', ',', '\t', '\r', '\n'];

    private ConfigurationNode(NodeKind kind, string text, string origin, bool isTyped, IReadOnlyList<ConfigurationNode> items, IReadOnlyList<ConfigurationMember> members) =>
        (Kind, Text, Origin, IsTyped, Items, Members) = (kind, text, origin, isTyped, items, members);

    /// <summary>What it is.</summary>
    public NodeKind Kind { get; }

    /// <summary>A text's content, a number's digits, <c>true</c> or <c>false</c>; empty for the rest.</summary>
    public string Text { get; }

    /// <summary>Where it was written: <c>parley.json line 7</c>.</summary>
    public string Origin { get; }

    /// <summary>The values of a list.</summary>
    public IReadOnlyList<ConfigurationNode> Items { get; }

    /// <summary>The members of an object, in their order.</summary>
    public IReadOnlyList<ConfigurationMember> Members { get; }

    /// <summary>True when the source tells texts from numbers.</summary>
    private bool IsTyped { get; }

    /// <summary>A text, number or boolean of a file.</summary>
    public static ConfigurationNode Scalar(NodeKind kind, string text, string origin) => new(kind, text, origin, true, [], []);

    /// <summary>A list.</summary>
    public static ConfigurationNode List(IReadOnlyList<ConfigurationNode> items, string origin) => new(NodeKind.List, "", origin, true, items, []);

    /// <summary>An object.</summary>
    public static ConfigurationNode Object(IReadOnlyList<ConfigurationMember> members, string origin) => new(NodeKind.Object, "", origin, true, [], members);

    /// <summary>A text of the environment or the command line.</summary>
    public static ConfigurationNode Untyped(string text, string origin) => new(NodeKind.Text, text, origin, false, [], []);

    /// <summary>Reads it as a text that is not empty.</summary>
    public bool TryGetText(out string text)
    {
        text = Kind == NodeKind.Text ? Text.Trim() : "";
        return text.Length > 0;
    }

    /// <summary>Reads it as a whole number within limits.</summary>
    public bool TryGetInteger(int min, int max, out int value)
    {
        value = 0;
        bool isNumber = Kind == NodeKind.Number || (Kind == NodeKind.Text && !IsTyped);
        return isNumber && int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
    }

    /// <summary>Reads it as whole seconds within limits.</summary>
    public bool TryGetSeconds(int min, int max, out TimeSpan value)
    {
        bool isRead = TryGetInteger(min, max, out int seconds);
        value = TimeSpan.FromSeconds(seconds);
        return isRead;
    }

    /// <summary>Reads it as true or false.</summary>
    public bool TryGetBoolean(out bool value)
    {
        value = false;
        return (Kind == NodeKind.Boolean || (Kind == NodeKind.Text && !IsTyped)) && bool.TryParse(Text, out value);
    }

    /// <summary>Reads it as a list: an untyped text is cut at blanks and commas.</summary>
    public bool TryGetList(out IReadOnlyList<ConfigurationNode> items)
    {
        items = Items;
        if (Kind != NodeKind.Text || IsTyped) return Kind == NodeKind.List;
        items = [.. Text.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Select(item => Untyped(item, Origin))];
        return true;
    }

    /// <summary>The value as messages show it.</summary>
    public override string ToString() => Kind switch
    {
        NodeKind.Text => $"\"{Shown(Text)}\"",
        NodeKind.List when Items.Count == 0 => "an empty list",
        NodeKind.List => "a list",
        NodeKind.Object => "an object",
        _ => Text,
    };

    /// <summary>The whole value, by which two are compared.</summary>
    public string ToJson() => Kind switch
    {
        NodeKind.Text => $"\"{Text}\"",
        NodeKind.List => $"[{string.Join(',', Items.Select(item => item.ToJson()))}]",
        NodeKind.Object => $"{{{string.Join(',', Members.Select(member => $"\"{member.Name}\":{member.Value.ToJson()}"))}}}",
        _ => Text,
    };

    /// <summary>A text of any content as one line of bearable length.</summary>
    internal static string Shown(string text)
    {
        string printable = string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
        return printable.Length <= 80 ? printable : printable[..77] + "...";
    }
}

/// <summary>A member of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Origin">Where the name was written.</param>
internal sealed record ConfigurationMember(string Name, ConfigurationNode Value, string Origin);

/// <summary>What a value is.</summary>
internal enum NodeKind
{
    Text,
    Number,
    Boolean,
    Null,
    List,
    Object,
}
