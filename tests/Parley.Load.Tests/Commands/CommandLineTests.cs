using Parley.Load.Commands;

namespace Parley.Load.Tests.Commands;

public sealed class CommandLineTests
{
    internal static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await LoadCommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Theory]
    [InlineData("sip")]
    [InlineData("run")]
    [InlineData("memory")]
    [InlineData("scale")]
    [InlineData("flat")]
    [InlineData("overload")]
    public async Task Every_command_tells_all_and_is_in_the_list(string command)
    {
        (int code, string list, string error) = await RunAsync("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains($"\n  {command} ", list, StringComparison.Ordinal);

        (code, string help, error) = await RunAsync(command, "--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains($"parley-load {command} --", help, StringComparison.Ordinal);    // an example
        Assert.Contains("--json", help, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--work", "sip", "--to", "127.0.0.1:5060")]
    [InlineData("--to", "sip", "--work", "call")]
    [InlineData("--to: '192.0.2.1:5060'", "sip", "--to", "192.0.2.1:5060", "--work", "call")]
    [InlineData("--to: 'localhost'", "sip", "--to", "localhost", "--work", "call")]
    [InlineData("--work: 'talk'", "sip", "--to", "127.0.0.1:5060", "--work", "talk")]
    [InlineData("--count: '0'", "sip", "--to", "127.0.0.1:5060", "--work", "call", "--count", "0")]
    [InlineData("--window: '16385'", "sip", "--to", "127.0.0.1:5060", "--work", "call", "--window", "16385")]
    [InlineData("--rate: 'fast'", "sip", "--to", "127.0.0.1:5060", "--work", "call", "--rate", "fast")]
    [InlineData("--domain: 'a b'", "sip", "--to", "127.0.0.1:5060", "--work", "call", "--domain", "a b")]
    [InlineData("--work: 'register,talk'", "run", "--work", "register,talk")]
    [InlineData("--against: 'asterisk'", "run", "--against", "asterisk")]
    [InlineData("--registrations: '1,x'", "memory", "--registrations", "1,x")]
    [InlineData("--lanes: '0'", "scale", "--lanes", "0")]
    [InlineData("'--fast'", "flat", "--fast")]
    [InlineData("--times: '3,0'", "overload", "--work", "call", "--times", "3,0")]
    [InlineData("--share: '5'", "overload", "--work", "call", "--share", "5")]
    [InlineData("--rounds: '0'", "overload", "--work", "call", "--rounds", "0")]
    [InlineData("--ports: '257'", "overload", "--work", "call", "--ports", "257")]
    public async Task A_mistake_is_one_line_that_names_it(string named, params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);

        Assert.Equal((2, ""), (code, output));
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.StartsWith("parley-load: ", error, StringComparison.Ordinal);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.EndsWith($"; see parley-load {args[0]} --help", error.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        (int code, string output, string error) = await RunAsync("run", "--parley", "/nowhere/parley");

        Assert.Equal((1, ""), (code, output));
        Assert.Equal("parley-load: there is no /nowhere/parley; build it (dotnet build -c Release) or name it with --parley", error.TrimEnd());
    }

    [Fact]
    public async Task A_process_that_is_not_there_is_named()
    {
        (int code, _, string error) = await RunAsync("sip", "--to", "127.0.0.1:9", "--work", "options", "--server-pid", "2147483647", "--local-port", "0");

        Assert.Equal((1, "parley-load: there is no process 2147483647"), (code, error.TrimEnd()));
    }
}
