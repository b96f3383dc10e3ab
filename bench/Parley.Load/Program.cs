using Parley.Load.Commands;

return await LoadCommandLine.RunAsync(args, Console.Out, Console.Error);
