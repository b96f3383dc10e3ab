using System.CommandLine;
using System.CommandLine.Parsing;

namespace Parley.Load.Commands;

/// <summary>An option with values that have commas between them.</summary>
internal sealed class ListOption<T> : Option<T[]?>
{
    private readonly T[] _byDefault;

    /// <summary>An option.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it says, with what it is when it is absent.</param>
    /// <param name="parser">Reads the values, or refuses them.</param>
    /// <param name="byDefault">The values when it is absent.</param>
    public ListOption(string name, string description, Func<ArgumentResult, T[]?> parser, T[] byDefault)
        : base(name)
    {
        _byDefault = byDefault;
        Description = description;
        CustomParser = parser;
    }

    /// <summary>Its values.</summary>
    public T[] Of(ParseResult parse) => parse.GetResult(this) is null ? _byDefault : parse.GetValue(this)!;
}
