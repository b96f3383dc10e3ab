using System.Text.RegularExpressions;
using Parley.Phone.Terminal;

namespace Parley.Tests.Phone;

/// <summary>Cells, and the few bytes that turn one screen into the next.</summary>
public sealed partial class ScreenWriterTests
{
    private static readonly TerminalAbilities All = new(HasColors: true, IsUtf8: true);

    private static CellGrid Grid(params string[] rows)
    {
        var grid = new CellGrid(10, 3);
        for (int row = 0; row < rows.Length; row++) grid.Write(0, row, rows[row]);
        return grid;
    }

    [Fact]
    public void A_wide_character_takes_two_cells_and_is_not_cut_in_half()
    {
        var grid = new CellGrid(5, 1);
        Assert.Equal(4, grid.Write(0, 0, "日本語"));
        Assert.Equal(["日本"], grid.ToLines());
        grid.Write(1, 0, "x");
        Assert.Equal([" x本"], grid.ToLines());
        grid.Write(2, 0, "y");
        Assert.Equal([" xy"], grid.ToLines());
    }

    [Fact]
    public void Marks_stand_on_their_character_and_a_heap_of_them_ends()
    {
        var grid = new CellGrid(5, 1);
        grid.Write(0, 0, "\u0301e\u0301x" + new string('\u0301', 100));
        Assert.Equal("e\u0301", grid[0, 0].Text);
        Assert.Equal(5, grid[1, 0].Text.Length);
    }

    [Fact]
    public void Only_what_changed_is_written()
    {
        var writer = new ScreenWriter(All);
        Assert.Equal("\e[0m\e[2J\e[1;1Hab\e[2;1Hcd\e[?25l", writer.Write(Grid("ab", "cd")));
        Assert.Equal("", writer.Write(Grid("ab", "cd")));
        Assert.Equal("\e[2;2HX", writer.Write(Grid("ab", "cX")));
        writer.Forget();
        Assert.Equal("\e[0m\e[2J\e[1;1Hab\e[?25l", writer.Write(Grid("ab")));
    }

    [Fact]
    public void Behind_a_character_that_terminals_may_measure_otherwise_the_cursor_is_set()
    {
        var writer = new ScreenWriter(All);
        Assert.Equal("\e[0m\e[2J\e[1;1H日\e[1;3Hx\e[?25l", writer.Write(Grid("日x")));
    }

    [Fact]
    public void A_style_is_set_once_and_taken_back()
    {
        var grid = new CellGrid(10, 1) { Cursor = (3, 0) };
        grid.Write(0, 0, "ab", CellStyle.Bold | CellStyle.Red);
        Assert.Equal("\e[0m\e[2J\e[1;1H\e[0;1;31mab\e[0m\e[1;4H\e[?25h", new ScreenWriter(All).Write(grid));
        Assert.Equal("\e[0m\e[2J\e[1;1H\e[0;1mab\e[0m\e[1;4H\e[?25h", new ScreenWriter(All with { HasColors = false }).Write(grid));
    }

    [Fact]
    public void A_terminal_without_UTF_8_gets_ASCII()
    {
        string written = new ScreenWriter(All with { IsUtf8 = false }).Write(Grid("ë日─…"));
        Assert.Equal("\e[0m\e[2J\e[1;1H?\e[1;2H??\e[1;4H-\e[1;5H.\e[?25l", written);
    }

    [Theory]
    [InlineData("xterm-256color", "", "C.UTF-8", true, true)]
    [InlineData("xterm", "1", "de_DE.utf8", false, true)]
    [InlineData("vt220", "", "C", false, false)]
    public void Its_environment_says_what_a_terminal_can_do(string term, string noColor, string lang, bool hasColors, bool isUtf8)
    {
        var variables = new Dictionary<string, string> { ["TERM"] = term, ["NO_COLOR"] = noColor, ["LANG"] = lang };
        Assert.Equal(new TerminalAbilities(hasColors, isUtf8), TerminalAbilities.Of(name => variables.GetValueOrDefault(name)));
    }

    [Fact]
    public void Whatever_is_written_into_cells_the_terminal_gets_no_control_character_of_it()
    {
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            var grid = new CellGrid(20, 2);
            string text = string.Concat(Enumerable.Range(0, 30).Select(_ => (char)random.Next(random.Next(4) == 0 ? 0x10000 : 0x300)));
            grid.Write(random.Next(20), random.Next(2), text);
            string written = new ScreenWriter(All).Write(grid);
            Assert.DoesNotContain(Sequence().Replace(written, ""), char.IsControl);
        }
    }

    [GeneratedRegex("\e\\[[0-9;?]*[mHJhl]")]
    private static partial Regex Sequence();
}
