using Parley.Output;
using Parley.Phone.Terminal;

namespace Parley.Tests.Phone;

/// <summary>How many columns a text takes, and that nothing that a terminal would obey gets through.</summary>
public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("Bob", 3)]
    [InlineData("Zoë", 3)]
    [InlineData("Zoe\u0308", 3)]                        // a combining mark takes no column
    [InlineData("日本", 4)]
    [InlineData("한국", 4)]
    [InlineData("\u1112\u1161\u11AB", 2)]               // one syllable of three letters
    [InlineData("ｗｉｄｅ", 8)]
    [InlineData("📞 ok", 5)]
    [InlineData("👍\U0001F3FD", 2)]                      // the colour of the skin is left out
    [InlineData("👩\u200D💻", 4)]                        // so is what joins two: terminals disagree about it
    [InlineData("\u260E\uFE0F", 1)]
    [InlineData("a\tb", 3)]
    public void Columns_are_counted_as_terminals_do(string text, int columns) => Assert.Equal(columns, TerminalText.WidthOf(text));

    [Theory]
    [InlineData("\e[2J", "\uFFFD[2J")]
    [InlineData("\u009B2J", "\uFFFD2J")]                // the same in one character
    [InlineData("a\rb\nc", "a\uFFFDb\uFFFDc")]
    [InlineData("\u202Egpj.exe", "\uFFFDgpj.exe")]      // what turns the line around
    [InlineData("a\u2028b", "a\uFFFDb")]
    [InlineData("\uE000", "\uFFFD")]
    [InlineData("\u0007bell\u007F", "\uFFFDbell\uFFFD")]
    public void What_a_terminal_would_obey_is_replaced(string text, string printable) => Assert.Equal(printable, string.Concat(TerminalText.Printable(text)));

    [Theory]
    [InlineData("Alexander", 9, "Alexander")]
    [InlineData("Alexander", 5, "Alex…")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("日本語", 4, "日…")]
    [InlineData("x", 0, "")]
    public void A_text_is_cut_to_columns(string text, int columns, string fitting) => Assert.Equal(fitting, TerminalText.Fit(text, columns));

    [Fact]
    public void A_text_is_wrapped_between_words_and_in_words_that_are_too_long()
    {
        Assert.Equal(["one two", "three", "abcdefghij", "klm"], TerminalText.Wrap("one two three abcdefghijklm", 10));
        Assert.Equal(["a", "", "b"], TerminalText.Wrap("a\n\nb", 10));
        Assert.Equal(["日本語日本", "語"], TerminalText.Wrap("日本語日本語", 10));
    }

    [Fact]
    public void Words_of_a_command_bring_no_control_characters_of_strangers()
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var command = new CommandOutput(isJson: false, output, error);
        command.Say("486 \e]0;title\aBusy\r\nline");
        command.Note("\e[31mred");
        command.Fail("no \u009B1m");
        Assert.Equal($"486 \uFFFD]0;title\uFFFDBusy\nline{Environment.NewLine}", output.ToString());
        Assert.Equal($"\uFFFD[31mred{Environment.NewLine}parley: no \uFFFD1m{Environment.NewLine}", error.ToString());
    }
}
