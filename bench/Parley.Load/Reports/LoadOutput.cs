namespace Parley.Load.Reports;

/// <summary>What a command says: figures on standard output, and how far it is on standard error.</summary>
internal sealed class LoadOutput(bool isJson, TextWriter standardOutput, TextWriter standardError)
{
    /// <summary>True when a program reads.</summary>
    public bool IsJson => isJson;

    /// <summary>Writes figures: a line, or with <c>--json</c> an object.</summary>
    public void Write(Figures figures)
    {
        standardOutput.WriteLine(isJson ? figures.ToJson() : figures.ToString());
        standardOutput.Flush();
    }

    /// <summary>Writes what only people want; nothing with <c>--json</c>.</summary>
    public void Say(string words)
    {
        if (isJson) return;
        standardOutput.WriteLine(words);
        standardOutput.Flush();
    }

    /// <summary>Says how far the command is, or what is to be kept in mind.</summary>
    public void Note(string words)
    {
        standardError.WriteLine(words);
        standardError.Flush();
    }
}
