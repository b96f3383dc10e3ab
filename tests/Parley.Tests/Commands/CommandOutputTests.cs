using Parley.Output;

namespace Parley.Tests.Commands;

/// <summary>The line that rewrites itself.</summary>
public sealed class CommandOutputTests
{
    private const string Erase = "\r\u001b[K";

    [Fact]
    public void A_live_line_takes_the_place_of_the_last_and_makes_room_for_words()
    {
        var (output, terminal, errors) = Create(isTerminal: true);
        output.Live("one");
        output.Live(new string('x', 200));
        output.Say("words");
        output.Say("more");
        output.Live("two");
        output.Note("a note");

        Assert.Equal($"{Erase}one{Erase}{new string('x', 79)}{Erase}words{Environment.NewLine}more{Environment.NewLine}{Erase}two{Erase}", terminal.ToString());
        Assert.Equal($"a note{Environment.NewLine}", errors.ToString());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Where_no_terminal_is_and_for_programs_there_is_none(bool isTerminal, bool isJson)
    {
        var (output, terminal, errors) = Create(isTerminal, isJson);
        output.Live("one");
        Assert.Equal(("", ""), (terminal.ToString(), errors.ToString()));
    }

    private static (CommandOutput Output, StringWriter Terminal, StringWriter Errors) Create(bool isTerminal, bool isJson = false)
    {
        StringWriter terminal = new(), errors = new();
        return (new CommandOutput(isJson, terminal, errors, isTerminal), terminal, errors);
    }
}
