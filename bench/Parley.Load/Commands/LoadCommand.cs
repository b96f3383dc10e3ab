using System.CommandLine;

namespace Parley.Load.Commands;

/// <summary>A command with a line for the list of commands, and more for its own help.</summary>
internal sealed class LoadCommand : Command
{
    private readonly string _details;

    public LoadCommand(string name, string summary, string details)
        : base(name, summary)
    {
        _details = details;
    }

    /// <summary>Its own help is asked for, or it is run.</summary>
    public void TellAll() => Description = $"{Description}\n\n{_details}";
}
