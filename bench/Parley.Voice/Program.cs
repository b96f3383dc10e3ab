using System.CommandLine;
using Parley.Voice;

var root = new RootCommand("Measures calls: how speech sounds that came over a bad network, in virtual time, and what many calls cost.");
root.Add(SweepCommand.Create(Console.Out, Console.Error));
root.Add(BoundCommand.Create(Console.Out, Console.Error));
root.Add(ScoreCommand.Create(Console.Out, Console.Error));
foreach (Command command in EchoCommand.Create(Console.Out, Console.Error)) root.Add(command);
return await root.Parse(args).InvokeAsync();
