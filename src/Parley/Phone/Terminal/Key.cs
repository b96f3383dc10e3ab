using System.Text;

namespace Parley.Phone.Terminal;

/// <summary>A key that is no character.</summary>
internal enum KeyName
{
    Character,
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,

    /// <summary>Ctrl-C: the wish to end.</summary>
    Interrupt,

    /// <summary>Ctrl-L: the wish to see everything drawn anew.</summary>
    Redraw,

    /// <summary>Ctrl-U: the wish to begin the line anew.</summary>
    Clear,
}

/// <summary>A key press.</summary>
/// <param name="Name">Which.</param>
/// <param name="Character">The character, where it is one.</param>
/// <param name="IsPasted">True when it was pasted, and nobody pressed it: it is text and no command.</param>
internal readonly record struct Key(KeyName Name, Rune Character = default, bool IsPasted = false)
{
    /// <summary>A character's key.</summary>
    public static Key Of(char character) => new(KeyName.Character, new Rune(character));

    /// <summary>True for the key of a character.</summary>
    public bool Is(char character) => Name == KeyName.Character && Character.Value == character && !IsPasted;
}
