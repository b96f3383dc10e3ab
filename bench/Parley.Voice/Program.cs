using System.CommandLine;
using Parley.Voice;

var root = new RootCommand("Measures how speech sounds that came over a bad network: calls in virtual time, with the sessions that real calls have.");
root.Add(SweepCommand.Create(Console.Out, Console.Error));
return await root.Parse(args).InvokeAsync();
