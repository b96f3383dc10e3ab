using Parley.Commands;

namespace Parley.Tests.Commands;

/// <summary>Call records as a file for spreadsheets.</summary>
public sealed class CallsCommandTests
{
    [Theory]
    [InlineData("sip:bob@example.com", "sip:bob@example.com")]
    [InlineData("", "")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hello\"", "\"say \"\"hello\"\"\"")]
    [InlineData("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"")]
    [InlineData("+1", "'+1")]
    [InlineData("@x", "'@x")]
    [InlineData("-1", "'-1")]
    public void A_field_stays_a_field_and_is_no_formula(string field, string written) => Assert.Equal(written, CallsCommand.Csv(field));
}
